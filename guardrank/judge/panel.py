"""A panel of judges: each record goes to the first that judges its dimension, pair subtasks to the rule."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from guardrank.dimensions import PAIR_SUBTASKS, Dimension
from guardrank.judge.pair_rule import PairRule
from guardrank.judge.protocol import Judge, windows
from guardrank.records import UNSUPPORTED_DIMENSION, Record, Verdict, failed


class Panel:
    """Several judges that answer as one; a single judge in a panel gains the pair rule."""

    def __init__(self, judges: Sequence[Judge]) -> None:
        self.judges = tuple(judges)
        self._rule = PairRule()

    @property
    def name(self) -> str:
        """The members' names; each verdict carries the name of the one that gave it."""
        return "+".join(judge.name for judge in self.judges)

    @property
    def dimensions(self) -> frozenset[Dimension]:
        """What the members can judge together."""
        return frozenset[Dimension]().union(*(judge.dimensions for judge in self.judges))

    def score(self, records: Iterable[Record]) -> Iterator[Verdict]:
        """Verdicts in order, a window of records at a time."""
        for window in windows(records):
            yield from self._score_window(window)

    def _score_window(self, window: list[Record]) -> list[Verdict]:
        verdicts = [failed(record, self.name, UNSUPPORTED_DIMENSION) for record in window]
        seats: dict[int, tuple[Judge, list[int]]] = {}
        for i, record in enumerate(window):
            if judge := self._judge_for(record):
                seats.setdefault(id(judge), (judge, []))[1].append(i)
        for judge, places in seats.values():
            for i, verdict in zip(places, judge.score([window[i] for i in places]), strict=True):
                verdicts[i] = verdict
        return verdicts

    def _judge_for(self, record: Record) -> Judge | None:
        if record.subtask in PAIR_SUBTASKS:
            return self._rule
        return next((judge for judge in self.judges if record.dimension in judge.dimensions), None)
