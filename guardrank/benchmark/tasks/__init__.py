"""Tasks: where cases come from."""

from guardrank.benchmark.tasks.base import TaskSet
from guardrank.benchmark.tasks.reading import read_tasks

__all__ = ["TaskSet", "read_tasks"]
