"""Records of a readout to MeterReadings: grouped by meter, in the order the meter said them.

Nothing is emitted under a type it does not have. What has none, and what no time can be said of, is left out and handed
back with the reason, so that the caller can log and count it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from drivers.reading import (
    CURRENT,
    Column,
    Doubt,
    Meter,
    MeterEvent,
    NotUnderstood,
    Obis,
    Period,
    Reading,
    Record,
    Row,
    Series,
    Text,
)
from gateway.cim import quality
from gateway.cim.obis_rules import Asked, Rules
from gateway.cim.reading_type import ReadingType, Unmapped
from gateway.messages.compose_events import end_device_events
from gateway.messages.datatypes import sayable
from gateway.messages.identity import meter_mrid, meter_names
from gateway.messages.profiles import meter_readings as cim
from gateway.messages.profiles.codes import RationalNumber
from gateway.messages.profiles.codes import ReadingType as WrittenOut
from gateway.messages.profiles.end_device_events import EndDeviceEvent
from gateway.messages.profiles.kinds import ReadingReasonKind
from gateway.messages.profiles.parts import DateTimeInterval, Identified, Name

#: Aggregates whose time stamp is the moment of the extreme: no other time may stand in for it (obis-to-readingtype, D).
_EXTREMES = (8, 9)


@dataclass(frozen=True, slots=True)
class MeterFacts:
    """What is known of a meter beside what it said.

    ``decided`` is its device map's word on codes; ``device_types`` the M-Bus device type of each channel (group B);
    ``primary`` whether transformer ratios are already applied; ``pending`` what is still to be done to a column's values.
    """

    usage_point: Identified | None = None
    decided: Mapping[Obis, ReadingType | None] = field(default_factory=dict)
    device_types: Mapping[int, int] = field(default_factory=dict)
    primary: bool = False
    pending: Mapping[Obis, cim.PendingCalculation] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Composed:
    """The message, what was left out with the reason, and the events that were among the records."""

    message: cim.MeterReadings
    left_out: tuple[NotUnderstood, ...]
    events: tuple[MeterEvent, ...]


NO_FACTS = MeterFacts()
#: Why a reading was taken, and by whom, where a person took it.
_Taken = tuple[ReadingReasonKind | None, str | None]


def meter_readings(
    records: Iterable[Record],
    rules: Rules,
    *,
    facts: Mapping[str, MeterFacts] | None = None,
    reason: ReadingReasonKind | None = None,
    source: str | None = None,
    attach_events: bool = False,
) -> Composed:
    """Make MeterReadings of records. ``facts`` by meter key. Rows of load profiles are made while they are written.

    ``attach_events`` puts the events of a meter that has readings into its MeterReading; else they are handed back only.
    """
    said: dict[str, list[Record]] = {}
    meters: dict[str, Meter] = {}
    for record in records:
        key = record.key if isinstance(record, Meter) else record.meter
        said.setdefault(key, [])
        if isinstance(record, Meter):
            meters[key] = record
        else:
            said[key].append(record)
    found, left_out, events = [], [], []
    written_out: dict[ReadingType, None] = {}
    for key, own in said.items():
        maker = _OneMeter(own, rules, (facts or {}).get(key, NO_FACTS), (reason, source))
        if maker.readings or maker.blocks:
            meter = meters.get(key, Meter(source=key))
            attached = end_device_events([meter, *own]).message.end_device_event if attach_events else ()
            found.append(maker.meter_reading(meter, attached))
        left_out += maker.left_out
        events += [record for record in own if isinstance(record, MeterEvent)]
        written_out |= maker.written_out
    message = cim.MeterReadings(meter_reading=tuple(found), reading_type=tuple(map(written_type, written_out)))
    return Composed(message, tuple(left_out), tuple(events))


class _OneMeter:
    """What one meter said, as Readings and IntervalBlocks."""

    def __init__(self, records: Sequence[Record], rules: Rules, facts: MeterFacts, taken: _Taken) -> None:
        self.rules = rules
        self.facts = facts
        self.left_out: list[NotUnderstood] = []
        self.written_out: dict[ReadingType, None] = {}
        self._device_types = {**_device_types(records), **facts.device_types}
        self.readings = self._readings([record for record in records if isinstance(record, Reading)], taken)
        self.blocks = [
            block for record in records if isinstance(record, Series) for block in self._interval_blocks(record)
        ]
        self.left_out += [record for record in records if isinstance(record, NotUnderstood)]

    def meter_reading(self, meter: Meter, events: tuple[EndDeviceEvent, ...]) -> cim.MeterReading:
        return cim.MeterReading(
            end_device_events=events,
            interval_blocks=tuple(self.blocks),
            meter=cim.Meter(mrid=meter_mrid(meter.manufacturer, meter.serial), names=meter_names(meter)),
            readings=tuple(self.readings),
            usage_point=self.facts.usage_point,
        )

    def _readings(self, readings: list[Reading], taken: _Taken) -> list[cim.Reading]:
        asked = [(self._asked(one.obis, one.unit, one.period), one.period) for one in readings]
        made = []
        for one, kind in zip(readings, self.rules.map_all(asked, self.facts.decided), strict=True):
            if isinstance(kind, Unmapped):
                self.left_out.append(NotUnderstood(one.meter, one.raw, kind.reason, one.obis))
            else:
                self._note(kind)
                made.append(reading(one, kind, *taken))
        return made

    def _asked(
        self, obis: Obis, unit: str, period: Period | None, capture_s: int | None = None, profile: Obis | None = None
    ) -> Asked:
        return Asked(
            obis,
            unit,
            capture_s,
            profile,
            period_known=period is not None and period.end is not None,
            device_type=self._device_types.get(obis.b),
            primary=self.facts.primary,
        )

    def _interval_blocks(self, series: Series) -> Iterator[cim.IntervalBlock]:
        asked = [
            (self._asked(column.obis, column.unit, None, series.interval_s, series.profile), None)
            for column in series.columns
        ]
        if timeless := sum(row.time is None for row in series.rows):
            why = f"{timeless} of {len(series.rows)} rows have a time stamp without a known zone"
            self.left_out.append(NotUnderstood(series.meter, str(series.profile), why, series.profile))
        for number, kind in enumerate(self.rules.map_all(asked, self.facts.decided)):
            column = series.columns[number]
            if isinstance(kind, Unmapped):
                self.left_out.append(NotUnderstood(series.meter, _said(column), kind.reason, column.obis))
            elif timeless < len(series.rows):
                self._note(kind)
                yield cim.IntervalBlock(
                    interval_readings=IntervalRows(series.rows, number),
                    pending_calculation=self.facts.pending.get(column.obis),
                    reading_type=str(kind),
                )

    def _note(self, kind: ReadingType) -> None:
        """A code that the standard's tables do not hold is written out at the root of the message."""
        if kind not in self.written_out and not kind.may_emit:
            self.written_out[kind] = None


