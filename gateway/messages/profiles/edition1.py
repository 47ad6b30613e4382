"""MeterReadings and EndDeviceEvents of edition 1 (2009), which are read and never sent.

The structure of MeterReadings is that of a public implementation. Of an event it is public that it has ``category``,
``createdDateTime`` and ``Assets`` with an mRID; the other elements here follow from the classes of the CIM of then and from
the order of such profiles. Not checked against a reference schema.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import ClassVar

from gateway.messages.datatypes import FLOAT, SECONDS
from gateway.messages.declare import REF, many, optional, required
from gateway.messages.editions import ED1


@dataclass(frozen=True, slots=True, kw_only=True)
class Thing:
    """A thing by its mRID, which edition 1 demands; the element's name says what it is."""

    mrid: str = required("mRID")


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """The status of a meter or an event, in words."""

    value: str = required("value")


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterAsset:
    """The meter."""

    mrid: str = required("mRID")
    status: Status | None = optional("status")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingQuality:
    """A doubt about a value, in words or as a code: what edition 1 has here is not publicly known."""

    quality: str = required("quality")


@dataclass(frozen=True, slots=True, kw_only=True)
class IntervalReading:
    """One interval's value; ``time_stamp`` is UTC."""

    time_stamp: datetime = required("timeStamp")
    value: Decimal | None = optional("value", FLOAT)
    reading_qualities: tuple[ReadingQuality, ...] = many("ReadingQualities")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One value of a register; ``time_stamp`` is UTC."""

    time_stamp: datetime = required("timeStamp")
    value: Decimal | None = optional("value", FLOAT)
    reading_qualities: tuple[ReadingQuality, ...] = many("ReadingQualities")
    reading_type: str = required("ReadingType", REF)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """What is still to be done to the values."""

    multiply_before_add: bool | None = optional("multiplyBeforeAdd")
    offset: int | None = optional("offset")
    scalar_denominator: int | None = optional("scalarDenominator")
    scalar_float: Decimal | None = optional("scalarFloat", FLOAT)
    scalar_numerator: int | None = optional("scalarNumerator")
    reading_type: str = required("ReadingType", REF)


@dataclass(frozen=True, slots=True, kw_only=True)
class IntervalBlock:
    """Interval readings of one reading type."""

    interval_readings: tuple[IntervalReading, ...] = many("IntervalReadings")
    pending: Pending | None = optional("Pending")
    reading_type: str = required("ReadingType", REF)


class Kind(StrEnum):
    """What is measured."""

    CURRENT = "current"
    CURRENT_ANGLE = "currentAngle"
    DATE = "date"
    DEMAND = "demand"
    ENERGY = "energy"
    OTHER = "other"
    PHASE_ANGLE = "phaseAngle"
    POWER = "power"
    POWER_FACTOR = "powerFactor"
    PRESSURE = "pressure"
    TIME = "time"
    VOLTAGE = "voltage"
    VOLTAGE_ANGLE = "voltageAngle"
    VOLUME = "volume"


class Multiplier(StrEnum):
    """The power of ten before the unit."""

    GIGA = "G"
    MEGA = "M"
    TERA = "T"
    CENTI = "c"
    DECI = "d"
    KILO = "k"
    MILLI = "m"
    MICRO = "micro"
    NANO = "n"
    NONE = "none"
    PICO = "p"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingType:
    """A reading type in eleven fields: no direction, phase or tariff. ``unit`` is one of a list of which one member, the
    degree Celsius, is handed down in more than one spelling, so any text is read.
    """

    mrid: str = required("mRID")
    alias_name: str | None = optional("aliasName")
    channel_number: int | None = optional("channelNumber")
    default_quality: str | None = optional("defaultQuality")
    default_value_data_type: str | None = optional("defaultValueDataType")
    dynamic_configuration: str | None = optional("dynamicConfiguration")
    interval_length: Decimal | None = optional("intervalLength", SECONDS)
    kind: Kind | None = optional("kind")
    multiplier: Multiplier | None = optional("multiplier")
    name: str = required("name")
    reverse_chronology: bool | None = optional("reverseChronology")
    unit: str = required("unit")


@dataclass(frozen=True, slots=True, kw_only=True)
class EndDeviceEvent:
    """One event: ``category`` is its kind, ``assets`` the device, ``created_date_time`` when it happened, UTC."""

    mrid: str | None = optional("mRID")
    alias_name: str | None = optional("aliasName")
    category: str = required("category")
    created_date_time: datetime = required("createdDateTime")
    description: str | None = optional("description")
    name: str | None = optional("name")
    severity: str | None = optional("severity")
    user_id: str | None = optional("userID")
    assets: Thing | None = optional("Assets")
    status: Status | None = optional("status")


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterReading:
    """What one meter said."""

    customer_agreement: Thing | None = optional("CustomerAgreement")
    end_device_events: tuple[EndDeviceEvent, ...] = many("EndDeviceEvents")
    interval_blocks: tuple[IntervalBlock, ...] = many("IntervalBlocks")
    meter_asset: MeterAsset = required("MeterAsset")
    readings: tuple[Reading, ...] = many("Readings")
    service_delivery_point: Thing | None = optional("ServiceDeliveryPoint")


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterReadings:
    """The message: readings, and the types they are of."""

    NAMESPACE: ClassVar[str] = ED1.namespace("MeterReadings")

    meter_reading: tuple[MeterReading, ...] = many("MeterReading")
    reading_type: tuple[ReadingType, ...] = many("ReadingType")


@dataclass(frozen=True, slots=True, kw_only=True)
class EndDeviceEvents:
    """The message: events."""

    NAMESPACE: ClassVar[str] = ED1.namespace("EndDeviceEvents")

    end_device_event: tuple[EndDeviceEvent, ...] = many("EndDeviceEvent")


#: The messages, by root element.
MESSAGES: dict[str, type] = {"MeterReadings": MeterReadings, "EndDeviceEvents": EndDeviceEvents}
