"""The leaderboard: judged runs -> rates, places, what attacks change; on a terminal, as files, as a page."""

from guardrank.benchmark.leaderboard.board import Board
from guardrank.benchmark.leaderboard.making import BoardOptions, JudgedRun, make_board

__all__ = ["Board", "BoardOptions", "JudgedRun", "make_board"]
