"""The gateway as a whole: what is due goes to the links' workers, what they read to the outbox, what waits there to the sinks.

    agenda ──due──► one worker a link ──records──► dispatch ──on the disk──► outbox ──► one delivery a sink

Everything runs in one loop under one TaskGroup: a task that fails by a mistake of ours ends the gateway, loudly, and the
service manager starts it again with everything that was accepted still there.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from drivers.driver import Context, KeySource
from drivers.reading import Obis
from gateway.acquisition.agenda import Agenda, Due
from gateway.acquisition.clock import GatewayClock
from gateway.acquisition.dispatch import Dispatch, Origin
from gateway.acquisition.gaps import answered, pieces
from gateway.acquisition.job import Job, Priority, Result, Wanted
from gateway.acquisition.reading import read
from gateway.acquisition.worker import LinkWorker
from gateway.cim.obis_rules import Rules
from gateway.config.load import Configured, link_of
from gateway.config.model import MeterTable, ReadTable
from gateway.device_map.catalogue import meter_map
from gateway.messages.compose import MeterFacts
from gateway.messages.profiles.parts import Identified
from gateway.sinks.delivery import Delivery
from gateway.sinks.making import make
from gateway.store import history
from gateway.store.connection import Connection
from gateway.store.counters import Counters
from gateway.store.coverage import Span, gaps
from gateway.store.errors import StoreError
from gateway.store.outbox import Outbox, Quota
from gateway.store.store import Store, open_store

_log = logging.getLogger("metergate")

#: The agenda looks at the clock at least this often: a wall clock that is set is seen within it.
_LOOK_S = 1.0
#: The quota is kept this often; in between an outage adds little.
_QUOTA_EVERY_S = 300.0
STORE = "store.sqlite"


@dataclass(slots=True)
class Parts:
    """What a gateway is made of, for those who look at it or ask something of it while it runs."""

    store: Store
    outbox: Outbox
    deliveries: dict[str, Delivery]
    workers: dict[str, LinkWorker]
    agenda: Agenda
    asked: set[tuple[str, str, Span | None]] = field(default_factory=set)
    last_read: dict[str, Result] = field(default_factory=dict)


class Gateway:
    """One gateway. ``run`` until cancelled; ``on_ready`` is called once, when everything is open."""

    def __init__(self, configured: Configured, keys: KeySource, clock: GatewayClock | None = None) -> None:
        self._config = configured.config
        self._keys = keys
        self._clock = clock or GatewayClock()
        self._meters = {meter.name: meter for meter in self._config.meter}
        self._troubles: dict[str, str] = {}
        self.parts: Parts | None = None

    async def run(self, on_ready: Callable[[], None] = lambda: None) -> None:
        """Raises StoreError when the store cannot be opened, UsageError for a map or certificate that is wrong."""
        state = self._config.gateway.state
        state.mkdir(parents=True, exist_ok=True)
        store, damaged = open_store(state / STORE)
        if damaged is not None:
            _log.error("the store was damaged: it is kept as %s, and a fresh one was begun", damaged)
        try:
            self.parts = parts = self._made(store)
            async with asyncio.TaskGroup() as tasks:
                for delivery in parts.deliveries.values():
                    tasks.create_task(delivery.run())
                for worker in parts.workers.values():
                    tasks.create_task(worker.run())
                tasks.create_task(self._follow(parts))
                tasks.create_task(self._keep_quota(parts))
                on_ready()
        finally:
            store.close()

    def ask(self, job: Job) -> bool:
        """Queue a job at its meter's link; False when the link takes no more. Raises KeyError for an unknown meter."""
        assert self.parts is not None  # noqa: S101 - only a running gateway is asked
        return self.parts.workers[link_of(self._meters[job.meter].url)].ask(job)

    def _made(self, store: Store) -> Parts:
        outbox = Outbox(store)
        deliveries = {
            sink.name: Delivery(outbox, make(sink, self._config.gateway.name, self._keys), on_state=self._say)
            for sink in self._config.sink
        }

        def wake() -> None:
            for delivery in deliveries.values():
                delivery.wake()

        gateway = self._config.gateway
        dispatch = Dispatch(store, list(deliveries), Rules.load(gateway.dialect), gateway.name, wake)
        counters = Counters(store)
        contexts = {meter.name: self._context(meter, counters) for meter in self._config.meter}

        async def do(job: Job) -> Result:
            return await self._do(job, contexts[job.meter], dispatch)

        workers: dict[str, LinkWorker] = {}
        for meter in self._config.meter:
            link = link_of(meter.url)
            workers.setdefault(link, LinkWorker(link, do))
        return Parts(store, outbox, deliveries, workers, self._agenda())

    def _context(self, meter: MeterTable, counters: Counters) -> Context:
        return Context(
            zone=meter.zone or self._config.gateway.zone,
            keys=self._keys,
            counters=counters,
            meter_map=meter_map(meter.url.scheme, meter.map),
            now=self._clock.now,
        )

    def _agenda(self) -> Agenda:
        agenda = Agenda(self._config.gateway.jitter)
        now = self._clock.now()
        for meter in self._config.meter:
            for number, what in enumerate(meter.read):
                agenda.add(f"{meter.name}/{number}", what.recurrence(self._config.gateway.zone), now)
        return agenda

    async def _follow(self, parts: Parts) -> None:
        """Ask for what is due, for ever."""
        while True:
            if (step := self._clock.step()) is not None:
                _log.warning("the clock was set by %s: the schedule begins anew", step.by)
                parts.agenda.stepped(self._clock.now())
            for due in parts.agenda.due(self._clock.now()):
                await self._ask_for(due, parts)
            next_at = parts.agenda.next_at()
            wait = (next_at - self._clock.now()).total_seconds() if next_at else _LOOK_S
            await asyncio.sleep(min(max(wait, 0.0), _LOOK_S))

    async def _ask_for(self, due: Due, parts: Parts) -> None:
        name, _, number = due.name.rpartition("/")
        what = self._meters[name].read[int(number)]
        deadline_s = what.deadline.total_seconds()
        if what.profile is None:
            jobs = [Job(name, wanted(what, due), Priority.SCHEDULE, deadline_s, due.boundary)]
        else:
            jobs = [
                Job(
                    name,
                    Wanted("profile", profile=what.profile, since=piece.after, until=piece.until),
                    Priority.SCHEDULE if piece.until == due.boundary else Priority.GAP,
                    deadline_s,
                    due.boundary,
                    piece=piece,
                )
                for piece in await self._missing(name, what, due.boundary, parts)
            ]
        for job in jobs:
            if not self.ask(job):
                _log.error("meter %s: too many reads wait at its link; the one of %s is left out", name, due.boundary)
            elif job.piece is not None:
                asked = (name, str(what.profile), job.piece)
                parts.asked.add(asked)
                job.done.add_done_callback(lambda _, asked=asked: parts.asked.discard(asked))  # type: ignore[misc]

    async def _missing(self, name: str, what: ReadTable, boundary: datetime, parts: Parts) -> list[Span]:
        """The pieces of a load profile that are neither here nor asked for already, the newest first."""
        window, profile = Span(boundary - what.history, boundary), str(what.profile)

        def work(connection: Connection) -> list[Span]:
            place = history.place(connection, name)
            return gaps(connection, place.meter.key, profile, window) if place else [window]

        try:
            missing = await asyncio.wrap_future(parts.store.read(work))
        except StoreError as error:
            self._say(f"store of {name}", str(error))
            missing = [Span(boundary - what.every, boundary)]
        return [piece for piece in pieces(missing) if (name, profile, piece) not in parts.asked]

    async def _do(self, job: Job, context: Context, dispatch: Dispatch) -> Result:
        meter = self._meters[job.meter]
        result, _ = await read(meter.url, context, job.wanted, job.deadline_s)
        if result.records:
            origin = Origin(
                meter.name,
                meter.serial,
                _facts(meter),
                answered=self._answered(job, result),
                correlation_id=job.correlation_id,
            )
            try:
                accepted = await dispatch.accept(result.records, self._clock.now(), origin)
            except StoreError as error:
                # Nothing was accepted, and the meter still has it: the next read comes, the gaps are asked for.
                self._say(f"store of {job.meter}", str(error))
                return result
            self._say(f"store of {job.meter}", "")
            for left in accepted.left_out:
                _log.debug("meter %s: not in the message: %s (%s)", job.meter, left.raw, left.reason)
        self._say(f"meter {job.meter}", str(result.error) if result.error else "")
        if self.parts is not None:
            self.parts.last_read[job.meter] = result
        return result

    def _answered(self, job: Job, result: Result) -> tuple[Obis, Span] | None:
        if job.piece is None or job.wanted.profile is None:
            return None
        span = answered(job.piece, result.records, result.error is None, self._clock.now())
        return (job.wanted.profile, span) if span else None

    async def _keep_quota(self, parts: Parts) -> None:
        quota = Quota(self._config.gateway.quota.size, self._config.gateway.quota.age)
        while True:
            try:
                lost = await asyncio.wrap_future(parts.outbox.keep_within(quota, self._clock.now()))
            except StoreError as error:
                self._say("quota", str(error))
            else:
                self._say("quota", "")
                if lost:
                    _log.error("%d messages were given up: the quota is reached", lost)
            await asyncio.sleep(_QUOTA_EVERY_S)

    def _say(self, what: str, trouble: str) -> None:
        """Log a state when it changes, once."""
        if self._troubles.get(what, "") == trouble:
            return
        self._troubles[what] = trouble
        if trouble:
            _log.warning("%s: %s", what, trouble)
        else:
            _log.info("%s: well again", what)


def wanted(what: ReadTable, due: Due) -> Wanted:
    """What a line of the schedule asks for at its boundary: of a log as much as ``history`` says, for each event is told once."""
    since = due.boundary - what.history if what.what == "events" else None
    return Wanted(what.what, tuple(what.registers), None, since, due.boundary if since else None)


def _facts(meter: MeterTable) -> MeterFacts:
    return MeterFacts(usage_point=Identified(mrid=meter.usage_point) if meter.usage_point else None)


def state_of(configured: Configured) -> Path:
    """The file of the store."""
    return configured.config.gateway.state / STORE