def reading(
    one: Reading, kind: ReadingType, reason: ReadingReasonKind | None = None, source: str | None = None
) -> cim.Reading:
    """One register's value under its type.

    ``timeStamp`` is the meter's own. Where it gave none the gateway's stands in, and a quality says so; not for a stored
    value, whose time is its period's, nor for an extreme, whose time stamp is the moment it was reached.
    """
    doubts, stamp = one.doubts, one.time
    if stamp is None and one.period is None and one.obis.f == CURRENT and kind.aggregate not in _EXTREMES:
        stamp = one.read_at
        doubts = doubts if Doubt.GATEWAY_TIME in doubts else (*doubts, Doubt.GATEWAY_TIME)
    return cim.Reading(
        reason=reason,
        source=source,
        time_stamp=stamp,
        value=f"{one.value:f}",
        reading_qualities=qualities(doubts),
        reading_type=str(kind),
        time_period=interval(one.period),
    )


def qualities(doubts: Sequence[Doubt], comment: str | None = None) -> tuple[cim.ReadingQuality, ...]:
    """Doubts as qualities. ``comment`` stands in each that has none of its own."""
    return tuple(
        cim.ReadingQuality(comment=quality.comment(doubt) or comment, reading_quality_type=quality.code(doubt))
        for doubt in doubts
    )


def interval(period: Period | None) -> DateTimeInterval | None:
    """A period as the message says it; None where neither end is known."""
    if period is None or (period.start is None and period.end is None):
        return None
    return DateTimeInterval(end=period.end, start=period.start)


class IntervalRows:
    """One column of a load profile as IntervalReadings, made each time they are gone through; rows without time are not."""

    __slots__ = ("_column", "_rows")

    def __init__(self, rows: Sequence[Row], column: int) -> None:
        self._rows = rows
        self._column = column

    def __iter__(self) -> Iterator[cim.IntervalReading]:
        column, made = self._column, cim.IntervalReading
        for row in self._rows:
            if row.time is None:
                continue
            value = row.values[column]
            if isinstance(value, Decimal):
                doubts = qualities(row.doubts) if row.doubts else ()
                yield made(time_stamp=row.time, value=f"{value:f}", reading_qualities=doubts)
            else:
                yield made(time_stamp=row.time, reading_qualities=_no_value(value, row.doubts))


def _no_value(value: str | None, doubts: tuple[Doubt, ...]) -> tuple[cim.ReadingQuality, ...]:
    """An interval without number: known to be missing, or a text in its place, which the comment keeps."""
    if value is None:
        missing = Doubt.SKIPPED_INTERVAL in doubts or Doubt.KNOWN_MISSING in doubts
        return qualities(doubts if missing else (*doubts, Doubt.KNOWN_MISSING))
    return (*qualities(doubts), *qualities((Doubt.ERROR_CODE,), comment=sayable(value)))


def written_type(kind: ReadingType) -> WrittenOut:
    """The 18 fields of a type, under the name by which readings refer to it."""
    texts = [str(value) for value in kind]
    return WrittenOut(
        macro_period=texts[0],
        aggregate=texts[1],
        measuring_period=texts[2],
        accumulation=texts[3],
        flow_direction=texts[4],
        commodity=texts[5],
        measurement_kind=texts[6],
        interharmonic=RationalNumber(numerator=kind[7], denominator=kind[8]),
        argument=RationalNumber(numerator=kind[9], denominator=kind[10]),
        tou=kind.tou,
        cpp=kind.cpp,
        consumption_tier=kind.consumption_tier,
        phases=texts[14],
        multiplier=texts[15],
        unit=texts[16],
        currency=texts[17],
        names=(Name(name=str(kind)),),
    )


def _device_types(records: Sequence[Record]) -> dict[int, int]:
    """The M-Bus device type of each channel, where the meter said it in 0-n:24.1.0."""
    return {
        record.obis.b: int(record.value)
        for record in records
        if isinstance(record, Reading | Text) and record.obis[0] == 0 and record.obis[2:5] == (24, 1, 0)
        if str(record.value).strip().isdecimal()
    }


def _said(column: Column) -> str:
    return f"{column.obis} {column.unit}".strip()
