"""Board: what a run comes to, counted as the verdicts go by, and told at its end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from rich.console import Console

from guardrank.annotations import cluster_of
from guardrank.console import say, warn
from guardrank.errors import GuardRankError
from guardrank.metrics import Tally
from guardrank.records import SCORED_IN_PAIR, Record, RejectLog, Verdict
from guardrank.serve.request import ScoringRequest
from guardrank.serve.resume import Judged
from guardrank.serve.score_table import print_label_counts, print_tables


class Board:
    """ASD and PAR, or label counts for a judge of another label set; and what went wrong.

    Args:
        rejects: where the rows go that are no records.
        own_labels: whether the judge's labels are no scores of a dimension.
    """

    def __init__(self, request: ScoringRequest, rejects: RejectLog, *, own_labels: bool) -> None:
        self.tally = Tally(include_abstained=request.include_abstained, compat=request.compat)
        self.rejects = rejects
        self.labels: Counter[str] = Counter()
        self.own_labels = own_labels
        self.errors: Counter[str] = Counter()
        self.count = 0

    @property
    def dealt_with(self) -> int:
        """Input rows that are done with: judged, rejected or left out."""
        return self.count + self.rejects.count + self.rejects.left_out

    def add(self, window: Sequence[Judged]) -> None:
        """Count a window of verdicts."""
        for record, verdict in window:
            self._add(record, verdict)

    def _add(self, record: Record, verdict: Verdict) -> None:
        self.count += 1
        if verdict.error not in (None, SCORED_IN_PAIR):
            self.errors[str(verdict.error)] += 1
        if self.own_labels:
            self.labels[str(verdict.score if verdict.error is None else verdict.error)] += 1
        else:
            self.tally.add(record, verdict, cluster_of(record))

    def show(self, console: Console) -> None:
        """Print the tables."""
        if self.own_labels:
            print_label_counts(self.labels, console)
        else:
            print_tables(self.tally, console, self.rejects.count)

    def conclude(self, *, strict: bool) -> None:
        """Say what was not judged, and why.

        Raises:
            GuardRankError: nothing was judged; or, with ``strict``, a row was rejected or failed.
        """
        rejects = self.rejects
        if self.errors:
            reasons = ", ".join(f"{count:,} {reason}" for reason, count in self.errors.most_common())
            warn(f"Not judged: {reasons}")
        if rejects.left_out:
            say(f"{rejects.left_out:,} rows of other dimensions left out")
        if rejects.count:
            warn(rejects.summary())
        if strict and (rejects.count or self.errors.total()):
            raise GuardRankError(
                f"{rejects.count:,} rows rejected and {self.errors.total():,} failed, which --strict does not allow"
            )
        if not self.count:
            raise GuardRankError("no row could be scored: see the reasons above")
