"""MeterReadings: readings, interval blocks and their qualities, meter by meter."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from gateway.messages.datatypes import FLOAT
from gateway.messages.declare import REF, many, optional, required
from gateway.messages.profiles.codes import EndDeviceEventType, ReadingQualityType, ReadingType
from gateway.messages.profiles.end_device_events import EndDeviceEvent
from gateway.messages.profiles.kinds import ReadingReasonKind
from gateway.messages.profiles.parts import DateTimeInterval, Identified, Name, Status


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingQuality:
    """A doubt about a value; a value without one is assumed good."""

    comment: str | None = optional("comment")
    source: str | None = optional("source")
    time_stamp: datetime | None = optional("timeStamp")
    reading_quality_type: str = required("ReadingQualityType", REF)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One value; ``time_stamp`` is when the meter last updated it, UTC."""

    reason: ReadingReasonKind | None = optional("reason")
    reported_date_time: datetime | None = optional("reportedDateTime")
    source: str | None = optional("source")
    time_stamp: datetime | None = optional("timeStamp")
    value: str | None = optional("value")
    reading_qualities: tuple[ReadingQuality, ...] = many("ReadingQualities")
    reading_type: str = required("ReadingType", REF)
    time_period: DateTimeInterval | None = optional("timePeriod")


@dataclass(frozen=True, slots=True, kw_only=True)
class IntervalReading:
    """One interval's value; ``time_stamp`` is the end of the interval, UTC."""

    reported_date_time: datetime | None = optional("reportedDateTime")
    source: str | None = optional("source")
    time_stamp: datetime | None = optional("timeStamp")
    value: str | None = optional("value")
    reading_qualities: tuple[ReadingQuality, ...] = many("ReadingQualities")
    time_period: DateTimeInterval | None = optional("timePeriod")


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingCalculation:
    """What is still to be done to the values: multiply by numerator / denominator, add an offset."""

    multiply_before_add: bool | None = optional("multiplyBeforeAdd")
    offset: int | None = optional("offset")
    scalar_denominator: int | None = optional("scalarDenominator")
    scalar_float: Decimal | None = optional("scalarFloat", FLOAT)
    scalar_numerator: int | None = optional("scalarNumerator")
    reading_type: str = required("ReadingType", REF)


@dataclass(frozen=True, slots=True, kw_only=True)
class IntervalBlock:
    """Interval readings of one reading type. ``interval_readings`` may be made while it is written."""

    interval_readings: Iterable[IntervalReading] = many("IntervalReadings")
    pending_calculation: PendingCalculation | None = optional("PendingCalculation")
    reading_type: str = required("ReadingType", REF)


@dataclass(frozen=True, slots=True, kw_only=True)
class Meter:
    """The meter, by mRID or names."""

    mrid: str | None = optional("mRID")
    names: tuple[Name, ...] = many("Names")
    status: Status | None = optional("status")


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterReading:
    """What one meter, or one usage point, said."""

    is_coincident_trigger: bool | None = optional("isCoincidentTrigger")
    end_device_events: tuple[EndDeviceEvent, ...] = many("EndDeviceEvents")
    interval_blocks: tuple[IntervalBlock, ...] = many("IntervalBlocks")
    meter: Meter | None = optional("Meter")
    readings: tuple[Reading, ...] = many("Readings")
    usage_point: Identified | None = optional("UsagePoint")
    values_interval: DateTimeInterval | None = optional("valuesInterval")


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterReadings:
    """The message: readings of any number of meters."""

    end_device_event_type: tuple[EndDeviceEventType, ...] = many("EndDeviceEventType")
    meter_reading: Iterable[MeterReading] = many("MeterReading")
    reading_quality_type: tuple[ReadingQualityType, ...] = many("ReadingQualityType")
    reading_type: tuple[ReadingType, ...] = many("ReadingType")
