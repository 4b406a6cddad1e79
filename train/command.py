"""What ``guardrank-train`` does with its options: choose recipe and data, train or cross-fit, report; or pack."""

from __future__ import annotations

import logging
import shutil
import warnings
from dataclasses import fields
from pathlib import Path
from typing import Any

import datasets
import transformers
from rich.console import Console
from rich.table import Table

from guardrank.annotations import parse_mapping
from guardrank.console import say, warn
from guardrank.dimensions import Dimension, parse_dimension
from guardrank.engine.torch_engine import pick_device
from guardrank.errors import UsageError
from guardrank.judge.manifest import judge_hash
from guardrank.train.bases import choose_recipe
from guardrank.train.crossfit import cross_fit
from guardrank.train.data import (
    TrainingData,
    add_seed_rows,
    dimensions_in,
    keep_shipped,
    load_data,
    undecided_dimensions,
)
from guardrank.train.distributed import join_processes, leave_processes
from guardrank.train.judge_folder import judge_metrics, write_judge
from guardrank.train.keep_rows import keep_rows
from guardrank.train.loop import rows_per_update
from guardrank.train.processes import describe_processes, is_main_process, process_count
from guardrank.train.published import default_out, pack_published
from guardrank.train.recipe import Recipe, load_recipe, recipe_names
from guardrank.train.request import Request
from guardrank.train.run import Job, Trained, train_judge
from guardrank.train.splits import Split, split_records
from guardrank.train.work import check_target, open_work_folder

_PACKING = ("from_published", "base", "out")
"""What packing a published judge is told; it asks for no choice of training."""
_OPTIONS = {"dimensions": "--dim", "overrides": "--set", "mapping": "--map", "add_seed": "--no-seed"}
"""Options by field, where the names differ."""


def execute(request: Request) -> None:
    """Train and write a judge, or cross-fit and write verdicts, or pack a published judge."""
    quiet_libraries()
    if request.from_published is not None:
        _pack(request, request.from_published)
        return
    device = pick_device(request.device)
    dimensions = _named_dimensions(request)
    recipe = _recipe(request, dimensions, device)
    data = _data(request, recipe, dimensions or recipe.dimensions)
    dimensions = dimensions or dimensions_in(data.records)
    out = request.out or _default_out(request, dimensions)
    check_target(out, cross_fit=bool(request.cross_fit))
    job = _job(request, recipe, dimensions, device, out)
    open_work_folder(job.work, _settings(request, job, data), resume=request.resume, fresh=request.fresh)
    try:
        join_processes(device)
        if request.cross_fit:
            _cross_fit(job, data, request.cross_fit, out)
        else:
            _train(job, data, out)
    finally:
        leave_processes()


def _pack(request: Request, published: Path) -> None:
    given = [
        _OPTIONS.get(field.name, f"--{field.name.replace('_', '-')}")
        for field in fields(request)
        if field.name not in _PACKING and getattr(request, field.name) != field.default
    ]
    if given:
        raise UsageError(
            f"--from-published trains nothing and takes only --base and -o: leave out {', '.join(given)}"
        )
    if request.base is None:
        raise UsageError("--from-published wants the base too: give its folder or hub id with --base")
    out = request.out or default_out(published)
    check_target(out, cross_fit=False)
    manifest = pack_published(published, request.base, out)
    say(f"Judge {manifest.name}@{judge_hash(out, manifest, 'torch')[:16]} written to {out}: packed, not trained")


def _job(request: Request, recipe: Recipe, dimensions: tuple[Dimension, ...], device: str, out: Path) -> Job:
    return Job(
        dimensions=dimensions,
        recipe=recipe,
        work=out.with_name(f"{out.name}.work"),
        seed=request.seed,
        device=device,
        classes=request.label_count,
        label_field=request.label_field,
        label_values=request.asked.values if request.asked else {},
        resume=request.resume,
    )


def _settings(request: Request, job: Job, data: TrainingData) -> dict[str, Any]:
    """What must be the same for an unfinished run to go on."""
    return {
        "recipe": job.recipe.model_dump(mode="json"),
        "data": data.inputs,
        "seed": job.seed,
        "dimensions": list(job.dimensions),
        "question": request.question,
        "label": request.label_field,
        "classes": request.label_count,
        "cross_fit": request.cross_fit,
        # checkpoints of divided weights, and the places of rows in an order, belong to so many processes
        **({"processes": describe_processes()} if process_count() > 1 else {}),
    }


def _cross_fit(job: Job, data: TrainingData, folds: int, out: Path) -> None:
    count = cross_fit(job, data.records, folds=folds, out=out, name=out.name, say=_say)
    _say(f"{count:,} verdicts written to {out}")


def quiet_libraries() -> None:
    """Their advice is for programmers; what matters to the user is said by us."""
    transformers_log: Any = transformers.logging
    transformers_log.set_verbosity_error()
    datasets.disable_progress_bars()
    logging.getLogger("accelerate").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", module=r"(torch|transformers|peft|accelerate|huggingface_hub)(\..*)?")


