"""What can go wrong, as a tree; the command line shows each as one sentence and exits with its code.

    GuardRankError            the work failed                       exit 1
    ├── UsageError            asked for something that cannot be    exit 2
    ├── MissingExtraError     an extra has to be installed first    exit 1
    ├── JudgeError            a judge folder is damaged or unfit    exit 1
    └── TrainingError         training cannot start or go on        exit 1

Bad rows are no exceptions: they are rejected and counted (``guardrank.records``), and a record that cannot
be judged becomes a verdict with ``score=None`` and a reason.
"""

from __future__ import annotations


class GuardRankError(Exception):
    """Base of all: its text is one sentence that says what to do."""

    exit_code = 1


class UsageError(GuardRankError):
    """An option, a path or a combination of them that cannot work."""

    exit_code = 2


class MissingExtraError(GuardRankError):
    """A feature needs packages that a light install leaves out."""

    def __init__(self, feature: str, extra: str) -> None:
        super().__init__(f"{feature} needs more packages: pip install 'guardrank[{extra}]'")


class JudgeError(GuardRankError):
    """A judge folder cannot be read, does not match its hashes, or lacks what is asked of it."""


class TrainingError(GuardRankError):
    """Training cannot start, resume or end in a usable judge."""
