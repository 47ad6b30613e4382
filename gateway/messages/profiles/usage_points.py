"""UsagePointConfig and UsagePointLocationConfig: where energy is used, and where that lies."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from gateway.messages.datatypes import ACTIVE_POWER, CURRENT_FLOW, FLOAT, VOLTAGE
from gateway.messages.declare import REF, many, optional, required
from gateway.messages.profiles.addresses import CoordinateSystem, PositionPoint, StreetAddress, TelephoneNumber
from gateway.messages.profiles.codes import ReadingType
from gateway.messages.profiles.kinds import (
    PhaseCode,
    ReadingReasonKind,
    ServiceKind,
    ServiceMultiplierKind,
    SupplierKind,
)
from gateway.messages.profiles.parts import ConfigurationEvent, ElectronicAddress, Identified, Name, NameType, Status


class AmiBillingReadyKind(StrEnum):
    """Enumeration of the schema."""

    AMI_CAPABLE = "amiCapable"
    AMI_DISABLED = "amiDisabled"
    BILLING_APPROVED = "billingApproved"
    ENABLED = "enabled"
    NON_AMI = "nonAmi"
    NON_METERED = "nonMetered"
    OPERABLE = "operable"


class UsagePointConnectedKind(StrEnum):
    """Enumeration of the schema."""

    CONNECTED = "connected"
    LOGICALLY_DISCONNECTED = "logicallyDisconnected"
    PHYSICALLY_DISCONNECTED = "physicallyDisconnected"


@dataclass(frozen=True, slots=True, kw_only=True)
class MetrologyRequirement:
    """What is to be measured at a usage point, and why."""

    mrid: str | None = optional("mRID")
    reason: ReadingReasonKind | None = optional("reason")
    names: tuple[Name, ...] = many("Names")
    reading_types: tuple[str, ...] = many("ReadingTypes", REF, least=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class PricingStructureRef:
    """The tariff of a usage point, by name and code."""

    mrid: str | None = optional("mRID")
    code: str | None = optional("code")
    names: tuple[Name, ...] = many("Names")


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceCategoryRef:
    """The kind of service of a usage point."""

    mrid: str | None = optional("mRID")
    kind: ServiceKind | None = optional("kind")
    names: tuple[Name, ...] = many("Names")


@dataclass(frozen=True, slots=True, kw_only=True)
class MultiplierName:
    """A name whose type must stand."""

    name: str = required("name")
    name_type: NameType = required("NameType")


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceMultiplier:
    """A factor between a meter's values and the service."""

    mrid: str | None = optional("mRID")
    kind: ServiceMultiplierKind | None = optional("kind")
    value: Decimal | None = optional("value", FLOAT)
    names: tuple[MultiplierName, ...] = many("Names")


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceSupplierRef:
    """The supplier of a usage point."""

    mrid: str | None = optional("mRID")
    kind: SupplierKind | None = optional("kind")
    names: tuple[Name, ...] = many("Names")


@dataclass(frozen=True, slots=True, kw_only=True)
class UsagePoint:
    """A point where energy is delivered or measured."""

    mrid: str | None = optional("mRID")
    ami_billing_ready: AmiBillingReadyKind | None = optional("amiBillingReady")
    check_billing: bool | None = optional("checkBilling")
    connection_state: UsagePointConnectedKind | None = optional("connectionState")
    estimated_load: Decimal | None = optional("estimatedLoad", CURRENT_FLOW)
    grounded: bool | None = optional("grounded")
    is_sdp: bool | None = optional("isSdp")
    is_virtual: bool | None = optional("isVirtual")
    minimal_usage_expected: bool | None = optional("minimalUsageExpected")
    nominal_service_voltage: Decimal | None = optional("nominalServiceVoltage", VOLTAGE)
    outage_region: str | None = optional("outageRegion")
    phase_code: PhaseCode | None = optional("phaseCode")
    rated_current: Decimal | None = optional("ratedCurrent", CURRENT_FLOW)
    rated_power: Decimal | None = optional("ratedPower", ACTIVE_POWER)
    read_cycle: str | None = optional("readCycle")
    read_route: str | None = optional("readRoute")
    service_delivery_remark: str | None = optional("serviceDeliveryRemark")
    service_priority: str | None = optional("servicePriority")
    configuration_events: ConfigurationEvent | None = optional("ConfigurationEvents")
    equipments: Identified | None = optional("Equipments")
    metrology_requirements: tuple[MetrologyRequirement, ...] = many("MetrologyRequirements")
    names: tuple[Name, ...] = many("Names")
    pricing_structures: PricingStructureRef | None = optional("PricingStructures")
    service_category: ServiceCategoryRef | None = optional("ServiceCategory")
    service_location: Identified | None = optional("ServiceLocation")
    service_multipliers: tuple[ServiceMultiplier, ...] = many("ServiceMultipliers")
    service_supplier: ServiceSupplierRef | None = optional("ServiceSupplier")
    usage_point_location: Identified | None = optional("UsagePointLocation")


@dataclass(frozen=True, slots=True, kw_only=True)
class UsagePointConfig:
    """The message: usage points."""

    reading_type: tuple[ReadingType, ...] = many("ReadingType")
    usage_point: tuple[UsagePoint, ...] = many("UsagePoint")


@dataclass(frozen=True, slots=True, kw_only=True)
class UsagePointLocation:
    """Where a usage point lies, and how one gets in."""

    mrid: str | None = optional("mRID")
    access_method: str | None = optional("accessMethod")
    direction: str | None = optional("direction")
    geo_info_reference: str | None = optional("geoInfoReference")
    remark: str | None = optional("remark")
    site_access_problem: str | None = optional("siteAccessProblem")
    type: str | None = optional("type")
    configuration_events: ConfigurationEvent | None = optional("ConfigurationEvents")
    coordinate_system: CoordinateSystem | None = optional("CoordinateSystem")
    electronic_address: ElectronicAddress | None = optional("electronicAddress")
    main_address: StreetAddress | None = optional("mainAddress")
    names: tuple[Name, ...] = many("Names")
    phone1: TelephoneNumber | None = optional("phone1")
    phone2: TelephoneNumber | None = optional("phone2")
    position_points: tuple[PositionPoint, ...] = many("PositionPoints")
    secondary_address: StreetAddress | None = optional("secondaryAddress")
    status: Status | None = optional("status")


@dataclass(frozen=True, slots=True, kw_only=True)
class UsagePointLocationConfig:
    """The message: places of usage points."""

    usage_point_location: tuple[UsagePointLocation, ...] = many("UsagePointLocation")
