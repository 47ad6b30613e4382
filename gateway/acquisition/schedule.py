"""What is due, as jobs: registers, logs and clocks at their boundaries, and of load profiles exactly what is missing."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta, tzinfo

from gateway.acquisition.agenda import Agenda, Due
from gateway.acquisition.clock import GatewayClock
from gateway.acquisition.gaps import pieces
from gateway.acquisition.job import Job, Priority, Wanted
from gateway.acquisition.meter_clock import set_beyond
from gateway.config.model import MeterTable, ReadTable
from gateway.states import States
from gateway.store import history
from gateway.store.connection import Connection
from gateway.store.coverage import Span, gaps
from gateway.store.errors import StoreError
from gateway.store.store import Store

_log = logging.getLogger("metergate")
#: The clock is looked at at least this often: one that is set is seen within it.
_LOOK_S = 1.0


class Schedule:
    """The meters' ``[[meter.read]]`` over the store's coverage."""

    def __init__(
        self,
        meters: Sequence[MeterTable],
        zone: tzinfo,
        jitter: timedelta,
        store: Store,
        states: States,
        clock: GatewayClock,
    ) -> None:
        self._meters = {meter.name: meter for meter in meters}
        self._store = store
        self._states = states
        self._clock = clock
        self._agenda = Agenda(jitter)
        #: Pieces that wait at a link: not asked for again until they are done with.
        self._asked: set[tuple[str, str, Span]] = set()
        now = clock.now()
        for meter in meters:
            for number, what in enumerate(meter.read):
                self._agenda.add(f"{meter.name}/{number}", what.recurrence(zone), now)

    async def due(self) -> list[Job]:
        """Wait until something is due, at most a second; the jobs of it, none when nothing is."""
        if (step := self._clock.step()) is not None:
            _log.warning("the clock was set by %s: the schedule begins anew", step.by)
            self._agenda.stepped(self._clock.now())
        next_at = self._agenda.next_at()
        wait = (next_at - self._clock.now()).total_seconds() if next_at else _LOOK_S
        await asyncio.sleep(min(max(wait, 0.0), _LOOK_S))
        return [job for due in list(self._agenda.due(self._clock.now())) for job in await self._jobs(due)]

    def queued(self, job: Job) -> None:
        """The job waits at its link: what it asks for is not asked for a second time meanwhile."""
        if job.piece is not None:
            asked = (job.meter, str(job.wanted.profile), job.piece)
            self._asked.add(asked)
            job.done.add_done_callback(lambda _: self._asked.discard(asked))

    async def _jobs(self, due: Due) -> list[Job]:
        name, _, number = due.name.rpartition("/")
        what = self._meters[name].read[int(number)]
        if what.profile is not None:
            return list(self._of_profile(name, what, due.boundary, await self._missing(name, what, due.boundary)))
        # Of a log as much as ``history`` says: each event is told once, however often it is read.
        since = due.boundary - what.history if what.what == "events" else None
        wanted = Wanted(
            what.what,
            tuple(what.registers),
            None,
            since,
            due.boundary if since else None,
            set_beyond(self._meters[name], self._clock) if what.what == "clock" else None,
        )
        return [Job(name, wanted, Priority.SCHEDULE, what.deadline.total_seconds(), due.boundary)]

    def _of_profile(self, name: str, what: ReadTable, boundary: datetime, missing: Sequence[Span]) -> Iterator[Job]:
        for piece in pieces(missing):
            if (name, str(what.profile), piece) in self._asked:
                continue
            wanted = Wanted("profile", profile=what.profile, since=piece.after, until=piece.until)
            priority = Priority.SCHEDULE if piece.until == boundary else Priority.GAP
            yield Job(name, wanted, priority, what.deadline.total_seconds(), boundary, piece=piece)

    async def _missing(self, name: str, what: ReadTable, boundary: datetime) -> list[Span]:
        """What of a load profile is not here. When the store cannot say, the newest period."""
        window = Span(boundary - what.history, boundary)

        def work(connection: Connection) -> list[Span]:
            place = history.place(connection, name)
            return gaps(connection, place.meter.key, str(what.profile), window) if place else [window]

        try:
            return await asyncio.wrap_future(self._store.read(work))
        except StoreError as error:
            self._states.say("store", str(error))
            return [Span(boundary - what.every, boundary)]
