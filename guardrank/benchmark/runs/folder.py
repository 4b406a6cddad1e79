"""RunFolder: where the parts of a run lie, and that a second start belongs to the first.

RUN/manifest.json     what shaped the answers
RUN/cases.jsonl       what is asked, as it was asked
RUN/responses.jsonl   what came of it
RUN/verdicts/         a file a judge
RUN/leaderboard.*     the report
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from pydantic import ValidationError

from guardrank.benchmark.case import Case
from guardrank.benchmark.runs.manifest import CaseSet, RunManifest
from guardrank.benchmark.runs.responses import Response, read_responses
from guardrank.errors import GuardRankError, UsageError
from guardrank.records import dump_line

MANIFEST, CASES, RESPONSES, RECORDS = "manifest.json", "cases.jsonl", "responses.jsonl", "records.jsonl"
VERDICTS = "verdicts"
SHOWN_DIFFERENCES = 5


class RunFolder:
    """The folder of one run."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.responses_file = path / RESPONSES
        self.verdicts = path / VERDICTS

    @property
    def is_run(self) -> bool:
        """Whether a run was begun here."""
        return (self.path / MANIFEST).is_file()

    def manifest(self) -> RunManifest:
        """Raises UsageError where there is no run, or it is of another version."""
        try:
            return RunManifest.model_validate_json((self.path / MANIFEST).read_bytes())
        except FileNotFoundError:
            raise UsageError(f"{self.path} is no run: it has no {MANIFEST}") from None
        except ValidationError as error:
            raise GuardRankError(f"{self.path / MANIFEST} cannot be read: {error.errors()[0]['msg']}") from None

    def cases(self) -> list[Case]:
        """What is asked, in order."""
        lines = (self.path / CASES).read_bytes().splitlines()
        return [Case.model_validate_json(line) for line in lines]

    def responses(self) -> dict[str, Response]:
        """What came of the cases so far, by id."""
        return read_responses(self.responses_file)

    def begin(self, manifest: RunManifest, cases: Sequence[Case], *, fresh: bool = False) -> None:
        """Make the folder this run's, or go on with the same run in it.

        Raises:
            UsageError: another run is there, and ``fresh`` does not drop it; the text names the differences.
        """
        if self.is_run and not fresh:
            self._check_same(manifest, cases)
        elif self.is_run or (self.path / CASES).is_file():  # or one that was killed before it had begun
            self._drop()
        elif self.path.exists() and (not self.path.is_dir() or any(self.path.iterdir())):
            raise UsageError(f"{self.path} is there and is no run: give another folder with -o")
        self.path.mkdir(parents=True, exist_ok=True)
        replace_file(self.path / CASES, b"".join(dump_line(case.model_dump(mode="json")) for case in cases))
        begun = self.manifest().created if self.is_run else manifest.created
        written = manifest.model_copy(update={"created": begun, "cases": CaseSet.by_task(cases)})
        # last, so that a folder with a manifest is whole
        replace_file(self.path / MANIFEST, written.model_dump_json(indent=1).encode() + b"\n")

    def _drop(self) -> None:
        """Only what a run writes: whatever else lies in the folder stays."""
        for name in (MANIFEST, CASES, RESPONSES, RECORDS):
            (self.path / name).unlink(missing_ok=True)
        shutil.rmtree(self.verdicts, ignore_errors=True)

    def _check_same(self, manifest: RunManifest, cases: Sequence[Case]) -> None:
        found = [*self.manifest().differences(manifest), *self._case_differences(cases)]
        if found:
            more = f" and {len(found) - SHOWN_DIFFERENCES:,} more" if len(found) > SHOWN_DIFFERENCES else ""
            raise UsageError(
                f"{self.path} holds another run ({'; '.join(found[:SHOWN_DIFFERENCES])}{more}): "
                "give another folder with -o, or --fresh to drop it"
            )

    def _case_differences(self, cases: Sequence[Case]) -> Iterator[str]:
        """Cases may join a run, and those that were not answered may be repaired; what was answered stays."""
        asked = {case.id: case.sha256[:16] for case in cases}
        for response in self.responses().values():
            if response.id not in asked:
                yield f"case {response.id} is gone"
            elif response.response is not None and response.case != asked[response.id]:
                yield f"case {response.id} has changed"


def replace_file(path: Path, content: bytes) -> None:
    """Write so that a kill leaves the old file or the new one, never half of one."""
    draft = path.with_name(f"{path.name}.tmp")
    draft.write_bytes(content)
    draft.replace(path)
