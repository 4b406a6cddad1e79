"""Reading a card: the numbers in its tables, and those that it may take them from."""

import json
import re
from collections.abc import Iterator
from pathlib import Path


def shown_numbers(card: str) -> set[str]:
    """Every number in a column of figures (set right) of the card's tables, without its thousands commas."""
    found = (re.findall(r"-?\d[\d,]*(?:\.\d+)?", cell) for cell in _figure_cells(card))
    return {number.replace(",", "") for numbers in found for number in numbers}


def _figure_cells(card: str) -> Iterator[str]:
    right: list[bool] = []
    for line in card.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if not line.startswith("|"):
            right = []
        elif set(line) <= set("|-: "):
            right = [cell.endswith(":") for cell in cells]
        elif right:
            assert len(cells) == len(right), line
            yield from (cell for cell, is_figure in zip(cells, right, strict=True) if is_figure)


def recorded_numbers(folder: Path) -> set[str]:
    """Every number of the judge's figures and of its training rows, as the card writes numbers."""
    figures = json.loads((folder / "metrics.json").read_bytes())["test"]
    sources = json.loads((folder / "guardrank.json").read_bytes())["training"]["sources"]
    return _numbers(figures) | _numbers(sources)


def _numbers(value: object) -> set[str]:
    if isinstance(value, dict):
        return set().union(*map(_numbers, value.values()))
    if isinstance(value, list):
        return set().union(*map(_numbers, value))
    if isinstance(value, bool) or not isinstance(value, int | float):
        return set()
    return {f"{value:z.3f}", f"{value:z.2f}", f"{value}"}