def _say(text: str) -> None:
    if is_main_process():
        say(text)


def _named_dimensions(request: Request) -> tuple[Dimension, ...]:
    try:
        dimensions = tuple(parse_dimension(name) for name in request.dimensions)
    except ValueError as error:
        raise UsageError(f"--dim: {error}") from None
    if not dimensions and not request.data and request.recipe != "paper-values":
        raise UsageError(
            "say what to judge with --dim, such as --dim truthfulness, or give annotated rows with --data"
        )
    return tuple(dict.fromkeys(dimensions))


def _recipe(request: Request, dimensions: tuple[Dimension, ...], device: str) -> Recipe:
    overrides = list(request.overrides)
    if request.base:
        overrides.append(f"base={request.base}")
    if request.nominal:
        overrides.append("loss=nominal")
    if request.label_count:
        overrides.append("heads=shared")
    if request.recipe:
        return load_recipe(request.recipe, overrides)
    if request.base:
        home = next((name for name in recipe_names() if load_recipe(name).base == request.base), "embedded")
        return load_recipe(home, overrides)
    recipe, why = choose_recipe(dimensions, device, overrides)
    _say(why)
    return recipe


def _data(request: Request, recipe: Recipe, dimensions: tuple[Dimension, ...]) -> TrainingData:
    data = load_data(
        request.data,
        dimensions,
        mapping=parse_mapping(request.mapping),
        rule=request.rule,
        tasks=request.tasks,
        rejects_to=Path.cwd(),
    )
    if data.rejects.count and is_main_process():
        warn(data.rejects.summary())
    if data.rejects.left_out:
        _say(f"{data.rejects.left_out:,} rows of other dimensions left out")
    if recipe.sources == "shipped" and (left_out := keep_shipped(data)):
        _say(f"{left_out:,} rows of sources that a judge to give away may not learn from left out")
    if request.data and request.label_count is None and request.add_seed:
        thin = undecided_dimensions(data.records, dimensions or dimensions_in(data.records))
        if thin:
            added = add_seed_rows(data, thin)
            names = ", ".join(thin)
            _say(f"The labels for {names} do not tell all scores apart: {added} seed rows added (--no-seed: none)")
    return data


def _default_out(request: Request, dimensions: tuple[Dimension, ...]) -> Path:
    name = "-".join(dimensions) if len(dimensions) < 5 else "all"
    return Path(f"{name}.crossfit.jsonl") if request.cross_fit else Path("judges") / name


def _train(job: Job, data: TrainingData, out: Path) -> None:
    split = split_records(data.records, dev_share=job.recipe.dev_share, seed=job.seed)
    _say(_split_line(split, job))
    trained = train_judge(job, split)
    if trained is None:
        return
    manifest = write_judge(trained, out, trained.train, data.inputs)
    rows = keep_rows(job, split, out)
    shutil.rmtree(job.work)
    _report(trained, out)
    say(f"Judge {manifest.name}@{judge_hash(out, manifest, 'torch')[:16]} written to {out}")
    say(f"Rows for guardrank-export kept in {rows}: they are not part of the judge")


def _split_line(split: Split, job: Job) -> str:
    left = "".join(
        f", {count:,} {what}"
        for count, what in ((split.test_rows, "test rows left alone"), (split.unlabelled, "without a label"))
        if count
    )
    rows = f"Training on {len(split.train):,} rows, choosing on {len(split.dev):,} (divided by prompt){left}"
    line = f"{rows}; device {job.device}"
    if process_count() == 1:
        return line
    return f"{line}; {describe_processes()}, {rows_per_update(job.recipe)} rows an update"


def _report(trained: Trained, out: Path) -> None:
    metrics: dict[str, Any] = judge_metrics(trained)
    table = Table(title=f"{out}: dev rows (they chose the epoch and the thresholds)")
    for heading in ("dimension", "n", "accuracy", "kappa [95 %]"):
        table.add_column(heading, justify="left" if heading == "dimension" else "right")
    for dimension, row in metrics["dev"].items():
        table.add_row(dimension, f"{row['n']:,}", f"{row['accuracy']:.3f}", _shown(row))
    Console().print(table)
    run = metrics["training"]
    say(f"{run['seconds']:.0f} s, {run['rows_per_second']} rows/s, {run['peak_memory_mib']:,} MiB at most")
    for dimension in metrics["constant"]:
        warn(
            f"The head for {dimension} has collapsed: it says the same of every row. "
            "Train again with a lower learning rate (--set learning_rate=1e-4), another --seed or more rows."
        )
    for dimension in metrics["chance"]:
        warn(
            f"On these dev rows the head for {dimension} cannot be told from chance: "
            f"{run['train_rows']:,} rows to train on may be too few for it. Annotate more, or try a larger --base."
        )


def _shown(row: dict[str, Any]) -> str:
    if row["kappa_interval"] is None:
        return "undefined"
    low, high = row["kappa_interval"]
    return f"{row['kappa']:.3f} [{low:.2f}, {high:.2f}]"
