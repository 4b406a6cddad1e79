"""A study as one page: ``report.html`` holds everything it shows, loads nothing and runs nothing.

    Study ──sections──> blocks of text, tables, figures ──templates/report.html.j2──> report.html
               └──charts──> numbers as SVG

Judged responses are hostile text. They pass ``untrusted`` (what cannot be seen is named, what is too long is
cut), then jinja2's escaping, and the page's content-security policy forbids scripts and every request.
"""

from __future__ import annotations

from pathlib import Path

from guardrank.agreement.results import Study
from guardrank.errors import MissingExtraError


def render(study: Study) -> str:
    """The page that shows ``study``.

    Raises:
        MissingExtraError: jinja2 is not installed.
    """
    try:
        from guardrank.agreement.report.page import render_page
    except ModuleNotFoundError as error:
        if error.name not in ("jinja2", "markupsafe"):
            raise
        raise MissingExtraError("a report", "agree") from None
    return render_page(study)


def write_report(study: Study, path: Path) -> None:
    """Write the page so that a kill leaves the old file or the new one, never half of one.

    Raises:
        MissingExtraError: jinja2 is not installed.
        OSError: the file cannot be written.
    """
    draft = path.with_name(f"{path.name}.tmp")
    draft.write_bytes(render(study).encode("utf-8"))
    draft.replace(path)
