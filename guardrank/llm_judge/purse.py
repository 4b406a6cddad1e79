"""The money of a run: what may be spent is set aside before a request goes out, and settled when it is answered.

    reserve(most it can cost) -> request -> settle(what it did cost, or the most where nobody knows)

Spent and set aside together never exceed the limit.
"""

from __future__ import annotations

import threading


class Purse:
    """Dollars spent by all threads of a judge.

    Args:
        limit: None sets no limit.
    """

    def __init__(self, limit: float | None = None) -> None:
        self.limit = limit
        self.spent = 0.0
        self._reserved = 0.0
        self._under_way = 0
        self._shut = False
        self._change = threading.Condition()

    def reserve(self, dollars: float) -> bool:
        """Set ``dollars`` aside, waiting for other requests to be settled if it is only they that are in the way.

        Returns:
            False where it cannot be had. From then on nothing can: were short records still let through, those
            that are judged would no longer be a fair sample.
        """
        with self._change:
            while not self._shut and not self._fits(dollars):
                if self._under_way:
                    self._change.wait()
                else:
                    self._shut = True
                    self._change.notify_all()
            if self._shut:
                return False
            self._reserved += dollars
            self._under_way += 1
            return True

    def settle(self, reserved: float, spent: float) -> None:
        """A request for which ``reserved`` was set aside has cost ``spent``."""
        with self._change:
            self._reserved -= reserved
            self._under_way -= 1
            self.spent += spent
            self._change.notify_all()

    def _fits(self, dollars: float) -> bool:
        return self.limit is None or self.spent + self._reserved + dollars <= self.limit
