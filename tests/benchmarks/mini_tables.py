"""The figures of guardrank-mini for people: on the terminal, and as a section of docs/results.md.

ShippedFigures ──guardrank.train.shipped_tables──> Table ──> rich, Markdown
"""

from __future__ import annotations

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table as RichTable
from rich.text import Text

from guardrank.train.shipped_figures import ShippedFigures
from guardrank.train.shipped_tables import (
    Table,
    abstention_table,
    aims_table,
    bars_table,
    files_table,
    markdown,
    promises_table,
    slices_table,
)

WIDTH = 200
"""Columns of the tables where the terminal is narrower or none: figures are never cut."""

_SECTION = """## guardrank-mini ({date})

```
python tests/benchmarks/mini_results.py --judge data/judges/guardrank-mini --json docs/results/mini.json
```

Judge `{judge}` ({variant}), {rows} rows at {speed} rows/s, loaded in {load} ms, {size} bytes. Intervals by prompt;
"reached" compares the figure, not its interval. A star: not computed here (n-grams on each file's own splits,
GPT-4 as published, on other rows); without one, of the same rows. "unseen": whole files, without rows whose prompt
stands in a training file.
{warning}
{tables}
"""


def tables(figures: ShippedFigures) -> list[Table]:
    """All tables of figures, the issue's list first."""
    makers = (aims_table, files_table, slices_table, abstention_table, promises_table, bars_table)
    return [table for table in (make(figures) for make in makers) if table.rows]


def print_figures(figures: ShippedFigures) -> None:
    """Print the tables; names from data are never read as markup."""
    console = Console()
    console.width = max(console.width, WIDTH)
    for table in tables(figures):
        console.print(_rich(table))


def _rich(table: Table) -> RichTable:
    rich = RichTable(title=table.title, title_justify="left", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for i, heading in enumerate(table.headings):
        rich.add_column(heading, justify="left" if i < table.texts else "right", overflow="fold")
    for row in table.rows:
        rich.add_row(*map(Text, row))
    return rich


def in_markdown(figures: ShippedFigures) -> str:
    """The section ``guardrank-mini`` of docs/results.md."""
    speed = figures.speed
    return _SECTION.format(
        date=str(figures.environment["date"])[:10],
        judge=figures.judge,
        variant=figures.variant,
        rows=f"{speed.rows:,}",
        speed=f"{speed.rows_per_second:,}",
        load=f"{speed.load_ms:,}",
        size=f"{speed.folder_bytes:,}",
        warning=f"\n**At most {figures.limit} rows a file: not a measurement.**\n" if figures.limit else "",
        tables="\n\n".join(f"### {table.title}\n\n{markdown(table)}" for table in tables(figures)),
    )
