"""GetMeterReadings: which readings are asked for, and the trigger that others are to coincide with."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.messages.declare import many, optional, required
from gateway.messages.profiles.kinds import ReadingReasonKind
from gateway.messages.profiles.parts import DateTimeInterval, Identified


@dataclass(frozen=True, slots=True, kw_only=True)
class CoincidentReading:
    """The reading whose moment the others are to share."""

    reason: ReadingReasonKind | None = optional("reason")
    source: str | None = optional("source")
    reading_type: Identified = required("ReadingType")
    time_period: DateTimeInterval | None = optional("timePeriod")


@dataclass(frozen=True, slots=True, kw_only=True)
class TriggerEvent:
    """The type of event whose moment the others are to share."""

    end_device_event_type: Identified = required("EndDeviceEventType")


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger:
    """The trigger of a request for coincident readings."""

    is_coincident_trigger: bool | None = optional("isCoincidentTrigger")
    end_device_events: TriggerEvent | None = optional("EndDeviceEvents")
    meter: Identified | None = optional("Meter")
    readings: CoincidentReading | None = optional("Readings")
    usage_point: Identified | None = optional("UsagePoint")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingCriteria:
    """Readings by reason, source or time."""

    reason: ReadingReasonKind | None = optional("reason")
    source: str | None = optional("source")
    time_period: DateTimeInterval | None = optional("timePeriod")


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityCriterion:
    """Readings by quality."""

    reading_quality_type: Identified = required("ReadingQualityType")


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestedInterval:
    """Readings by the interval they lie in."""

    schedule_interval: DateTimeInterval = required("scheduleInterval")


@dataclass(frozen=True, slots=True, kw_only=True)
class GetMeterReadings:
    """The request. Meters are asked for as EndDevice; the schema has no Meter here."""

    end_device: tuple[Identified, ...] = many("EndDevice")
    end_device_group: tuple[Identified, ...] = many("EndDeviceGroup")
    meter_readings: Trigger | None = optional("MeterReadings")
    reading: tuple[ReadingCriteria, ...] = many("Reading")
    reading_quality: tuple[QualityCriterion, ...] = many("ReadingQuality")
    reading_type: tuple[Identified, ...] = many("ReadingType")
    time_schedule: tuple[RequestedInterval, ...] = many("TimeSchedule")
    transformer_tank: tuple[Identified, ...] = many("TransformerTank")
    usage_point: tuple[Identified, ...] = many("UsagePoint")
    usage_point_group: tuple[Identified, ...] = many("UsagePointGroup")
