"""Messages of edition 1 (2009) in the words of 2013: MeterAsset becomes Meter, ServiceDeliveryPoint UsagePoint, and so on.

A type of eleven fields is not a type of eighteen: it says neither direction nor phase. What it does say is written out at
the root of the message under the name that the readings refer to; the rest stays open, and nothing is guessed. What 2013
has no place for is handed back in words.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from gateway.cim.code_tables import table
from gateway.messages.profiles import edition1
from gateway.messages.profiles import end_device_events as events
from gateway.messages.profiles import meter_readings as readings
from gateway.messages.profiles.codes import ReadingType
from gateway.messages.profiles.parts import Identified, Name, NameType, Status

#: measuringPeriod of 2013 by the seconds of an interval.
_PERIODS = {60: 3, 120: 10, 180: 14, 300: 6, 600: 1, 900: 2, 1200: 31, 1800: 5, 3600: 7, 86400: 4}

#: Units of 2009 that the table of 2013 spells otherwise. The degree Celsius is handed down with two signs.
_UNITS = {"N": "n", "Pa": "pa", "S": "siemens", "s": "sec", "\u00baC": "degC", "\u00b0C": "degC"}


@dataclass(frozen=True, slots=True)
class Converted:
    """The message of 2013, and what it has no place for."""

    message: readings.MeterReadings | events.EndDeviceEvents
    left_out: tuple[str, ...]


def to_2013(message: edition1.MeterReadings | edition1.EndDeviceEvents) -> Converted:
    """The same in the structure of 2013."""
    if isinstance(message, edition1.EndDeviceEvents):
        made = tuple(_event(one) for one in message.end_device_event)
        return Converted(events.EndDeviceEvents(end_device_event=made), ())
    defaults = {kind.mrid: kind.default_quality for kind in message.reading_type if kind.default_quality}
    defaults |= {kind.name: kind.default_quality for kind in message.reading_type if kind.default_quality}
    converted = readings.MeterReadings(
        meter_reading=tuple(_meter_reading(one, defaults) for one in message.meter_reading),
        reading_type=tuple(_reading_type(kind) for kind in message.reading_type),
    )
    return Converted(converted, tuple(_left_out(message)))


def in_words_of_2013(message: Any) -> Any:
    """The message of a request: converted where it is of edition 1, else as it is."""
    if isinstance(message, edition1.MeterReadings | edition1.EndDeviceEvents):
        return to_2013(message).message
    return message


def _meter_reading(one: edition1.MeterReading, defaults: dict[str, str]) -> readings.MeterReading:
    point, status = one.service_delivery_point, one.meter_asset.status
    return readings.MeterReading(
        end_device_events=tuple(_event(event) for event in one.end_device_events),
        interval_blocks=tuple(_block(block, defaults) for block in one.interval_blocks),
        meter=readings.Meter(mrid=one.meter_asset.mrid, status=Status(value=status.value) if status else None),
        readings=tuple(
            readings.Reading(
                time_stamp=reading.time_stamp,
                value=None if reading.value is None else str(reading.value),
                reading_qualities=_qualities(reading.reading_qualities, defaults.get(reading.reading_type)),
                reading_type=reading.reading_type,
            )
            for reading in one.readings
        ),
        usage_point=Identified(mrid=point.mrid) if point else None,
    )


def _block(block: edition1.IntervalBlock, defaults: dict[str, str]) -> readings.IntervalBlock:
    pending = block.pending
    return readings.IntervalBlock(
        interval_readings=tuple(
            readings.IntervalReading(
                time_stamp=row.time_stamp,
                value=None if row.value is None else str(row.value),
                reading_qualities=_qualities(row.reading_qualities, defaults.get(block.reading_type)),
            )
            for row in block.interval_readings
        ),
        pending_calculation=None
        if pending is None
        else readings.PendingCalculation(
            multiply_before_add=pending.multiply_before_add,
            offset=pending.offset,
            scalar_denominator=pending.scalar_denominator,
            scalar_float=pending.scalar_float,
            scalar_numerator=pending.scalar_numerator,
            reading_type=pending.reading_type,
        ),
        reading_type=block.reading_type,
    )


def _qualities(given: Iterable[edition1.ReadingQuality], default: str | None) -> tuple[readings.ReadingQuality, ...]:
    """Those of the value; a type's default where it has none, since in 2013 no quality would mean that it is good."""
    said = [quality.quality for quality in given] or ([default] if default else [])
    return tuple(readings.ReadingQuality(reading_quality_type=quality) for quality in said)


def _event(one: edition1.EndDeviceEvent) -> events.EndDeviceEvent:
    named = [("name", one.name), ("aliasName", one.alias_name)]
    return events.EndDeviceEvent(
        mrid=one.mrid,
        created_date_time=one.created_date_time,
        reason=one.description,
        severity=one.severity,
        user_id=one.user_id,
        assets=Identified(mrid=one.assets.mrid) if one.assets else None,
        end_device_event_type=one.category,
        names=_names(named),
        status=Status(value=one.status.value) if one.status else None,
    )


def _names(named: Iterable[tuple[str, str | None]]) -> tuple[Name, ...]:
    return tuple(Name(name=name, name_type=NameType(name=kind)) for kind, name in named if name)


def _reading_type(kind: edition1.ReadingType) -> ReadingType:
    return ReadingType(
        mrid=kind.mrid,
        measurement_kind=_code("measurementKind", kind.kind),
        measuring_period=_period(kind),
        multiplier=_code("multiplier", kind.multiplier),
        unit=_code("unit", _UNITS.get(kind.unit, kind.unit)),
        names=_names([("name", kind.name), ("aliasName", kind.alias_name)]),
    )


def _period(kind: edition1.ReadingType) -> str | None:
    length = kind.interval_length
    if length is None or not length.is_finite() or length not in _PERIODS:
        return None
    return str(_PERIODS[int(length)])


def _code(field: str, name: str | None) -> str | None:
    """The code of a field by its name in the table of 2013; None where the table has no such name."""
    parts = table("reading_type_fields.csv").values()
    return next((part.code for part in parts if part.part == field and part.name == name), None)


def _left_out(message: edition1.MeterReadings) -> Iterator[str]:
    for one in message.meter_reading:
        if one.customer_agreement is not None:
            yield f"customer agreement {one.customer_agreement.mrid} of meter {one.meter_asset.mrid}"
    for kind in message.reading_type:
        fields = [
            ("channelNumber", kind.channel_number),
            ("defaultValueDataType", kind.default_value_data_type),
            ("dynamicConfiguration", kind.dynamic_configuration),
            ("reverseChronology", kind.reverse_chronology),
            ("intervalLength", kind.interval_length if _period(kind) is None else None),
            ("kind", kind.kind if _code("measurementKind", kind.kind) is None else None),
            ("unit", kind.unit if _code("unit", _UNITS.get(kind.unit, kind.unit)) is None else None),
        ]
        yield from (f"{field} {value} of reading type {kind.mrid}" for field, value in fields if value is not None)
