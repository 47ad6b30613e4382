"""MeterServiceRequests: field work at meters.

Not checked against a reference schema: known from test documents of the 2011 draft.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from gateway.messages.datatypes import ACTIVE_POWER, CURRENT_FLOW, FLOAT, VOLTAGE
from gateway.messages.declare import REF, many, optional, required
from gateway.messages.profiles.addresses import StreetDetail, TownDetail
from gateway.messages.profiles.codes import ReadingQualityType
from gateway.messages.profiles.kinds import CustomerKind, PhaseCode, ReadingReasonKind, ServiceMultiplierKind
from gateway.messages.profiles.meter_config import MeterMultiplierKind
from gateway.messages.profiles.meter_readings import ReadingQuality
from gateway.messages.profiles.parts import DateTimeInterval, Identified, Name


@dataclass(frozen=True, slots=True, kw_only=True)
class RequiredMultiplier:
    """A factor of a meter; kind and value must stand."""

    mrid: str | None = optional("mRID")
    kind: MeterMultiplierKind = required("kind")
    value: Decimal = required("value", FLOAT)
    names: tuple[Name, ...] = many("Names")


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkReading:
    """A value read during the work; its time must stand."""

    reason: ReadingReasonKind | None = optional("reason")
    reported_date_time: datetime | None = optional("reportedDateTime")
    source: str | None = optional("source")
    time_stamp: datetime = required("timeStamp")
    value: Decimal | None = optional("value", FLOAT)
    reading_qualities: tuple[ReadingQuality, ...] = many("ReadingQualities")
    reading_type: str = required("ReadingType", REF)
    time_period: DateTimeInterval | None = optional("timePeriod")


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkReadings:
    """What was read during the work."""

    readings: tuple[WorkReading, ...] = many("Readings")
    values_interval: DateTimeInterval | None = optional("valuesInterval")


@dataclass(frozen=True, slots=True, kw_only=True)
class ServicedMeter:
    """The meter worked on."""

    mrid: str | None = optional("mRID")
    amr_system: str | None = optional("amrSystem")
    form_number: str | None = optional("formNumber")
    serial_number: str | None = optional("serialNumber")
    meter_multipliers: tuple[RequiredMultiplier, ...] = many("MeterMultipliers")
    meter_readings: tuple[WorkReadings, ...] = many("MeterReadings")
    names: tuple[Name, ...] = many("Names")


class MeterServiceWorkKind(StrEnum):
    """Kind of field work."""

    CONSTRUCTION = "construction"
    DISCONNECT = "disconnect"
    INSPECTION = "inspection"
    MAINTENANCE = "maintenance"
    METER = "meter"
    OTHER = "other"
    RECONNECT = "reconnect"
    REPAIR = "repair"
    SERVICE = "service"
    TEST = "test"


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkRecord:
    """What was done."""

    created_date_time: datetime = required("createdDateTime")
    reason: str | None = optional("reason")
    severity: str | None = optional("severity")
    type: str = required("type")


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkStatus:
    """A status whose value must stand."""

    date_time: datetime | None = optional("dateTime")
    reason: str | None = optional("reason")
    remark: str | None = optional("remark")
    value: str = required("value")


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedCustomer:
    """The customer the work is for."""

    mrid: str | None = optional("mRID")
    kind: CustomerKind | None = optional("kind")
    puc_number: str | None = optional("pucNumber")
    special_need: str | None = optional("specialNeed")
    vip: bool | None = optional("vip")
    customer_agreements: tuple[Identified, ...] = many("CustomerAgreements")
    names: tuple[Name, ...] = many("Names")
    status: WorkStatus | None = optional("status")


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkAddress:
    """Where the work is."""

    street_detail: StreetDetail | None = optional("streetDetail")
    town_detail: TownDetail | None = optional("townDetail")


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkLocation:
    """Where the work is and how one gets in."""

    access_method: str | None = optional("accessMethod")
    needs_inspection: bool | None = optional("needsInspection")
    site_access_problem: str | None = optional("siteAccessProblem")
    main_address: WorkAddress | None = optional("mainAddress")


@dataclass(frozen=True, slots=True, kw_only=True)
class RequiredServiceMultiplier:
    """A factor of the service; kind and value must stand."""

    mrid: str | None = optional("mRID")
    kind: ServiceMultiplierKind = required("kind")
    value: Decimal = required("value", FLOAT)
    names: tuple[Name, ...] = many("Names")


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedUsagePoint:
    """The usage point worked at."""

    check_billing: bool | None = optional("checkBilling")
    grounded: bool | None = optional("grounded")
    is_virtual: bool | None = optional("isVirtual")
    nominal_service_voltage: Decimal | None = optional("nominalServiceVoltage", VOLTAGE)
    phase_code: PhaseCode | None = optional("phaseCode")
    rated_current: Decimal | None = optional("ratedCurrent", CURRENT_FLOW)
    rated_power: Decimal | None = optional("ratedPower", ACTIVE_POWER)
    service_delivery_remark: str | None = optional("serviceDeliveryRemark")
    service_priority: str | None = optional("servicePriority")
    service_location: WorkLocation | None = optional("ServiceLocation")
    service_multipliers: tuple[RequiredServiceMultiplier, ...] = many("ServiceMultipliers")


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterServiceWork:
    """One piece of work."""

    kind: MeterServiceWorkKind | None = optional("kind")
    last_modified_date_time: datetime | None = optional("lastModifiedDateTime")
    priority: str | None = optional("priority")
    request_date_time: datetime | None = optional("requestDateTime")
    type: str | None = optional("type")
    activity_records: tuple[WorkRecord, ...] = many("ActivityRecords")
    customers: tuple[ServedCustomer, ...] = many("Customers")
    meter: ServicedMeter = required("Meter")
    old_meter: ServicedMeter | None = optional("OldMeter")
    status: WorkStatus | None = optional("status")
    usage_point: ServedUsagePoint | None = optional("UsagePoint")


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftReadingType:
    """The fields of a reading type as the draft had them."""

    mrid: str | None = optional("mRID")
    accumulation: str | None = optional("accumulation")
    aggregate: str | None = optional("aggregate")
    commodity: str | None = optional("commodity")
    consumption_tier: int | None = optional("consumptionTier")
    cpp: int | None = optional("cpp")
    currency: str | None = optional("currency")
    flow_direction: str | None = optional("flowDirection")
    macro_period: str | None = optional("macroPeriod")
    measurement_kind: str | None = optional("measurementKind")
    measuring_period: str | None = optional("measuringPeriod")
    multiplier: str | None = optional("multiplier")
    phases: str | None = optional("phases")
    tou: int | None = optional("tou")
    unit: str | None = optional("unit")
    argument: str | None = optional("argument", REF)
    interharmonic: str | None = optional("interharmonic", REF)
    names: tuple[Name, ...] = many("Names", least=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterServiceRequests:
    """The message: work that is asked for or done."""

    meter_service_work: tuple[MeterServiceWork, ...] = many("MeterServiceWork")
    reading_quality_type: tuple[ReadingQualityType, ...] = many("ReadingQualityType")
    reading_type: tuple[DraftReadingType, ...] = many("ReadingType")
