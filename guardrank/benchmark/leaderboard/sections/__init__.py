"""The sections of the leaderboard's page, in the order of a reader's questions.

Each module turns a board into one ``Section``; a section without content says why instead.
"""

from __future__ import annotations

from collections.abc import Sequence

from guardrank.agreement.report.blocks import Section
from guardrank.benchmark.leaderboard.board import Board
from guardrank.benchmark.leaderboard.sections.answer import answer
from guardrank.benchmark.leaderboard.sections.attacked import attacked
from guardrank.benchmark.leaderboard.sections.corrected import corrected
from guardrank.benchmark.leaderboard.sections.dimensions import dimensions
from guardrank.benchmark.leaderboard.sections.failures import failures
from guardrank.benchmark.leaderboard.sections.method import method
from guardrank.benchmark.leaderboard.sections.responses import responses
from guardrank.benchmark.leaderboard.sections.slices import slices
from guardrank.benchmark.leaderboard.sections.standings import standings
from guardrank.benchmark.leaderboard.worst import WorstCase


def all_sections(board: Board, worst: Sequence[WorstCase]) -> list[Section]:
    """Every section, those that are left out included."""
    return [
        answer(board),
        standings(board),
        dimensions(board),
        slices(board),
        attacked(board),
        corrected(board),
        responses(board, worst),
        failures(board),
        method(board),
    ]
