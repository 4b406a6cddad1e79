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
from guardrank.serve.score_table import print_label_counts, print_scorers, print_tables


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
        self.scored_by: Counter[str] = Counter()
        self.count = 0
        self.not_escalated = 0
        self._escalates = request.escalate is not None

    @property
    def dealt_with(self) -> int:
        """Input rows that are done with: judged, rejected or left out."""
        return self.count + self.rejects.count + self.rejects.left_out

    def add(self, window: Sequence[Judged]) -> None:
        """Count a window of verdicts."""
        for record, verdict in window:
            self.count += 1
            if not (self._escalates and verdict.abstained):
                self.settle(record, verdict)

    def settle(self, record: Record, verdict: Verdict) -> None:
        """Count a verdict in the tables; one that abstains waits for this where rows are escalated."""
        self.not_escalated += verdict.escalation_error is not None
        if verdict.score is not None and not verdict.abstained:
            self.scored_by[verdict.judge] += 1
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
        if self._escalates:
            print_scorers(self.scored_by, console)

    def conclude(self, *, strict: bool) -> None:
        """Say what was not judged, and why.

        Raises:
            GuardRankError: nothing was judged; or, with ``strict``, a row was rejected or failed, be it only with
                the judge that it was escalated to.
        """
        rejects = self.rejects
        if self.errors:
            reasons = ", ".join(f"{count:,} {reason}" for reason, count in self.errors.most_common())
            warn(f"Not judged: {reasons}")
        if rejects.left_out:
            say(f"{rejects.left_out:,} rows of other dimensions left out")
        if rejects.count:
            warn(rejects.summary())
        failed = self.errors.total() + self.not_escalated
        if strict and (rejects.count or failed):
            raise GuardRankError(
                f"{rejects.count:,} rows rejected and {failed:,} failed, which --strict does not allow"
            )
        if not self.count:
            raise GuardRankError("no row could be scored: see the reasons above")
