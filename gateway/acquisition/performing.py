"""One job, done: the meter is read, what the gateway noticed itself is added, and all of it is dispatched."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from drivers.counter import KnowsCounters
from drivers.driver import Context
from drivers.errors import LinkLost, MeterError, NoAnswer
from drivers.reading import Meter, Obis, Record
from gateway.acquisition.clock import GatewayClock
from gateway.acquisition.conditions import observed
from gateway.acquisition.dispatch import Dispatch, Origin
from gateway.acquisition.gaps import answered
from gateway.acquisition.job import Job, Result, Wanted
from gateway.acquisition.meter_clock import events as clock_events
from gateway.acquisition.reading import read
from gateway.acquisition.validation import Limit
from gateway.config.model import MeterTable
from gateway.messages.compose import MeterFacts
from gateway.messages.profiles.parts import Identified
from gateway.states import States
from gateway.store import history
from gateway.store.coverage import Span
from gateway.store.errors import StoreError
from gateway.store.store import Store

if TYPE_CHECKING:
    from gateway.acquisition.networks import Network

_log = logging.getLogger("metergate")
#: So many failures one after the other, and it is said as an event: one lost frame is none.
_SILENT_AFTER = 3


@dataclass(slots=True)
class Performer:
    """Does the jobs of all links. ``contexts``, ``meters`` and ``networks`` by the meters' names."""

    meters: Mapping[str, MeterTable]
    contexts: Mapping[str, Context]
    dispatch: Dispatch
    store: Store
    states: States
    clock: GatewayClock
    networks: Mapping[str, Network] = field(default_factory=dict)
    _failures: dict[str, int] = field(default_factory=dict)

    async def do(self, job: Job) -> Result:
        """Read and hand on; the result's records are as they were judged. Errors of the meter, the line and the store are in
        the result or the states, none is raised."""
        meter = self.meters[job.meter]
        context: Context | None = self.contexts[job.meter]
        if (network := self.networks.get(job.meter)) is not None:
            context = network.through(self.contexts[job.meter])
        if context is None:
            return Result(error=LinkLost("the network is not open", where=str(meter.url)))
        try:
            first = await self._first(job, meter, context)
            result = await read(meter.url, context, job.wanted, job.deadline_s)
            result = replace(result, records=(*first, *result.records))
        except StoreError as error:
            # A counter could not be set aside, so nothing was asked; the meter is not to blame.
            self.states.say("store", str(error))
            return Result()
        self.states.say(f"meter {job.meter}", str(result.error) if result.error else "")
        try:
            records = (*result.records, *await self._noticed(job, meter, result))
            if records:
                accepted = await self.dispatch.accept(records, self.clock.now(), self._origin(job, meter, result))
                for left in accepted.left_out:
                    _log.debug("meter %s: not in the message: %s (%s)", job.meter, left.raw, left.reason)
                result = replace(result, records=accepted.records)
        except StoreError as error:
            # Nothing was accepted, and the meter still has it: the next read comes, the gaps are asked for.
            self.states.say("store", str(error))
        else:
            self.states.say("store", "")
        return result

    async def _first(self, job: Job, meter: MeterTable, context: Context) -> tuple[Record, ...]:
        """The registers of a meter that never answered, before the first of its load profile: a profile does not say whose it
        is, and what is here of it is known by the meter."""
        if job.piece is None:
            return ()
        known = await asyncio.wrap_future(self.store.read(lambda connection: history.place(connection, job.meter)))
        if known is not None:
            return ()
        return (await read(meter.url, context, Wanted("registers"), job.deadline_s)).records

    def _origin(self, job: Job, meter: MeterTable, result: Result) -> Origin:
        usage_point = Identified(mrid=meter.usage_point) if meter.usage_point else None
        return Origin(
            meter.name,
            meter.serial,
            MeterFacts(usage_point=usage_point),
            limits(meter, self.contexts[meter.name].meter_map),
            answered=self._answered(job, result),
            correlation_id=job.correlation_id,
        )

    def _answered(self, job: Job, result: Result) -> tuple[Obis, Span] | None:
        if job.piece is None or job.wanted.profile is None:
            return None
        span = answered(job.piece, result.records, result.error is None, self.clock.now())
        return (job.wanted.profile, span) if span else None

    async def _noticed(self, job: Job, meter: MeterTable, result: Result) -> list[Record]:
        """The gateway's own events of this read: silence that begins or ends, a clock that is off or was set."""
        who = next((record for record in result.records if isinstance(record, Meter)), None)
        found: list[Record] = []
        failed = self._failures[job.meter] = self._failures.get(job.meter, 0) + 1 if _unreachable(result.error) else 0
        if who is None and (failed >= _SILENT_AFTER or result.clocks):
            place = await asyncio.wrap_future(self.store.read(lambda connection: history.place(connection, job.meter)))
            who = place.meter if place else Meter(serial=job.meter)
        if who is None:
            return []
        now = self.clock.now()
        if failed >= _SILENT_AFTER or (failed == 0 and result.records):
            lost, why = isinstance(result.error, LinkLost), str(result.error or "")
            found.append(observed(who.key, "meter silent", failed > 0 and not lost, now, {"why": why}))
            found.append(observed(who.key, "link lost", failed > 0 and lost, now, {"why": why}))
        if result.clocks is not None:
            before, after = result.clocks
            found += clock_events(who.key, before, after, meter.clock.report)
        return found if any(isinstance(record, Meter) for record in result.records) else [who, *found]


def limits(meter: MeterTable, known: object | None) -> dict[Obis, Limit]:
    """What is known of a meter's registers: of its device map how they count, and over that what the site says."""
    counters = known.counters if isinstance(known, KnowsCounters) else {}
    found = {obis: Limit(counter=counter) for obis, counter in counters.items()}
    for one in meter.limit:
        said = one.limit()
        if said.counter.rollover is None and one.obis in counters:
            said = replace(said, counter=counters[one.obis])
        found[one.obis] = said
    return found


def _unreachable(error: MeterError | None) -> bool:
    return isinstance(error, NoAnswer | LinkLost)
