"""Task sheets that say what a harness's row leaves out: found by what was asked, of which image.

    prompt + image name   the case
    prompt alone          the case if only one asks this, else the kind that all are of which ask it

Where those that ask it are of several kinds, nothing is said.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace

from guardrank.annotations.pairing import clean_image
from guardrank.annotations.task_sheets import TaskCase
from guardrank.benchmark.imports.kinds import Kind


class Sheets:
    """Cases of task sheets, by image and by prompt."""

    def __init__(self, cases: Iterable[TaskCase] = ()) -> None:
        self._by_image: defaultdict[str, list[TaskCase]] = defaultdict(list)
        self._by_prompt: defaultdict[str, list[TaskCase]] = defaultdict(list)
        for case in cases:
            self._by_prompt[_squeezed(case.prompt)].append(case)
            for image in filter(None, (case.image, case.reverse_image)):
                self._by_image[image].append(case)

    def of_image(self, prompt: str, image: str, kind: Kind | None) -> TaskCase | None:
        """The case of ``image`` whose prompt begins ``prompt`` (options may follow)."""
        asked = _squeezed(prompt)
        cases = self._by_image.get(image) or self._by_image.get(clean_image(image), [])
        fitting = [case for case in cases if _fits(case, kind) and asked.startswith(_squeezed(case.prompt))]
        return max(fitting, key=lambda case: len(case.prompt), default=None)

    def of_prompt(self, prompt: str, kind: Kind | None) -> TaskCase | None:
        """The case that asks ``prompt``, of any image; of several that agree, what they agree on."""
        cases = [case for case in self._by_prompt.get(_squeezed(prompt), []) if _fits(case, kind)]
        if len({(case.task, case.dimension, case.subtask) for case in cases}) != 1:
            return None
        nobody = replace(cases[0], image="", reverse_image=None)
        return nobody if len(cases) == 1 else replace(nobody, attack=None, options=None, answer=None)


def _fits(case: TaskCase, kind: Kind | None) -> bool:
    if kind is None:
        return True
    return case.dimension is kind.dimension and kind.subtask in (None, case.subtask)


def _squeezed(text: str) -> str:
    return " ".join(text.split())
