"""Coincident readings: a trigger, such as a maximum demand, and what was read at the same moment.

Asked for by the ``MeterReadings`` of a GetMeterReadings, which describes the trigger; its other criteria say of which
meters, and which readings are to come with it. In the answer a trigger is a MeterReading of its own with
``isCoincidentTrigger`` true, and what coincides with it follows in one with false and the same time stamps. The standard's
structure is public; that it is used so is inferred from its annotations.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from gateway.messages.profiles.get_meter_readings import CoincidentReading, GetMeterReadings, Trigger
from gateway.messages.profiles.meter_readings import IntervalBlock, Meter, MeterReading, MeterReadings, Reading
from gateway.messages.profiles.parts import DateTimeInterval, Identified
from gateway.messages.refusals import Refusal, unavailable_data


@dataclass(frozen=True, slots=True)
class Coincident:
    """The answer, and what was asked for and is not in it, each with its reply code (5.7)."""

    message: MeterReadings
    missing: tuple[Refusal, ...]


def is_asked(asked: GetMeterReadings) -> bool:
    """Whether a request is for coincident readings: it describes a trigger and does not say that it is none."""
    trigger = asked.meter_readings
    return trigger is not None and trigger.is_coincident_trigger is not False


def coincident_readings(found: MeterReadings, asked: GetMeterReadings) -> Coincident:
    """Choose from everything that was read: each trigger that ``asked`` describes, and what has the very same time stamp.

    Without ReadingTypes in the request all that coincides is given. Raises ValueError when no trigger is described.
    """
    if asked.meter_readings is None:
        raise ValueError("the request describes no trigger")
    chooser = _Chooser(asked, asked.meter_readings)
    chosen = [part for one in found.meter_reading for part in chooser.of(one)]
    if not chosen and not chooser.missing:
        chooser.miss("no reading or event is as the trigger is described")
    used = {code for one in chosen for code in _types(one)}
    message = MeterReadings(
        meter_reading=tuple(chosen),
        reading_type=tuple(kind for kind in found.reading_type if used & {name.name for name in kind.names}),
    )
    return Coincident(message, tuple(chooser.missing))


class _Chooser:
    def __init__(self, asked: GetMeterReadings, trigger: Trigger) -> None:
        self.missing: list[Refusal] = []
        self._trigger = trigger
        self._wanted = [name for kind in asked.reading_type for name in _known_as(kind)]
        self._meters = {name for device in asked.end_device for name in _known_as(device)}
        self._usage_points = {name for point in asked.usage_point for name in _known_as(point)}

    def miss(self, what: str) -> None:
        self.missing.append(unavailable_data(what))

    def of(self, one: MeterReading) -> Iterator[MeterReading]:
        """The triggers of one meter, each followed by what coincides with it."""
        who = self._trigger
        if not (_among(one.meter, self._meters) and _among(one.usage_point, self._usage_points)):
            return
        if not (_is(one.meter, who.meter) and _is(one.usage_point, who.usage_point)):
            return
        for stamp, trigger in self._triggers(one):
            yield trigger
            yield from self._at(stamp, one, trigger.readings)

    def _triggers(self, one: MeterReading) -> Iterator[tuple[datetime, MeterReading]]:
        described = self._trigger
        if described.readings is not None:
            for reading in one.readings:
                if _fits(reading, described.readings):
                    if reading.time_stamp is None:
                        self.miss(f"{_name(one.meter)} gave no time with {reading.reading_type}")
                    else:
                        yield reading.time_stamp, _part(one, True, readings=(reading,))
        if described.end_device_events is not None:
            types = _known_as(described.end_device_events.end_device_event_type)
            for event in one.end_device_events:
                if event.end_device_event_type in types:
                    whole = MeterReading(
                        is_coincident_trigger=True,
                        end_device_events=(event,),
                        meter=one.meter,
                        usage_point=one.usage_point,
                    )
                    yield event.created_date_time, whole

    def _at(self, stamp: datetime, one: MeterReading, triggers: Iterable[Reading]) -> Iterator[MeterReading]:
        """Registers and intervals with this very time stamp."""
        readings = tuple(
            reading
            for reading in one.readings
            if reading.time_stamp == stamp and reading not in triggers and self._is_wanted(reading.reading_type)
        )
        blocks = tuple(self._blocks(stamp, one))
        if readings or blocks:
            yield _part(one, False, readings, blocks)
        got = {reading.reading_type for reading in readings} | {block.reading_type for block in blocks}
        for code in self._wanted or ([] if got else ["any other reading"]):
            if code not in got:
                self.miss(f"{_name(one.meter)} has not {code} at {stamp.isoformat()}")

    def _blocks(self, stamp: datetime, one: MeterReading) -> Iterator[IntervalBlock]:
        for block in one.interval_blocks:
            rows = tuple(row for row in block.interval_readings if row.time_stamp == stamp)
            if rows and self._is_wanted(block.reading_type):
                yield replace(block, interval_readings=rows)

    def _is_wanted(self, code: str) -> bool:
        return not self._wanted or code in self._wanted


def _part(
    one: MeterReading, trigger: bool, readings: tuple[Reading, ...], blocks: tuple[IntervalBlock, ...] = ()
) -> MeterReading:
    return MeterReading(
        is_coincident_trigger=trigger,
        interval_blocks=blocks,
        meter=one.meter,
        readings=readings,
        usage_point=one.usage_point,
    )


def _fits(reading: Reading, described: CoincidentReading) -> bool:
    return (
        reading.reading_type in _known_as(described.reading_type)
        and described.reason in (None, reading.reason)
        and described.source in (None, reading.source)
        and (described.time_period is None or _within(reading.time_stamp, described.time_period))
    )


def _within(stamp: datetime | None, period: DateTimeInterval) -> bool:
    """After the start, and up to the end: a stamp is the end of what it stands for."""
    if stamp is None:
        return False
    return (period.start is None or stamp > period.start) and (period.end is None or stamp <= period.end)


def _known_as(thing: Identified | Meter) -> list[str]:
    """The names of a thing, its mRID last."""
    return [name.name for name in thing.names] + ([thing.mrid] if thing.mrid else [])


def _among(thing: Identified | Meter | None, names: set[str]) -> bool:
    return not names or (thing is not None and not names.isdisjoint(_known_as(thing)))


def _is(thing: Identified | Meter | None, described: Identified | None) -> bool:
    return described is None or _among(thing, set(_known_as(described)))


def _name(meter: Meter | None) -> str:
    return next(iter(_known_as(meter)), "the meter") if meter is not None else "the meter"


def _types(one: MeterReading) -> Iterator[str]:
    yield from (reading.reading_type for reading in one.readings)
    yield from (block.reading_type for block in one.interval_blocks)
