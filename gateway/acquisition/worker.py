"""One worker a link: what is asked of its meters is done one after the other, what is asked for now before what is due."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from gateway.acquisition.job import Job, Priority, Result
from gateway.backoff import Backoff

#: Jobs that may wait at one link: a thousand meters on one TCP gateway, twice.
_WAITING = 2000
#: A meter that failed is left out of the schedule this long at the most, so that it cannot take the others' time.
_PAUSE_MOST_S = 3600.0
_PAUSE_FIRST_S = 30.0

#: What a job may take beyond its deadline: closing the line, and the commit of what it read.
_GRACE_S = 60.0

Do = Callable[[Job], Awaitable[Result]]


@dataclass(slots=True)
class Counts:
    """What happened at one link since the start."""

    done: int = 0
    failed: int = 0
    skipped: int = 0
    refused: int = 0


@dataclass(slots=True)
class _Pause:
    """A meter that is left in peace until ``until`` (monotonic)."""

    backoff: Backoff = field(default_factory=lambda: Backoff(_PAUSE_FIRST_S, _PAUSE_MOST_S))
    until: float = 0.0


class LinkWorker:
    """Works off the jobs of one link. ``do`` reads, hands on what was read, and never raises an error of the meter."""

    def __init__(self, link: str, do: Do) -> None:
        self.link = link
        self.counts = Counts()
        self._do = do
        self._queue: asyncio.PriorityQueue[tuple[int, int, Job]] = asyncio.PriorityQueue(_WAITING)
        self._number = itertools.count()
        self._pauses: dict[str, _Pause] = {}
        self._late_at: float | None = None

    def ask(self, job: Job) -> bool:
        """Queue a job; False when too many wait (the loss is counted)."""
        try:
            self._queue.put_nowait((job.priority, next(self._number), job))
        except asyncio.QueueFull:
            self.counts.refused += 1
            return False
        return True

    @property
    def waiting(self) -> int:
        return self._queue.qsize()

    def paused_s(self, meter: str) -> float:
        """How long the schedule still leaves out a meter that failed."""
        pause = self._pauses.get(meter)
        return max(0.0, pause.until - asyncio.get_running_loop().time()) if pause else 0.0

    @property
    def stuck(self) -> bool:
        """Whether a job is long past its deadline: something waits without one, and only a restart helps."""
        return self._late_at is not None and asyncio.get_running_loop().time() > self._late_at

    async def run(self) -> None:
        """Work until cancelled."""
        while True:
            _, _, job = await self._queue.get()
            if job.done.cancelled():
                continue
            if job.priority is not Priority.REQUEST and self.paused_s(job.meter) > 0:
                self.counts.skipped += 1
                result = Result()
            else:
                self._late_at = asyncio.get_running_loop().time() + job.deadline_s + _GRACE_S
                result = await self._do(job)
                self._late_at = None
                self._settle(job.meter, result)
            if not job.done.done():
                job.done.set_result(result)

    def _settle(self, meter: str, result: Result) -> None:
        pause = self._pauses.setdefault(meter, _Pause())
        if result.error is None:
            self.counts.done += 1
            del self._pauses[meter]
        else:
            self.counts.failed += 1
            pause.until = asyncio.get_running_loop().time() + pause.backoff.next()
