"""What a ``get MeterReadings`` wants: of which time, which types, which qualities; and whether it wants the meter asked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from gateway.cim.reading_type import ReadingType
from gateway.headend.incoming import Incoming
from gateway.headend.places import known_as
from gateway.messages import refusals
from gateway.messages.envelope import Request
from gateway.messages.profiles.get_meter_readings import GetMeterReadings
from gateway.messages.profiles.meter_readings import IntervalBlock, MeterReading, MeterReadings
from gateway.messages.profiles.parts import DateTimeInterval

#: The Option of the request that says where readings are to come from, and what it may say.
FROM = "from"
STORE, METER = "store", "meter"
_EVER = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Criteria:
    """``spans`` are the times that are asked for (UTC), none for now; ``types`` and ``qualities`` are codes, empty for all.

    ``from_meter``: the meter is asked. That is so where no time is named, or the Option ``from`` says ``meter``.
    """

    spans: tuple[tuple[datetime, datetime], ...]
    types: frozenset[str]
    qualities: frozenset[str]
    reasons: frozenset[str]
    sources: frozenset[str]
    from_meter: bool

    def choose(self, message: MeterReadings) -> MeterReadings:
        """What of a message is wanted; meters of which nothing is are left out."""
        if not (self.types or self.qualities or self.reasons or self.sources):
            return message
        chosen = tuple(filter(_says_something, map(self._of, message.meter_reading)))
        used = {code for meter in chosen for code in types_of(meter)}
        types = tuple(one for one in message.reading_type if used & {name.name for name in one.names})
        return replace(message, meter_reading=chosen, reading_type=types)

    def _of(self, one: MeterReading) -> MeterReading:
        readings = tuple(
            reading
            for reading in one.readings
            if self._wants(reading.reading_type)
            and self._has(reading.reading_qualities)
            and (not self.reasons or str(reading.reason) in self.reasons)
            and (not self.sources or reading.source in self.sources)
        )
        blocks = () if self.reasons or self.sources else tuple(self._blocks(one.interval_blocks))
        return replace(one, readings=readings, interval_blocks=blocks)

    def _blocks(self, blocks: Sequence[IntervalBlock]) -> Iterator[IntervalBlock]:
        for block in blocks:
            if not self._wants(block.reading_type):
                continue
            if not self.qualities:
                yield block
                continue
            rows = tuple(row for row in block.interval_readings if self._has(row.reading_qualities))
            if rows:
                yield replace(block, interval_readings=rows)

    def _wants(self, code: str) -> bool:
        return not self.types or code in self.types

    def _has(self, qualities: Sequence[object]) -> bool:
        return not self.qualities or any(
            getattr(one, "reading_quality_type", "") in self.qualities for one in qualities
        )


def criteria(incoming: Incoming) -> tuple[GetMeterReadings, Criteria]:
    """Raises Refusal: 2.6 for what is no ReadingType, 5.2 for what cannot be asked for here."""
    asked = incoming.asked.criteria or GetMeterReadings()
    if asked.transformer_tank:
        raise refusals.not_attempted("transformer tanks are not known here: ask by device, usage point or group")
    spans = tuple(_spans(asked, incoming.request, incoming.at))
    # What a trigger coincides with may be of any type: coincident_readings chooses.
    types = () if asked.meter_readings is not None else [code for kind in asked.reading_type for code in known_as(kind)]
    for code in types:
        check_type(code)
    return asked, Criteria(
        spans,
        frozenset(types),
        frozenset(name for one in asked.reading_quality for name in known_as(one.reading_quality_type)),
        frozenset(str(one.reason) for one in asked.reading if one.reason is not None),
        frozenset(one.source for one in asked.reading if one.source is not None),
        _from_meter(incoming.request, bool(spans)),
    )


def _spans(asked: GetMeterReadings, request: Request | None, now: datetime) -> Iterator[tuple[datetime, datetime]]:
    said = [one.schedule_interval for one in asked.time_schedule]
    said += [one.time_period for one in asked.reading if one.time_period is not None]
    if request is not None and (request.start_time or request.end_time):
        said.append(DateTimeInterval(start=request.start_time, end=request.end_time))
    for one in said:
        start, end = one.start or _EVER, one.end or now
        if start > end:
            raise refusals.senseless_time(f"the time asked for ends at {end.isoformat()}, before it begins")
        yield start, end


def check_type(code: str) -> None:
    """Raises Refusal (2.6) for what is no ReadingType."""
    try:
        ReadingType.parse(code)
    except ValueError as error:
        raise refusals.invalid_reading_type(code, str(error)) from None


def _from_meter(request: Request | None, has_time: bool) -> bool:
    said = [one.value for one in request.option if one.name == FROM] if request is not None else []
    for value in said:
        if value not in (STORE, METER):
            raise refusals.not_attempted(f"the Option {FROM} is {STORE} or {METER}, not {value!r}")
    return said[-1] == METER if said else not has_time


def types_of(one: MeterReading) -> set[str]:
    """The ReadingTypes of its readings and intervals."""
    return {reading.reading_type for reading in one.readings} | {block.reading_type for block in one.interval_blocks}


def _says_something(one: MeterReading) -> bool:
    return bool(one.readings or one.interval_blocks)
