"""Makes linkages count at their moment: what ends is closed with a final read, what begins is opened with a first one.

The reads, the messages that say them and what belongs together from then on are one commit: a restart in between changes
nothing. A meter that does not answer is asked again for a quarter of an hour; then, or when the gateway was off at that
moment, the readings nearest to it are taken from the store, under the time they have.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from drivers.reading import Meter, Reading, Record
from gateway.acquisition.job import Job, Priority, Wanted
from gateway.headend.asked_linkages import linked_places, linked_things
from gateway.headend.house import House
from gateway.headend.places import Place, Places
from gateway.messages.codec import read
from gateway.messages.compose import MeterFacts, meter_readings
from gateway.messages.errors import MessageError
from gateway.messages.profiles.kinds import ReadingReasonKind
from gateway.messages.profiles.linkage import MasterDataLinkageConfig
from gateway.messages.profiles.parts import Identified
from gateway.store import audit, belongs, history, linkages, things
from gateway.store.connection import Connection
from gateway.store.errors import StoreError
from gateway.store.linkages import Linkage
from gateway.store.outbox import MessageClass

_log = logging.getLogger("metergate")
_DEADLINE_S = 120.0
_LOOK_S = 30.0
#: A read is of the moment when it is not later than this: after it the store may have a nearer one.
_LATE = timedelta(minutes=15)
_AGAIN_S = 30.0
#: A kept reading is near enough within so long.
_NEAR = timedelta(days=1)
#: What a customer has: a change of it is a change of who pays, which wants reads.
_OF_A_CUSTOMER = ("Customer", "CustomerAccount", "CustomerAgreement")


@dataclass(frozen=True, slots=True)
class _Change:
    """One thing that a place ceases to belong to, or begins to."""

    place: Place
    kind: str
    id: str
    begins: bool


class Linkages:
    """``run`` until cancelled; ``changed`` when one was taken."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._changed = asyncio.Event()
        #: What was read of a place for a moment: what ends and what begins then share it.
        self._read: dict[tuple[str, datetime], tuple[Record, ...]] = {}

    def changed(self) -> None:
        """Look anew at what is due."""
        self._changed.set()

    async def run(self) -> None:
        """Make what is due count, for ever."""
        while True:
            self._changed.clear()
            try:
                wait = await self._perform()
            except StoreError as error:
                self._house.states.say("store", str(error))
                wait = _LOOK_S
            try:
                async with asyncio.timeout(wait):
                    await self._changed.wait()
            except TimeoutError:
                continue

    async def _perform(self) -> float:
        pending = await self._house.read(linkages.pending)
        for one in pending:
            left = (one.effective_at - self._house.now()).total_seconds()
            if left > 0:
                return min(left, _LOOK_S)
            await self._make(one)
        self._read.clear()
        return _LOOK_S

    async def _make(self, one: Linkage) -> None:
        said: MasterDataLinkageConfig = read(one.body).message
        try:
            changes = await self._house.read(partial(self._changes, one=one, said=said))
        except MessageError as error:
            _log.error("linkage %s of %s cannot take effect: %s", one.id, one.source, error)
            await self._house.read(partial(self._end, one=one, state=f"failed: {error}", changes=()))
            return
        for place in {change.place.name: change.place for change in changes}.values():
            key = (place.name, one.effective_at)
            if key not in self._read:
                self._read[key] = await self._reading_of(place, one)
        await self._house.read(partial(self._apply, one=one, changes=changes))
        self._house.dispatch.wake()

    def _changes(self, connection: Connection, *, one: Linkage, said: MasterDataLinkageConfig) -> list[_Change]:
        """What changes for whom, from what is known now. Raises MessageError where a meter is no longer here."""
        places = Places.read(connection, self._house.meters, one.effective_at)
        found: list[_Change] = []
        for place in linked_places(connection, places, said, one.effective_at):
            for kind, names in linked_things(said):
                thing = things.find(connection, kind, names)
                name = thing.id if thing else names[0]
                now = belongs.at(connection, place.name, kind, one.effective_at)
                if one.verb == "close":
                    found += [_Change(place, kind, now, begins=False)] if now == name else []
                elif now != name:
                    found += [_Change(place, kind, now, begins=False)] if now else []
                    found.append(_Change(place, kind, name, begins=True))
        return found

    async def _reading_of(self, place: Place, one: Linkage) -> tuple[Record, ...]:
        """The registers at the moment, as near as they can be had."""
        due = one.effective_at
        while self._house.now() - due <= _LATE:
            job = Job(place.name, Wanted("registers"), Priority.REQUEST, _DEADLINE_S, due, one.request_id)
            if self._house.ask(job) and (result := await job.done).error is None and result.records:
                return result.records
            await asyncio.sleep(_AGAIN_S)
        kept = await self._house.read(partial(self._nearest, place=place, due=due))
        if not kept:
            _log.error("meter %s: no reading is near %s, when linkage %s took effect", place.name, due, one.id)
        return kept

    def _nearest(self, connection: Connection, *, place: Place, due: datetime) -> tuple[Record, ...]:
        if place.meter is None:
            return ()
        nearest: dict[object, Reading] = {}
        for one in history.readings(connection, place.meter.key, due - _NEAR, due + _NEAR):
            before = nearest.get(one.reading.obis)
            if before is None or _off(one.reading, due) < _off(before, due):
                nearest[one.reading.obis] = one.reading
        return (place.meter, *nearest.values()) if nearest else ()

    def _apply(self, connection: Connection, *, one: Linkage, changes: Sequence[_Change]) -> None:
        """All of it, in this commit."""
        for place in {change.place.name: change.place for change in changes}.values():
            own = [change for change in changes if change.place.name == place.name]
            ends = [change for change in own if not change.begins]
            begins = [change for change in own if change.begins]
            records = self._read.get((place.name, one.effective_at), ())
            if ends:
                self._say(connection, one, place, records, _reason(ends, begins=False))
            for change in ends:
                belongs.end(connection, place.name, change.kind, change.id, one.effective_at)
            for change in begins:
                belongs.begin(connection, place.name, change.kind, change.id, one.effective_at, one.source)
            if begins:
                self._say(connection, one, place, records, _reason(begins, begins=True))
        self._end(connection, one=one, state="in effect", changes=changes)

    def _say(
        self,
        connection: Connection,
        one: Linkage,
        place: Place,
        records: Sequence[Record],
        reason: ReadingReasonKind,
    ) -> None:
        # What ends counts until this moment, what begins from it on: ask for what belonged there just before or at it.
        ending = reason in (ReadingReasonKind.MOVE_OUT, ReadingReasonKind.REMOVAL)
        when = one.effective_at - timedelta(microseconds=1) if ending else one.effective_at
        point = place.table.usage_point or belongs.at(connection, place.name, "UsagePoint", when)
        facts = MeterFacts(usage_point=Identified(mrid=point)) if point else MeterFacts()
        wanted = [record for record in records if isinstance(record, Meter | Reading)]
        keys = {record.key: facts for record in wanted if isinstance(record, Meter)}
        message = meter_readings(wanted, self._house.rules, facts=keys, reason=reason, source=one.source).message
        if message.meter_reading:
            now = self._house.now()
            self._house.dispatch.say(connection, message, MessageClass.EVENT, now, one.request_id or None)

    def _end(self, connection: Connection, *, one: Linkage, state: str, changes: Sequence[_Change]) -> None:
        if linkages.settle(connection, one.id, state):
            what = "; ".join(_words(changes)) or "nothing changed"
            noun = "MasterDataLinkageConfig"
            audit.append(
                connection,
                audit.Entry(self._house.now(), one.source, "", one.verb, noun, one.request_id, what, state),
            )


def _reason(changes: Sequence[_Change], *, begins: bool) -> ReadingReasonKind:
    """Who pays changes: someone moves. Else it is the meter that comes or goes."""
    if any(change.kind in _OF_A_CUSTOMER for change in changes):
        return ReadingReasonKind.MOVE_IN if begins else ReadingReasonKind.MOVE_OUT
    return ReadingReasonKind.INSTALLATION if begins else ReadingReasonKind.REMOVAL


def _words(changes: Sequence[_Change]) -> Iterator[str]:
    for change in changes:
        yield f"{change.place.name} {'belongs to' if change.begins else 'leaves'} {change.kind} {change.id}"


def _off(reading: Reading, due: datetime) -> timedelta:
    return abs((reading.time or reading.read_at) - due)
