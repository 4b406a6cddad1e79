"""The leaderboard as one page that loads nothing and runs nothing: the agreement report's building blocks.

    Board, worst responses ──sections──> blocks of text, tables, figures ──document──> HTML

Model names, prompts and responses are hostile text: escaped, cut, what cannot be seen named. The policy forbids
scripts and every request; images are those that the page holds as data.
"""

from __future__ import annotations

from collections.abc import Sequence

from guardrank.benchmark.leaderboard.board import Board
from guardrank.benchmark.leaderboard.worst import WorstCase
from guardrank.errors import MissingExtraError


def render_page(board: Board, worst: Sequence[WorstCase]) -> str:
    """The page that shows ``board`` and the ``worst`` responses.

    Raises:
        MissingExtraError: jinja2 is not installed.
    """
    try:
        from guardrank.agreement.report.page import Document, render_document
        from guardrank.benchmark.leaderboard.sections import all_sections
    except ModuleNotFoundError as error:
        if error.name not in ("jinja2", "markupsafe"):
            raise
        raise MissingExtraError("the leaderboard's page", "bench") from None
    sections = all_sections(board, worst)
    return render_document(Document("Safety leaderboard", _title(board), sections, board.created, images="data:"))


def _title(board: Board) -> str:
    return board.models[0].model if len(board.models) == 1 else f"{len(board.models):,} models compared"
