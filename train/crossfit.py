"""Cross-fitting: train on all folds but one, judge the one left, so that every annotated row gets a verdict
from a judge that has not seen its prompt. Each fold's verdicts are kept as it ends, so ``--resume`` skips it.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson

from guardrank.annotations import cluster_of
from guardrank.errors import TrainingError
from guardrank.judge import load_judge
from guardrank.records import Record, Verdict, dump_line, verdict_line
from guardrank.train.cross_thresholds import decide_across_folds
from guardrank.train.judge_folder import write_judge
from guardrank.train.processes import is_main_process
from guardrank.train.run import Job, train_judge
from guardrank.train.splits import Split, assign_folds, hold_out


def cross_fit(
    job: Job, records: Sequence[Record], *, folds: int, out: Path, name: str, say: Callable[[str], None]
) -> int:
    """Write one verdict for each labelled record to ``out``, in order, and return how many.

    Early stopping and calibration use dev rows taken from inside the training folds; the thresholds come from
    the other folds' verdicts (``cross_thresholds``).

    Raises:
        TrainingError: fewer prompts than folds, or a prompt in two folds.
    """
    labelled = [record for record in records if record.human is not None]
    places = fold_places(labelled, folds, job.seed)
    for fold in range(folds):
        done = job.work / f"fold-{fold}.jsonl"
        if done.exists():
            say(f"fold {fold + 1} of {folds}: done before")
            continue
        say(f"fold {fold + 1} of {folds}")
        _one_fold(job, labelled, places, fold, done, f"{name}-fold{fold}")
    if is_main_process():
        _join(job, labelled, places, out)
        shutil.rmtree(job.work)
    return len(labelled)


def fold_places(records: Sequence[Record], folds: int, seed: int) -> list[int]:
    """Each record's fold: its own where all have one below ``folds``, else assigned by prompt."""
    own = [record.fold for record in records]
    if all(fold is not None and 0 <= fold < folds for fold in own) and len(set(own)) == folds:
        places = [fold for fold in own if fold is not None]
    else:
        places = assign_folds(records, count=folds, seed=seed)
    home: dict[str, int] = {}
    for record, place in zip(records, places, strict=True):
        if home.setdefault(cluster_of(record), place) != place:
            raise TrainingError(f"the fold column puts one prompt into two folds (record {record.id}): drop it")
    return places


def _one_fold(job: Job, records: Sequence[Record], places: Sequence[int], fold: int, done: Path, name: str) -> None:
    work = job.work / f"fold-{fold}"
    rest = [record for record, place in zip(records, places, strict=True) if place != fold]
    held = [record for record, place in zip(records, places, strict=True) if place == fold]
    train, dev = hold_out(rest, dev_share=job.recipe.dev_share, seed=job.seed)
    split = Split(train=train, dev=dev)
    trained = train_judge(replace(job, work=work), split)
    if trained is None:
        return
    folder = work / name
    write_judge(trained, folder, trained.train, [])
    judge = load_judge(folder, device=job.device, base=job.recipe.base)
    draft = done.with_suffix(".part")
    with draft.open("wb") as stream:
        for record, verdict in zip(held, judge.score(held), strict=True):
            stream.write(dump_line(_line(record, verdict, fold)))
    draft.rename(done)
    shutil.rmtree(work)


def _line(record: Record, verdict: Verdict, fold: int) -> dict[str, Any]:
    return verdict_line(record, verdict) | {"fold": fold, "human": record.human}


def _join(job: Job, records: Sequence[Record], places: Sequence[int], out: Path) -> None:
    """The folds' verdicts in the records' order, their scores decided across folds."""
    streams = {
        fold: iter((job.work / f"fold-{fold}.jsonl").read_bytes().splitlines()) for fold in sorted(set(places))
    }
    lines = [orjson.loads(next(streams[place])) for place in places]
    for line, record, place in zip(lines, records, places, strict=True):
        if line["id"] != record.id:
            raise TrainingError(f"the verdicts of fold {place} are not those of this data: use --fresh")
    labels = [record.human for record in records if record.human is not None]
    groups = [record.dimension if job.classes is None else None for record in records]
    out.parent.mkdir(parents=True, exist_ok=True)
    with out.open("wb") as stream:
        stream.writelines(dump_line(line) for line in decide_across_folds(lines, labels, places, groups))
