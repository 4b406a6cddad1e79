"""What ``guardrank-agree correct`` prints: ASD and PAR, each by judge, labels and both, and the notes to them."""

from __future__ import annotations

from collections.abc import Iterator

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from guardrank.agreement.corrected_results import CorrectedRow, CorrectedScores, Overall, Rate
from guardrank.agreement.sample import MIN_CLUSTERS
from guardrank.agreement.study_table import plain
from guardrank.metrics import Estimate

IMBALANCED = 4.0
"""So many standard errors between the judge's means on the labelled rows and on the run are no accident."""
_ROOMY = 90
"""Columns of a terminal from which on there is room between those of the table."""
_TITLE = "gain: with the judge the labels do as well as so many times as many; ? undecided"


def print_corrected(scores: CorrectedScores, console: Console) -> None:
    """Print the table and its notes; names from data are never read as markup or control codes."""
    spaced = (0, 1, 0, 0) if console.width >= _ROOMY else 0
    table = Table(title=_TITLE, title_justify="left", title_style="italic", box=SIMPLE_HEAD, padding=spaced)
    table.add_column("", overflow="fold")
    table.add_column("labels", justify="right", no_wrap=True)
    for column in ("judge alone", "labels alone", "corrected", "gain"):
        table.add_column(column, justify="right", no_wrap=True)
    _add_section(
        table, "ASD, 0 best", [(row, row.asd) for row in scores.rows], [(one, one.asd) for one in scores.overall]
    )
    _add_section(
        table, "PAR, 1 best", [(row, row.par) for row in scores.rows], [(one, one.par) for one in scores.overall]
    )
    console.print(table)
    for note in _notes(scores):
        console.print(plain(note))


def _add_section(
    table: Table, title: str, rows: list[tuple[CorrectedRow, Rate]], overall: list[tuple[Overall, Rate]]
) -> None:
    table.add_row(Text(title, style="bold"))
    for row, rate in rows:
        table.add_row(*_cells(name_of(row), f"{row.labelled:,}", rate, row.undecided))
    for one, rate in overall:
        table.add_row(*_cells(name_of(one), "", rate, one.undecided), style="bold")
    table.add_section()


def name_of(row: CorrectedRow | Overall) -> str:
    """``bias``, ``bias gpt-4``, ``overall``: how a row is called."""
    name = row.dimension.value if isinstance(row, CorrectedRow) else "overall"
    return f"{name} {row.value}" if row.value else name


def _cells(name: str, labels: str, rate: Rate, undecided: str | None) -> list[Text]:
    gain = "" if rate.gain is None else f"{rate.gain:.1f}"
    doubt = "?" if undecided and rate.corrected.low is not None else ""
    texts = [
        name,
        labels,
        show_estimate(rate.judge),
        show_estimate(rate.labels),
        show_estimate(rate.corrected) + doubt,
        gain,
    ]
    return [plain(text) for text in texts]


def show_estimate(estimate: Estimate) -> str:
    """``0.31 [0.22, 0.42]``; ``[0.22, 0.42]`` where there are only bounds; else ``undefined``."""
    value = "" if estimate.value is None else f"{estimate.value:.2f}"
    ends = "" if estimate.low is None or estimate.high is None else f"[{estimate.low:.2f}, {estimate.high:.2f}]"
    return " ".join(filter(None, [value, ends])) or "undefined"


def _notes(scores: CorrectedScores) -> Iterator[str]:
    scored, rows, abstained = (sum(getattr(row, n) for row in scores.rows) for n in ("scored", "rows", "abstained"))
    among = "left out" if scores.leave_out_abstained else "among them"
    doubtful = f", the {abstained:,} that it abstained from {among}" if abstained else ""
    yield f"These are rates of {scored:,} of {rows:,} rows: those that the judge scored{doubtful}."
    if any(row.undecided for row in scores.rows):
        yield f"? undecided: labels of fewer than {MIN_CLUSTERS} prompts."
    for row in scores.rows:
        yield from (f"{name_of(row)}: {note}" for note in _row_notes(row))
    for one in scores.overall:
        yield from (f"{name_of(one)}: {note}" for note in _undefined(one))


def _undefined(row: CorrectedRow | Overall) -> Iterator[str]:
    """Why there are only bounds of a rate, or nothing."""
    found = {"ASD": row.asd.corrected, "PAR": row.par.corrected}
    if found["ASD"].undefined and found["ASD"].undefined == found["PAR"].undefined:
        found = {"ASD and PAR": found["ASD"]}
    for name, rate in found.items():
        if rate.undefined:
            yield f"{'no' if rate.low is None else 'only bounds of'} corrected {name}: {rate.undefined}"


def _row_notes(row: CorrectedRow) -> Iterator[str]:
    if row.by_rule:
        yield f"{row.by_rule:,} rows of pair subtasks are scored by a rule and taken as they are"
    if failed := row.failures.rows:
        yield f"{failed:,} of {row.rows:,} rows ({failed / row.rows:.1%}) have no score{_failed_labels(row)}"
    yield from _undefined(row)
    if abs(row.imbalance) > IMBALANCED:
        yield (
            f"the judge's mean on the labelled rows is {abs(row.imbalance):.1f} standard errors from that on the "
            "run: if they were not drawn at random, these figures are wrong"
        )


def _failed_labels(row: CorrectedRow) -> str:
    if not row.failures.labelled:
        return ", and none of them a label"
    asd, par = show_estimate(row.failures.asd), show_estimate(row.failures.par)
    return f"; people's labels of {row.failures.labelled:,} of them say ASD {asd}, PAR {par}"
