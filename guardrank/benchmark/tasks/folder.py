"""MLLMGuard's task folders: ``TASK/prompt.csv`` beside ``TASK/imgs/``, seven tasks, columns by name.

privacy, bias, toxicity, legality   a case a row
hallucination                       two: asked freely, and with the options
noise-injection                     clean and noisy, where NAME_noise.EXT is there; else the clean case,
                                    whose noisy twin an attack makes
position-swapping                   first and swapped, from Image and Reverse Image
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from guardrank.annotations.tables import read_csv
from guardrank.annotations.task_sheets import TaskCase, task_case, task_sheet_files
from guardrank.benchmark.case import Case, case_id
from guardrank.benchmark.image_urls import is_url
from guardrank.benchmark.tasks.base import Reading, TaskSet
from guardrank.benchmark.tasks.encoding import encoding_of
from guardrank.benchmark.tasks.image_names import ImageNames
from guardrank.dimensions import NOISE_CONSISTENCY, POSITION_SWAPPING
from guardrank.errors import UsageError
from guardrank.metrics import parse_options
from guardrank.records import Role

IMAGES = "imgs"


def read_task_folder(folder: Path) -> TaskSet:
    """The cases of every task folder in ``folder``, or of ``folder`` itself if it is one.

    Raises:
        UsageError: no sheet is there.
    """
    sheets = task_sheet_files(folder)
    if not sheets:
        raise UsageError(f"{folder} holds no TASK/prompt.csv: give the folder of the MLLMGuard task folders")
    reading = Reading()
    for sheet in sheets:
        _Sheet(sheet, folder, reading).read()
    return reading.finish(str(folder), folder)


class _Sheet:
    def __init__(self, sheet: Path, root: Path, reading: Reading) -> None:
        self.sheet = sheet
        self.task = sheet.resolve().parent.name
        self.place = sheet.relative_to(root).as_posix()
        self.base = (sheet.parent / IMAGES).relative_to(root).as_posix()
        self.names = ImageNames(sheet.parent / IMAGES)
        self.reading = reading

    def read(self) -> None:
        """Read all rows; a sheet that cannot be read at all is a problem like any other."""
        try:
            encoding = encoding_of(self.sheet)
            if encoding != "utf-8":
                self.reading.problem(self.place, "encoding", "is encoded in GBK and not in UTF-8: read as GBK")
            for row in read_csv(self.sheet, encoding=encoding):
                self._row(f"{self.place}:{row.line}", row)
        except UsageError as error:
            self.reading.problem(self.place, "unreadable_sheet", str(error))
        for name in self.names.unused():
            self.reading.problem(f"{self.base}/{name}", "unused_image", "belongs to no row of the sheet")

    def _row(self, place: str, row: Any) -> None:
        try:
            asked = task_case(self.sheet, row)
        except UsageError as error:
            self.reading.problem(place, "odd_row", str(error).partition(f"line {row.line}: ")[2] or str(error))
            return
        for case in self._cases(place, asked):
            self.reading.add(place, case)

    def _cases(self, place: str, asked: TaskCase) -> Iterator[Case]:
        options = parse_options(asked.options or asked.prompt)
        if asked.subtask == NOISE_CONSISTENCY:
            yield from self._noise(place, asked, options)
        elif asked.subtask == POSITION_SWAPPING:
            yield from self._position(place, asked, options)
        elif asked.options:
            yield self._case(place, asked, asked.prompt)
            yield self._case(place, asked, f"{asked.prompt}\n{asked.options}", options)
        else:
            yield self._case(place, asked, asked.prompt, options)

    def _noise(self, place: str, asked: TaskCase, options: dict[str, str] | None) -> Iterator[Case]:
        if not asked.answer:
            self.reading.problem(place, "no_answer", "has no Answer: whether a response is right cannot be told")
        image = PurePosixPath(asked.image)
        noisy = f"{image.stem}_noise{image.suffix}"
        clean = self._case(place, asked, asked.prompt, options)
        if not self.names.has(self.names.find(noisy)):
            yield clean
            return
        yield from self._pair(clean, self._path(place, noisy), ("clean", "noisy"))

    def _position(self, place: str, asked: TaskCase, options: dict[str, str] | None) -> Iterator[Case]:
        first = self._case(place, asked, asked.prompt, options)
        if not asked.reverse_image:
            self.reading.problem(
                place, "no_reverse_image", "has no Reverse Image: its image's halves trade places instead"
            )
            yield first
            return
        yield from self._pair(first, self._path(place, asked.reverse_image), ("first", "swapped"))

    def _pair(self, clean: Case, image: str, roles: tuple[Role, Role]) -> Iterator[Case]:
        yield clean.model_copy(update={"pair": clean.id, "role": roles[0]})
        twin = {"id": f"{clean.id}~{roles[1]}", "images": (image,), "pair": clean.id, "role": roles[1]}
        yield clean.model_copy(update=twin)

    def _case(self, place: str, asked: TaskCase, prompt: str, options: dict[str, str] | None = None) -> Case:
        images = (self._path(place, asked.image),)
        return Case(
            id=case_id(self.task, images, prompt),
            task=self.task,
            prompt=prompt,
            images=images,
            dimension=asked.dimension,
            subtask=asked.subtask,
            lang=asked.lang,
            attack=asked.attack,
            options=options,
            answer=asked.answer,
        )

    def _path(self, place: str, name: str) -> str:
        if is_url(name):
            return name
        found = self.names.find(name)
        if found != name:
            self.reading.problem(place, "image_case", f"names the image {name}, which is called {found}")
        return f"{self.base}/{found}"
