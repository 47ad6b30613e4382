"""From what was read to the outbox: validated, made into messages, and accepted when all of it is on the disk at once.

What is kept (readings, intervals, coverage, events told) and the messages that say it are one commit: after a crash either
both are there or neither, and the meter is asked again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import astuple, dataclass, field, replace
from datetime import datetime
from itertools import chain
from typing import TypeVar

from drivers.reading import Meter, MeterEvent, NotUnderstood, Obis, Reading, Record, Series
from gateway.acquisition.alarms import alarms
from gateway.acquisition.conditions import Settled, Standing, settle
from gateway.acquisition.gathering import Gathering, comes_in_swarms
from gateway.acquisition.together import Together
from gateway.acquisition.validation import Before, Limit, exchanged, validate
from gateway.cim.classified import Classified, classify
from gateway.cim.events import shipped
from gateway.cim.obis_rules import Rules
from gateway.messages.codec import to_bytes
from gateway.messages.compose import Composed, MeterFacts, meter_readings
from gateway.messages.compose_events import ComposedEvents, end_device_events
from gateway.messages.exchange import event
from gateway.messages.profiles.end_device_events import EndDeviceEvent, EndDeviceEvents
from gateway.messages.profiles.kinds import ReadingReasonKind
from gateway.messages.profiles.parts import Identified
from gateway.store import belongs, history
from gateway.store.connection import Connection
from gateway.store.coverage import Span, cover
from gateway.store.outbox import Message, MessageClass, put
from gateway.store.store import Store

_T = TypeVar("_T")
_Read = tuple[Sequence[Record], datetime, "Origin"]


@dataclass(frozen=True, slots=True)
class Origin:
    """Where records come from: the place's name, who is expected there, and what is known of it beside what it said.

    ``answered`` is the span of a load profile that the meter has answered for; ``correlation_id`` the MessageID of the
    request behind the read; ``reason`` and ``source`` say why a person read it, and who.
    """

    place: str
    serial: str = ""
    facts: MeterFacts = field(default_factory=MeterFacts)
    limits: Mapping[Obis, Limit] = field(default_factory=dict)
    answered: tuple[Obis, Span] | None = None
    correlation_id: str | None = None
    reason: ReadingReasonKind | None = None
    source: str | None = None


@dataclass(frozen=True, slots=True)
class Accepted:
    """How many messages went to each sink's queue because of it, what could not be said in one, and the records as they
    were judged: with their doubts, without rows that were here already."""

    messages: int
    left_out: tuple[NotUnderstood, ...]
    records: tuple[Record, ...] = ()


class Dispatch:
    """Puts what was read into the outbox for every sink. ``wake`` is called when something is there."""

    def __init__(
        self, store: Store, sinks: Sequence[str], rules: Rules, source: str, wake: Callable[[], None] = lambda: None
    ) -> None:
        self._store = store
        self._sinks = tuple(sinks)
        self._rules = rules
        self._source = source
        self._wake = wake
        # What is new is found out in one commit and told in the next: nobody else may tell of the same meter in between.
        self._commits: Together[Sequence[_Read], list[Accepted]] = Together(self._accept)
        self._swarm: Gathering[_Read, Accepted] = Gathering(self._accept_as_one)

    async def accept(self, records: Sequence[Record], at: datetime, origin: Origin) -> Accepted:
        """Make the messages of one read and wait until they are on the disk. Raises StoreError.

        An outage or tamper waits a little for those of other meters, and is told with them.
        """
        if origin.correlation_id is None and comes_in_swarms(records, at):
            return await self._swarm.add((records, at, origin), origin.place)
        return (await self._accept_as_one([(records, at, origin)]))[0]

    async def _accept_as_one(self, reads: Sequence[_Read]) -> list[Accepted]:
        """The events of all these reads are one message."""
        about = {name for records, _, origin in reads for name in (origin.place, *map(_meter_of, records))}
        return await self._commits.add(reads, about)

    async def _accept(self, groups: Sequence[Sequence[_Read]]) -> list[list[Accepted]]:
        """All of it in one commit; the events of each group are one message."""

        def look(connection: Connection) -> list[list[_Known]]:
            return [[_known(connection, *one) for one in group] for group in groups]

        prepared: list[list[_Prepared]] = []
        for group, known in zip(groups, await self._read(look), strict=True):
            prepared.append([self._prepared(*one, what) for one, what in zip(group, known, strict=True)])
            # A boundary of many meters must not hold up those that wait for an answer on a line.
            await asyncio.sleep(0)
        taken = await asyncio.wrap_future(
            self._store.write(lambda connection: [self._told(connection, group) for group in prepared])
        )
        if any(map(any, taken)):
            self._wake()
        return [
            [
                Accepted(number, (*one.composed.left_out, *one.told.left_out), tuple(one.judged))
                for number, one in zip(numbers, group, strict=True)
            ]
            for numbers, group in zip(taken, prepared, strict=True)
        ]

    def _told(self, connection: Connection, group: Sequence[_Prepared]) -> list[int]:
        """Keep a group, and put its messages into the queues: how many each of its reads gave."""
        fresh = [_not_told(one.told, history.told(connection, _mrids(one.told))) for one in group]
        taken = [self._keep(connection, one, new) for one, new in zip(group, fresh, strict=True)]
        events = {event.mrid or str(number): event for number, event in enumerate(chain.from_iterable(fresh))}
        if events:
            at = max(one.at for one in group)
            said = replace(group[0].told.message, end_device_event=tuple(events.values()))
            taken[0] += put(connection, self._sinks, self._message(said, MessageClass.EVENT, at, group[0].origin), at)
        return taken

    def _prepared(self, records: Sequence[Record], at: datetime, origin: Origin, known: _Known) -> _Prepared:
        judged = validate(_without_known(records, known), known.before, origin.limits)
        judged += [*_place_events(known, origin, at), *alarms(judged, origin.limits, known.standing)]
        settled = settle(judged, known.standing, shipped().has_edges, at)
        judged = list(settled.records)
        told = end_device_events(judged)
        said = origin.facts
        if said.usage_point is None and known.usage_point is not None:
            said = replace(said, usage_point=Identified(mrid=known.usage_point))
        facts = {record.key: said for record in judged if isinstance(record, Meter)}
        composed = meter_readings(judged, self._rules, facts=facts, reason=origin.reason, source=origin.source)
        return _Prepared(at, origin, known, judged, settled, told, composed, classify(judged, self._rules))

    def _keep(self, connection: Connection, one: _Prepared, fresh: Sequence[EndDeviceEvent]) -> int:
        """Keep what was read, and put its readings into the queues."""
        _keep(connection, one.classified, fresh, one.at, one.origin, one.known)
        history.stand(connection, map(astuple, one.settled.begun), map(astuple, one.settled.ended), one.at)
        if not tuple(one.composed.message.meter_reading):
            return 0
        message = self._message(one.composed.message, MessageClass.TELEMETRY, one.at, one.origin)
        return put(connection, self._sinks, message, one.at)

    def say(
        self, connection: Connection, payload: object, kind: MessageClass, at: datetime, correlation_id: str | None
    ) -> int:
        """Put a payload as an event into every sink's queue, within the caller's commit; ``wake`` when it is over."""
        message = self._message(payload, kind, at, Origin("", correlation_id=correlation_id))
        return put(connection, self._sinks, message, at)

    async def tell(self, payload: object, kind: MessageClass, at: datetime, correlation_id: str | None) -> None:
        """Tell a payload as an event, in a commit of its own. Raises StoreError."""
        if await self._read(lambda connection: self.say(connection, payload, kind, at, correlation_id)):
            self._wake()

    def wake(self) -> None:
        """Something is in the queues."""
        self._wake()

    async def _read(self, work: Callable[[Connection], _T]) -> _T:
        return await asyncio.wrap_future(self._store.read(work))

    def _message(self, payload: object, kind: MessageClass, at: datetime, origin: Origin) -> Message:
        message = event(payload, at=at, source=self._source, correlation_id=origin.correlation_id)
        assert message.header.message_id is not None  # noqa: S101 - event() names every message
        return Message(message.header.message_id, kind, to_bytes(message))


@dataclass(frozen=True, slots=True)
class _Known:
    """What the store knows that bears on these records. ``new_rows`` by the identity of the series; ``usage_point`` what
    a head end says that the place belongs to."""

    before: Before
    place: history.Place | None
    new_rows: Mapping[int, Series]
    meter: Meter | None
    standing: frozenset[Standing]
    usage_point: str | None


@dataclass(frozen=True, slots=True)
class _Prepared:
    """One read, judged and composed, ready to be kept."""

    at: datetime
    origin: Origin
    known: _Known
    judged: list[Record]
    settled: Settled
    told: ComposedEvents
    composed: Composed
    classified: Sequence[Classified]


def _meter_of(record: Record) -> str:
    return record.key if isinstance(record, Meter) else record.meter


def _known(connection: Connection, records: Sequence[Record], at: datetime, origin: Origin) -> _Known:
    meter = next((record for record in records if isinstance(record, Meter) and record.behind is None), None)
    last: dict[Obis, Reading] = {}
    if meter is not None:
        asked = [record.obis for record in records if isinstance(record, Reading) and record.meter == meter.key]
        last = history.last_values(connection, meter.key, asked)
    rows = {
        id(record): replace(
            record,
            rows=tuple(
                history.new_rows(
                    connection, record.meter, record.profile, [column.obis for column in record.columns], record.rows
                )
            ),
        )
        for record in records
        if isinstance(record, Series)
    }
    meters = set(map(_meter_of, records))
    standing = frozenset(Standing(*state) for state in history.standing(connection, meters))
    point = belongs.at(connection, origin.place, "UsagePoint", at)
    since = history.standing_since(connection, meter.key, last) if meter is not None and _stands(origin.limits) else {}
    return _Known(Before(last, since), history.place(connection, origin.place), rows, meter, standing, point)


def _stands(limits: Mapping[Obis, Limit]) -> bool:
    """Whether it matters how long a value has stood."""
    return any(limit.stuck_after is not None for limit in limits.values())


def _without_known(records: Sequence[Record], known: _Known) -> list[Record]:
    """The records without the rows of load profiles that are here already, and without series that hold no others."""
    found: list[Record] = []
    for record in records:
        if not isinstance(record, Series):
            found.append(record)
        elif (new := known.new_rows[id(record)]).rows:
            found.append(new)
    return found


def _place_events(known: _Known, origin: Origin, at: datetime) -> list[Record]:
    """The event that another meter answers here than before, or than is expected."""
    if known.meter is None:
        return []
    why = exchanged(known.place.meter if known.place else None, origin.serial, known.meter)
    same = known.place is not None and known.place.meter.serial == known.meter.serial
    if not why or same:
        return []
    details = {"place": origin.place, "why": why}
    return [MeterEvent(known.meter.key, None, "gateway", "meter exchanged", at, "gateway", details)]


def _mrids(told: ComposedEvents) -> list[str]:
    return [one.mrid for one in told.message.end_device_event if one.mrid is not None]


def _not_told(told: ComposedEvents, already: set[str]) -> tuple[EndDeviceEvent, ...]:
    seen = set(already)
    fresh = []
    for one in told.message.end_device_event:
        if one.mrid is None or one.mrid not in seen:
            fresh.append(one)
            seen.add(one.mrid or "")
    return tuple(fresh)


def _keep(
    connection: Connection,
    classified: Sequence[Classified],
    fresh: Sequence[EndDeviceEvent],
    at: datetime,
    origin: Origin,
    known: _Known,
) -> None:
    history.keep_readings(
        connection,
        (
            history.Kept(item.record, str(item.reading_type) if item.reading_type else None)
            for item in classified
            if isinstance(item.record, Reading)
        ),
    )
    for item in classified:
        if isinstance(series := item.record, Series):
            columns = [(column.obis, column.unit) for column in series.columns]
            history.keep_rows(connection, series.meter, series.profile, columns, series.interval_s, series.rows)
    for one in fresh:
        if one.mrid is not None:
            key = known.meter.key if known.meter else origin.place
            body = to_bytes(EndDeviceEvents(end_device_event=(one,))).decode()
            history.keep_event(connection, one.mrid, key, one.created_date_time, at, one.end_device_event_type, body)
    for item in classified:
        if isinstance(meter := item.record, Meter) and meter.behind is not None and meter.serial:
            history.keep_behind(connection, origin.place, meter, at)
    if known.meter is not None and known.meter.serial and not _is_at(known.meter, known.place):
        history.keep_place(connection, origin.place, known.meter, at)
    if origin.answered is not None and (answered_by := _answered_by(known, classified)):
        cover(connection, answered_by, str(origin.answered[0]), origin.answered[1])


def _is_at(meter: Meter, place: history.Place | None) -> bool:
    return place is not None and place.meter.key == meter.key


def _answered_by(known: _Known, classified: Sequence[Classified]) -> str | None:
    """The key of the meter that a load profile was read of: drivers say who answers with registers, not with profiles."""
    if known.meter is not None:
        return known.meter.key if known.meter.serial else None
    rows_of = next((item.record.meter for item in classified if isinstance(item.record, Series)), None)
    return rows_of or (known.place.meter.key if known.place else None)
