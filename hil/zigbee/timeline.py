"""What is to happen later, in order of time. Reads no clock: whoever runs it says what time it is."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from itertools import count


class Timeline:
    """``now`` is the moment up to which ``run`` has come; seconds of any clock that only goes forward."""

    def __init__(self, now: float = 0.0) -> None:
        self.now = now
        self._heap: list[tuple[float, int, Callable[[], None]]] = []
        self._order = count()

    @property
    def due(self) -> float | None:
        return self._heap[0][0] if self._heap else None

    def after(self, seconds: float, call: Callable[[], None]) -> None:
        heapq.heappush(self._heap, (self.now + seconds, next(self._order), call))

    def run(self, now: float) -> None:
        """Do everything that is due at ``now``, each at its own moment."""
        while self._heap and self._heap[0][0] <= now:
            moment, _, call = heapq.heappop(self._heap)
            self.now = max(self.now, moment)
            call()
        self.now = max(self.now, now)
