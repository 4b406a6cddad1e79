"""A scoring run on Ray: workers score, this process keeps the order, the files and the tables.

    workers: pieces of the inputs ──> verdicts ──in order──┐
    here:    the same inputs ──> records ──────────────────┴──> (record, verdict), as the plain engine gives them

Both read the inputs by themselves, so that no text has to travel back. RAY_ADDRESS names a cluster; without it Ray
is started on this machine for this run alone.
"""

from __future__ import annotations

import logging
import os
import secrets
import sys
import warnings
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, contextmanager, redirect_stdout
from dataclasses import replace
from importlib.util import find_spec
from itertools import chain, zip_longest
from pathlib import Path
from typing import Any, cast

from guardrank.annotations.objects import is_uri
from guardrank.console import say
from guardrank.errors import GuardRankError, MissingExtraError
from guardrank.judge import HeadJudge
from guardrank.judge.protocol import windows
from guardrank.records import Record, Verdict
from guardrank.serve.request import ScoringRequest
from guardrank.serve.resume import Judged
from guardrank.serve.scaling.parcel import JudgeParcel, check_travel, pack

TRIES = 3
"""How often a piece is scored again whose worker died: one that kills its workers ends the run."""


def check_ray(judges: Sequence[HeadJudge]) -> None:
    """See, before a file is touched, that the run can be done.

    Raises:
        UsageError: a judge that cannot travel.
        MissingExtraError: Ray is not installed.
    """
    if find_spec("ray") is None:
        raise MissingExtraError("--engine ray", "scale")
    for judge in judges:
        check_travel(judge)


def judged_on_ray(
    request: ScoringRequest, judges: Sequence[HeadJudge], records: Iterator[Record], skip: int, window: int
) -> Iterator[list[Judged]]:
    """The rest of a run's records with their verdicts, a window at a time.

    Args:
        records: those that are not yet judged.
        skip: how many came before them.

    Raises:
        GuardRankError: Ray fails, or the inputs change while they are read.
    """
    if (first := next(records, None)) is None:
        return
    parcels = [pack(judge) for judge in judges]
    with (
        redirect_stdout(sys.stderr),  # Ray tells of a worker's death on stdout, where verdicts or tables go
        _ray(request.workers) as workers,
        _in_one_sentence(),
        closing(_verdicts(request, parcels, skip, workers)) as verdicts,  # closed while Ray still runs
    ):
        yield from windows(_matched(chain([first], records), verdicts), window)


def _matched(records: Iterator[Record], verdicts: Iterator[Verdict]) -> Iterator[Judged]:
    for record, verdict in zip_longest(records, verdicts):
        if record is None or verdict is None or verdict.id != record.id:
            raise GuardRankError("the inputs changed while they were read: score them again")
        yield record, verdict


@contextmanager
def _ray(workers: int | None) -> Iterator[int]:
    """Ray for the time of a run, and how many workers score.

    Without a cluster it is started on this machine alone, behind a token that no file holds.
    """
    is_cluster = "RAY_ADDRESS" in os.environ
    for name, value in ({} if is_cluster else _settings_here()).items():
        os.environ.setdefault(name, value)  # Ray reads them while it is imported
    import ray

    own: dict[str, Any] = (
        {} if is_cluster else {"address": "local", "num_cpus": workers, "include_dashboard": False}
    )
    ray.init(log_to_driver=False, logging_level=logging.ERROR, **own)
    try:
        used = workers or int(cast(Any, ray).cluster_resources().get("CPU", 1))
        say(f"Ray scores with {used} worker{'s' * (used != 1)}")
        yield used
    finally:
        ray.shutdown()


def _settings_here() -> dict[str, str]:
    return {
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN": secrets.token_hex(32),
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_BACKEND_LOG_LEVEL": "fatal",
    }


def _verdicts(
    request: ScoringRequest, parcels: Sequence[JudgeParcel], skip: int, workers: int
) -> Generator[Verdict, None, None]:
    """The verdicts of Ray's workers, in the inputs' order."""
    import ray
    from ray.data import ActorPoolStrategy
    from ray.util.annotations import RayDeprecationWarning

    from guardrank.serve.scaling.pieces import VERDICTS, PieceReader, Pieces, Scorer

    _settle_ray_data()
    inputs = tuple(map(_absolute, request.inputs))
    parcel = ray.put(list(parcels))  # held here, so that a worker that is started anew finds it
    pieces = ray.data.read_datasource(
        Pieces(PieceReader(replace(request, inputs=inputs), skip)),
        override_num_blocks=1,
        num_cpus=0,
        label_selector=_where_inputs_are(inputs),
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RayDeprecationWarning)  # there is no other way yet to bound the tries
        judged = pieces.map_batches(
            Scorer,
            batch_size=1,
            batch_format="pyarrow",
            compute=ActorPoolStrategy(size=workers),
            num_cpus=1,
            fn_constructor_args=[[parcel]],
            max_restarts=-1,
            max_task_retries=TRIES,
        )
    for row in judged.iter_rows():
        yield from VERDICTS.validate_json(row["verdicts"])


def _settle_ray_data() -> None:
    from ray.data import DataContext

    logging.getLogger("ray.data").setLevel(logging.ERROR)
    context = DataContext.get_current()
    context.execution_options.preserve_order = True
    context.enable_progress_bars = False
    context.print_on_execution_start = False
    # a block a piece, or one worker gets them all
    context.target_max_block_size = context.target_min_block_size = 1


def _absolute(name: str) -> str:
    """A file's name for a process that works in another folder."""
    return str(Path(name).absolute()) if not is_uri(name) and Path(name).exists() else name


def _where_inputs_are(inputs: Sequence[str]) -> dict[str, str] | None:
    """Files of this machine are read on this machine; what is in a store anywhere."""
    if not any(Path(name).exists() for name in inputs):
        return None
    import ray

    return {"ray.io/node-id": ray.get_runtime_context().get_node_id()}


@contextmanager
def _in_one_sentence() -> Iterator[None]:
    from ray.exceptions import RayError

    try:
        yield
    except RayError as error:
        cause = error.__cause__ or error
        reason = (str(cause).strip() or type(cause).__name__).splitlines()[0]
        raise GuardRankError(f"a worker of Ray failed ({type(cause).__name__}: {reason[:300]})") from error
