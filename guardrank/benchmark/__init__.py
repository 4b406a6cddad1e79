"""Benchmark inference: tasks, models under test, red team, runs, leaderboard."""
