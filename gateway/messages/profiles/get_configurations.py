"""GetEndDeviceEvents and GetMeterConfig: which events and which meters are asked for."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.messages.declare import many, optional
from gateway.messages.profiles.get_meter_readings import RequestedInterval
from gateway.messages.profiles.kinds import CustomerKind, ServiceKind
from gateway.messages.profiles.parts import Identified, Name
from gateway.messages.profiles.usage_points import ServiceCategoryRef


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerCriterion:
    """Customers by name or kind."""

    mrid: str | None = optional("mRID")
    kind: CustomerKind | None = optional("kind")
    names: tuple[Name, ...] = many("Names")


@dataclass(frozen=True, slots=True, kw_only=True)
class EventCriterion:
    """Events by their own names, issuer, reason or severity."""

    mrid: str | None = optional("mRID")
    issuer_id: str | None = optional("issuerID")
    issuer_tracking_id: str | None = optional("issuerTrackingID")
    reason: str | None = optional("reason")
    severity: str | None = optional("severity")
    names: tuple[Name, ...] = many("Names")


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceCriterion:
    """Things by the kind of service."""

    mrid: str | None = optional("mRID")
    kind: ServiceKind | None = optional("kind")
    names: tuple[Name, ...] = many("Names")


@dataclass(frozen=True, slots=True, kw_only=True)
class GetEndDeviceEvents:
    """The request for events. Devices are asked for as Meter."""

    customer: tuple[CustomerCriterion, ...] = many("Customer")
    customer_account: tuple[Identified, ...] = many("CustomerAccount")
    customer_agreement: tuple[Identified, ...] = many("CustomerAgreement")
    end_device_event: tuple[EventCriterion, ...] = many("EndDeviceEvent")
    end_device_event_type: tuple[Identified, ...] = many("EndDeviceEventType")
    end_device_group: tuple[Identified, ...] = many("EndDeviceGroup")
    meter: tuple[Identified, ...] = many("Meter")
    service_category: tuple[ServiceCategoryRef, ...] = many("ServiceCategory")
    service_location: tuple[Identified, ...] = many("ServiceLocation")
    time_schedule: tuple[RequestedInterval, ...] = many("TimeSchedule")
    usage_point: tuple[Identified, ...] = many("UsagePoint")
    usage_point_group: tuple[Identified, ...] = many("UsagePointGroup")


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterCriterion:
    """Meters by name or reading system."""

    mrid: str | None = optional("mRID")
    amr_system: str | None = optional("amrSystem")
    names: tuple[Name, ...] = many("Names")


@dataclass(frozen=True, slots=True, kw_only=True)
class GetMeterConfig:
    """The request for meters' configuration."""

    customer: tuple[CustomerCriterion, ...] = many("Customer")
    customer_account: tuple[Identified, ...] = many("CustomerAccount")
    customer_agreement: tuple[Identified, ...] = many("CustomerAgreement")
    end_device_group: tuple[Identified, ...] = many("EndDeviceGroup")
    meter: tuple[MeterCriterion, ...] = many("Meter")
    service_location: tuple[Identified, ...] = many("ServiceLocation")
    usage_point: tuple[Identified, ...] = many("UsagePoint")
    usage_point_group: tuple[Identified, ...] = many("UsagePointGroup")
