"""MeterReadSchedule: which meters are to be read when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from gateway.messages.datatypes import SECONDS
from gateway.messages.declare import many, optional, required
from gateway.messages.profiles.parts import DateTimeInterval, Identified, Name


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduledDevice:
    """A device to be read; here its mRID must stand."""

    mrid: str = required("mRID")
    names: tuple[Name, ...] = many("Names")


@dataclass(frozen=True, slots=True, kw_only=True)
class TimePoint:
    """One moment of a schedule, absolute or relative to its start."""

    date_time: datetime | None = optional("dateTime")
    relative_time_interval: Decimal | None = optional("relativeTimeInterval", SECONDS)
    sequence_number: int | None = optional("sequenceNumber")
    window: DateTimeInterval | None = optional("window")


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeSchedule:
    """When: an interval with a recurrence, or time points."""

    disabled: bool | None = optional("disabled")
    offset: Decimal | None = optional("offset", SECONDS)
    recurrence_pattern: str | None = optional("recurrencePattern")
    recurrence_period: Decimal | None = optional("recurrencePeriod", SECONDS)
    schedule_interval: DateTimeInterval | None = optional("scheduleInterval")
    time_points: tuple[TimePoint, ...] = many("TimePoints")


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterReadSchedule:
    """The message: what to read of whom, and when."""

    customer_account: tuple[Identified, ...] = many("CustomerAccount")
    customer_agreement: tuple[Identified, ...] = many("CustomerAgreement")
    end_device: tuple[ScheduledDevice, ...] = many("EndDevice")
    end_device_group: tuple[Identified, ...] = many("EndDeviceGroup")
    reading_type: tuple[Identified, ...] = many("ReadingType")
    time_schedule: tuple[TimeSchedule, ...] = many("TimeSchedule")
    usage_point: tuple[Identified, ...] = many("UsagePoint")
    usage_point_group: tuple[Identified, ...] = many("UsagePointGroup")
