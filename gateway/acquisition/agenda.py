"""What is due next. Holds no thread and sleeps never: it is asked, with the time of the moment.

Each entry comes at the boundaries of its recurrence, with a fixed delay of its own inside ``jitter`` so that a thousand
meters do not answer in one second. A boundary that passed while nobody asked comes once, marked with its own time, and
not once for each that was missed: what happened in between is the load profile's to tell.
"""

from __future__ import annotations

import heapq
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from gateway.acquisition.recurrence import Recurrence


@dataclass(frozen=True, slots=True)
class Due:
    """One entry that is due: its name, and the boundary it is for (UTC)."""

    name: str
    boundary: datetime


@dataclass(order=True, slots=True)
class _Entry:
    at: datetime
    name: str
    boundary: datetime = field(compare=False)


class Agenda:
    """Recurring entries by name. All times aware."""

    def __init__(self, jitter: timedelta = timedelta(0)) -> None:
        self._jitter = jitter
        self._recurrences: dict[str, Recurrence] = {}
        self._heap: list[_Entry] = []

    def add(self, name: str, recurrence: Recurrence, now: datetime) -> None:
        """Begin with the first boundary after ``now``. Raises ValueError for a name that is there."""
        if name in self._recurrences:
            raise ValueError(f"{name} is on the agenda already")
        self._recurrences[name] = recurrence
        self._push(name, now)

    def remove(self, name: str) -> None:
        """Take an entry off; one that is not there is no error."""
        if self._recurrences.pop(name, None) is not None:
            self._heap = [entry for entry in self._heap if entry.name != name]
            heapq.heapify(self._heap)

    def next_at(self) -> datetime | None:
        """When to ask again; None when nothing is on the agenda."""
        return self._heap[0].at if self._heap else None

    def due(self, now: datetime) -> Iterator[Due]:
        """What is due at ``now``, earliest first. The latest boundary that has passed stands for those missed before it."""
        while self._heap and self._heap[0].at <= now:
            entry = heapq.heappop(self._heap)
            boundary = entry.boundary
            recurrence = self._recurrences[entry.name]
            while (later := recurrence.next_after(boundary)) + self.delay(entry.name) <= now:
                boundary = later
            self._push(entry.name, boundary)
            yield Due(entry.name, boundary)

    def stepped(self, now: datetime) -> None:
        """The wall clock was set: everything is due anew, at the first boundary after ``now``.

        Forward, the boundaries jumped over are not made up: they never were. Back, some come a second time: a reading
        is keyed by the meter's own time, and two reads of one moment are one.
        """
        self._heap.clear()
        for name in self._recurrences:
            self._push(name, now)

    def delay(self, name: str) -> timedelta:
        """The entry's own delay within the jitter: the same at every boundary and after every restart."""
        return self._jitter * (zlib.crc32(name.encode()) / 2**32)

    def _push(self, name: str, after: datetime) -> None:
        boundary = self._recurrences[name].next_after(after)
        heapq.heappush(self._heap, _Entry(boundary + self.delay(name), name, boundary))
