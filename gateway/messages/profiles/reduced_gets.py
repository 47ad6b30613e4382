"""GetEndDeviceControls, GetMeterReadSchedule, GetEndDeviceConfig.

Not checked against a reference schema: the only public versions are cut down for a research project.
"""

from __future__ import annotations

from dataclasses import dataclass

from gateway.messages.declare import many, optional
from gateway.messages.profiles.get_configurations import CustomerCriterion, MeterCriterion
from gateway.messages.profiles.get_meter_readings import RequestedInterval
from gateway.messages.profiles.parts import Identified, Name
from gateway.messages.profiles.usage_points import ServiceCategoryRef


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlCriterion:
    """Controls by their own names, issuer or reason."""

    mrid: str | None = optional("mRID")
    issuer_id: str | None = optional("issuerID")
    issuer_tracking_id: str | None = optional("issuerTrackingID")
    reason: str | None = optional("reason")
    names: tuple[Name, ...] = many("Names")


@dataclass(frozen=True, slots=True, kw_only=True)
class GetEndDeviceControls:
    """The request for controls."""

    customer: tuple[CustomerCriterion, ...] = many("Customer")
    end_device_control: tuple[ControlCriterion, ...] = many("EndDeviceControl")
    end_device_control_type: tuple[Identified, ...] = many("EndDeviceControlType")
    meter: tuple[Identified, ...] = many("Meter")
    service_category: tuple[ServiceCategoryRef, ...] = many("ServiceCategory")
    time_schedule: tuple[RequestedInterval, ...] = many("TimeSchedule")
    usage_point: tuple[Identified, ...] = many("UsagePoint")


@dataclass(frozen=True, slots=True, kw_only=True)
class GetMeterReadSchedule:
    """The request for reading schedules."""

    end_device: tuple[Identified, ...] = many("EndDevice")
    meter: tuple[Identified, ...] = many("Meter")
    reading_type: tuple[Identified, ...] = many("ReadingType")
    time_schedule: tuple[RequestedInterval, ...] = many("TimeSchedule")
    usage_point: tuple[Identified, ...] = many("UsagePoint")


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceCriterion:
    """Devices by name, kind or reading system."""

    mrid: str | None = optional("mRID")
    amr_system: str | None = optional("amrSystem")
    is_pan: bool | None = optional("isPan")
    type: str | None = optional("type")
    names: tuple[Name, ...] = many("Names")


@dataclass(frozen=True, slots=True, kw_only=True)
class GetEndDeviceConfig:
    """The request for devices' configuration."""

    customer: tuple[CustomerCriterion, ...] = many("Customer")
    end_device: tuple[DeviceCriterion, ...] = many("EndDevice")
    meter: tuple[MeterCriterion, ...] = many("Meter")
    usage_point: tuple[Identified, ...] = many("UsagePoint")
