"""What ``guardrank-bench run`` does before there is anything to judge.

tasks ──limit, attacks──> cases ──> RUN/cases.jsonl, manifest.json
cases without a response ──ask_all──> RUN/responses.jsonl ──> Unanswered
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from guardrank.benchmark.case import Case
from guardrank.benchmark.images import ImageFolder, ImageLimits
from guardrank.benchmark.models import Model, ModelOptions, load_model
from guardrank.benchmark.redteam import find_attack
from guardrank.benchmark.redteam.twins import attacked_twins, parse_attack
from guardrank.benchmark.runs import ResponseLog, RunFolder, RunManifest, ask_all
from guardrank.benchmark.tasks import TaskSet, read_tasks
from guardrank.console import say, warn
from guardrank.dimensions import NOISE_CONSISTENCY, PAIR_SUBTASKS
from guardrank.errors import GuardRankError, UsageError
from guardrank.progress import Progress
from guardrank.versions import library_versions

PAIR_ATTACKS = {NOISE_CONSISTENCY: "gaussian-noise"}
SWAPPING = "swap-images"
LIBRARIES = ("guardrank", "torch", "transformers", "pillow", "openai")


@dataclass(frozen=True)
class RunRequest:
    """What the user asked for."""

    model: str
    tasks: str
    output: Path
    options: ModelOptions
    name: str | None = None
    images: Path | None = None
    mapping: Mapping[str, str] = field(default_factory=dict)
    limit: int | None = None
    attacks: tuple[str, ...] = ()
    seed: int = 0
    limits: ImageLimits = field(default_factory=ImageLimits)
    allow_urls: bool = False
    fresh: bool = False
    strict: bool = False


@dataclass(frozen=True)
class Unanswered:
    """Cases that have no response after all, by reason."""

    failures: Counter[str]
    cases: int

    def complain(self, *, strict: bool) -> None:
        """Say what failed.

        Raises:
            GuardRankError: no case was answered, or, with ``strict``, one was not.
        """
        if not self.failures:
            return
        count = self.failures.total()
        reasons = ", ".join(f"{number:,} {reason}" for reason, number in self.failures.most_common())
        if count == self.cases:
            raise GuardRankError(f"no case was answered: {reasons}")
        warn(f"No response to {count:,} of {self.cases:,} cases: {reasons}. The same command asks them again.")
        if strict:
            raise GuardRankError(f"--strict: {count:,} cases have no response")


def start_run(request: RunRequest) -> Unanswered:
    """Begin a run, or go on with it.

    Raises:
        UsageError: the model, the tasks or an attack cannot be had, or another run is in the folder.
        GuardRankError: the model answers nothing more.
    """
    tasks = read_tasks(request.tasks, images=request.images, mapping=request.mapping)
    _tell_of(tasks)
    if not tasks.cases:
        raise UsageError(f"{request.tasks} holds no case that can be asked: guardrank-bench check says why")
    images = ImageFolder(tasks.images, request.limits, request.allow_urls)
    cases = with_hashes(_attacked(_limited(tasks.cases, request.limit), request), images)
    run = RunFolder(request.output)
    model = load_model(request.model, request.options)
    try:
        run.begin(_manifest(request, tasks, model), cases, fresh=request.fresh)
        _ask(run, cases, model, images)
    finally:
        model.close()
    return unanswered(run, cases)


def _ask(run: RunFolder, cases: Sequence[Case], model: Model, images: ImageFolder) -> None:
    answered = {one.id for one in run.responses().values() if one.response is not None}
    todo = [case for case in cases if case.id not in answered]
    say(f"{model.name}: {len(cases):,} cases, {len(answered):,} of them answered before")
    with ResponseLog(run.responses_file) as log:
        outcome = ask_all(todo, model, images, log, done=len(answered))
    if outcome.is_priced:
        say(f"Cost of this start: {outcome.dollars:,.2f} dollars")


def unanswered(run: RunFolder, cases: Sequence[Case]) -> Unanswered:
    """What the run's responses leave open."""
    responses = run.responses()
    errors = (responses[case.id].error if case.id in responses else "not_asked" for case in cases)
    return Unanswered(Counter(error for error in errors if error), len(cases))


def _limited(cases: Sequence[Case], limit: int | None) -> list[Case]:
    """The first ``limit`` cases of each task; a pair counts once and stays whole."""
    if limit is None:
        return list(cases)
    seen: defaultdict[str, dict[str, None]] = defaultdict(dict)
    for case in cases:
        seen[case.task].setdefault(case.pair or case.id)
    kept = {key for keys in seen.values() for key in list(keys)[:limit]}
    return [case for case in cases if (case.pair or case.id) in kept]


def _attacked(cases: Sequence[Case], request: RunRequest) -> list[Case]:
    """Cases and twins: second halves of pair tasks that lack one, then what ``--attack`` asks for."""
    chosen = [parse_attack(text) for text in request.attacks]
    whole = _with_halves(cases, dict(chosen), request.seed)
    made = attacked_twins(whole, chosen, seed=request.seed)
    for name, count in made.unfit.items():
        if count:
            say(f"Attack {name} does not fit {count:,} of {len(whole):,} cases")
    return made.cases


def _with_halves(cases: Sequence[Case], chosen: Mapping[str, float | None], seed: int) -> list[Case]:
    """Noise and position cases that came alone get their second half."""
    every: list[Case] = []
    for case in cases:
        alone = case.subtask in PAIR_SUBTASKS and case.role is None and case.transform is None
        half = PAIR_ATTACKS.get(case.subtask or "", SWAPPING)
        every += attacked_twins([case], [(half, chosen.get(half))], seed=seed).cases if alone else [case]
    return every


def with_hashes(cases: Sequence[Case], folder: ImageFolder) -> list[Case]:
    """The cases with the hashes of their images, so that a changed image is a changed case."""
    names = list(dict.fromkeys(name for case in cases for name in case.images))
    known: dict[str, str | None] = {}
    with Progress(len(names), "images", title="hashing") as progress:
        for name in names:
            known[name] = folder.sha256(name)
            progress.advance()
    return [case.model_copy(update={"image_sha256": tuple(known[name] for name in case.images)}) for case in cases]


def _manifest(request: RunRequest, tasks: TaskSet, model: Model) -> RunManifest:
    named = dict(map(parse_attack, request.attacks))
    attacks = {name: find_attack(name).strength if given is None else given for name, given in named.items()}
    return RunManifest(
        model=request.name or model.name,
        spec=_portable(request.model),
        facts=dict(model.facts()),
        tasks=tasks.source,
        images=str(tasks.images.resolve()),
        allow_urls=request.allow_urls,
        attacks=attacks,
        seed=request.seed,
        versions=library_versions(LIBRARIES),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def _portable(spec: str) -> str:
    """``hf:/home/me/models/llava`` -> ``hf:llava``: where a folder lay on one machine says nothing."""
    kind, _, rest = spec.partition(":")
    return f"{kind}:{Path(rest).resolve().name}" if rest and Path(rest).is_dir() else spec


def _tell_of(tasks: TaskSet) -> None:
    serious = Counter(problem.kind for problem in tasks.problems if not problem.is_note)
    if serious:
        kinds = ", ".join(f"{count:,} {kind}" for kind, count in serious.most_common())
        warn(f"{tasks.source}: {kinds}; guardrank-bench check lists them")
