"""TaskSet: the cases that a source holds, and what is wrong with the rest of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from guardrank.benchmark.case import Case
from guardrank.benchmark.problems import Problem


@dataclass(frozen=True)
class TaskSet:
    """Cases in their order.

    Attributes:
        source: what the user named.
        images: the folder that the cases' images are below.
        cases: no two with the same id.
    """

    source: str
    images: Path
    cases: tuple[Case, ...]
    problems: tuple[Problem, ...]


@dataclass
class Reading:
    """Cases and problems while a source is read.

    Attributes:
        cases_by_id: each case, and where its row stands.
    """

    cases: list[Case] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    cases_by_id: dict[str, tuple[Case, str]] = field(default_factory=dict)

    def add(self, place: str, case: Case) -> None:
        """A case; one that is there already, or has the id of another, is a problem."""
        if case.id in self.cases_by_id:
            first, where = self.cases_by_id[case.id]
            if (case.prompt, case.images) == (first.prompt, first.images):
                self.problem(place, "duplicate", f"asks the same of the same image as {where}: left out")
            else:
                self.problem(place, "duplicate_id", f"has the id of another case, {where}: left out")
            return
        self.cases_by_id[case.id] = (case, place)
        self.cases.append(case)

    def problem(self, place: str, kind: str, text: str) -> None:
        """Something to look at."""
        self.problems.append(Problem(place, kind, text))

    def finish(self, source: str, images: Path) -> TaskSet:
        """The set of what was read."""
        return TaskSet(source, images, tuple(self.cases), tuple(self.problems))


def file_names(folder: Path) -> Iterator[str]:
    """The names of the files directly in ``folder``; none where it cannot be read."""
    try:
        entries: Iterable[Path] = sorted(folder.iterdir())
    except OSError:
        return
    yield from (entry.name for entry in entries if entry.is_file() or entry.is_symlink())
