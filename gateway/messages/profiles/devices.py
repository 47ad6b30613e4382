"""What EndDeviceConfig and MeterConfig share: functions, registers, capabilities, life cycle."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import ClassVar

from gateway.messages.datatypes import ACTIVE_POWER, CURRENT_FLOW, DATE, REAL_ENERGY, SECONDS, TIME, VOLTAGE
from gateway.messages.declare import REF, attribute, many, optional
from gateway.messages.profiles.parts import Identified, Name, Status


class AssetModelUsageKind(StrEnum):
    """Enumeration of the schema."""

    CUSTOMER_SUBSTATION = "customerSubstation"
    DISTRIBUTION_OVERHEAD = "distributionOverhead"
    DISTRIBUTION_UNDERGROUND = "distributionUnderground"
    OTHER = "other"
    STREETLIGHT = "streetlight"
    SUBSTATION = "substation"
    TRANSMISSION = "transmission"
    UNKNOWN = "unknown"


class ComDirectionKind(StrEnum):
    """Enumeration of the schema."""

    BI_DIRECTIONAL = "biDirectional"
    FROM_DEVICE = "fromDevice"
    TO_DEVICE = "toDevice"


class ComTechnologyKind(StrEnum):
    """Enumeration of the schema."""

    CELLULAR = "cellular"
    ETHERNET = "ethernet"
    HOME_PLUG = "homePlug"
    PAGER = "pager"
    PHONE = "phone"
    PLC = "plc"
    RF = "rf"
    RF_MESH = "rfMesh"
    ZIGBEE = "zigbee"


class CorporateStandardKind(StrEnum):
    """Enumeration of the schema."""

    EXPERIMENTAL = "experimental"
    OTHER = "other"
    STANDARD = "standard"
    UNDER_EVALUATION = "underEvaluation"


class EndDeviceFunctionKind(StrEnum):
    """Enumeration of the schema."""

    AUTONOMOUS_DST = "autonomousDst"
    DEMAND_RESPONSE = "demandResponse"
    ELECTRIC_METERING = "electricMetering"
    GAS_METERING = "gasMetering"
    METROLOGY = "metrology"
    ON_REQUEST_READ = "onRequestRead"
    OUTAGE_HISTORY = "outageHistory"
    RELAYS_PROGRAMMING = "relaysProgramming"
    REVERSE_FLOW = "reverseFlow"
    WATER_METERING = "waterMetering"


class SealConditionKind(StrEnum):
    """Enumeration of the schema."""

    BROKEN = "broken"
    LOCKED = "locked"
    MISSING = "missing"
    OPEN = "open"
    OTHER = "other"


class SealKind(StrEnum):
    """Enumeration of the schema."""

    LEAD = "lead"
    LOCK = "lock"
    OTHER = "other"
    STEEL = "steel"


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivityRecord:
    """Something that was done to or happened at a device."""

    created_date_time: datetime | None = optional("createdDateTime")
    reason: str | None = optional("reason")
    severity: str | None = optional("severity")
    type: str | None = optional("type")
    status: Status | None = optional("status")


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """One channel of a register, with its reading type."""

    mrid: str | None = optional("mRID")
    is_virtual: bool | None = optional("isVirtual")
    names: tuple[Name, ...] = many("Names")
    reading_type: str | None = optional("ReadingType", REF)


@dataclass(frozen=True, slots=True, kw_only=True)
class ComFunction:
    """The communication function of a device."""

    mrid: str | None = optional("mRID")
    amr_address: str | None = optional("amrAddress")
    amr_router: str | None = optional("amrRouter")
    config_id: str | None = optional("configID")
    direction: ComDirectionKind | None = optional("direction")
    enabled: bool | None = optional("enabled")
    firmware_id: str | None = optional("firmwareID")
    hardware_id: str | None = optional("hardwareID")
    password: str | None = optional("password")
    program_id: str | None = optional("programID")
    technology: ComTechnologyKind | None = optional("technology")
    names: tuple[Name, ...] = many("Names")


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteConnectDisconnectInfo:
    """Limits and arming of a remote switch."""

    armed_timeout: Decimal | None = optional("armedTimeout", SECONDS)
    customer_voltage_limit: Decimal | None = optional("customerVoltageLimit", VOLTAGE)
    energy_limit: Decimal | None = optional("energyLimit", REAL_ENERGY)
    energy_usage_start_date_time: datetime | None = optional("energyUsageStartDateTime")
    energy_usage_warning: Decimal | None = optional("energyUsageWarning", REAL_ENERGY)
    is_arm_connect: bool | None = optional("isArmConnect")
    is_arm_disconnect: bool | None = optional("isArmDisconnect")
    is_energy_limiting: bool | None = optional("isEnergyLimiting")
    needs_power_limit_check: bool | None = optional("needsPowerLimitCheck")
    needs_voltage_limit_check: bool | None = optional("needsVoltageLimitCheck")
    power_limit: Decimal | None = optional("powerLimit", ACTIVE_POWER)
    use_pushbutton: bool | None = optional("usePushbutton")


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectDisconnectFunction:
    """The switch of a device and whether it is closed."""

    mrid: str | None = optional("mRID")
    enabled: bool | None = optional("enabled")
    event_count: int | None = optional("eventCount")
    is_connected: bool | None = optional("isConnected")
    is_delayed_discon: bool | None = optional("isDelayedDiscon")
    is_local_auto_discon_op: bool | None = optional("isLocalAutoDisconOp")
    is_local_auto_recon_op: bool | None = optional("isLocalAutoReconOp")
    is_remote_auto_discon_op: bool | None = optional("isRemoteAutoDisconOp")
    is_remote_auto_recon_op: bool | None = optional("isRemoteAutoReconOp")
    password: str | None = optional("password")
    names: tuple[Name, ...] = many("Names")
    rcd_info: RemoteConnectDisconnectInfo | None = optional("rcdInfo")


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeInterval:
    """From ``start`` to ``end``, times of day as text (they may lack a zone)."""

    end: str | None = optional("end", TIME)
    start: str | None = optional("start", TIME)


@dataclass(frozen=True, slots=True, kw_only=True)
class Register:
    """One register of a device, with its channels."""

    mrid: str | None = optional("mRID")
    is_virtual: bool | None = optional("isVirtual")
    left_digit_count: int | None = optional("leftDigitCount")
    right_digit_count: int | None = optional("rightDigitCount")
    tou_tier_name: str | None = optional("touTierName")
    channels: tuple[Channel, ...] = many("Channels")
    names: tuple[Name, ...] = many("Names")
    tou_tier: TimeInterval | None = optional("touTier")


@dataclass(frozen=True, slots=True, kw_only=True)
class SimpleEndDeviceFunction:
    """A function of a device, with its registers."""

    mrid: str | None = optional("mRID")
    config_id: str | None = optional("configID")
    enabled: bool | None = optional("enabled")
    firmware_id: str | None = optional("firmwareID")
    hardware_id: str | None = optional("hardwareID")
    kind: EndDeviceFunctionKind | None = optional("kind")
    password: str | None = optional("password")
    program_id: str | None = optional("programID")
    names: tuple[Name, ...] = many("Names")
    registers: tuple[Register, ...] = many("Registers")


@dataclass(frozen=True, slots=True, kw_only=True)
class Manufacturer:
    """Who made it."""

    mrid: str | None = optional("mRID")
    names: tuple[Name, ...] = many("Names")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductAssetModel:
    """The model of a device."""

    corporate_standard_kind: CorporateStandardKind | None = optional("corporateStandardKind")
    model_number: str | None = optional("modelNumber")
    model_version: str | None = optional("modelVersion")
    usage_kind: AssetModelUsageKind | None = optional("usageKind")
    manufacturer: Identified | None = optional("Manufacturer")


@dataclass(frozen=True, slots=True, kw_only=True)
class EndDeviceCapability:
    """What a device can do."""

    autonomous_dst: bool | None = optional("autonomousDst")
    communication: bool | None = optional("communication")
    connect_disconnect: bool | None = optional("connectDisconnect")
    demand_response: bool | None = optional("demandResponse")
    electric_metering: bool | None = optional("electricMetering")
    gas_metering: bool | None = optional("gasMetering")
    metrology: bool | None = optional("metrology")
    on_request_read: bool | None = optional("onRequestRead")
    outage_history: bool | None = optional("outageHistory")
    pressure_compensation: bool | None = optional("pressureCompensation")
    pricing_info: bool | None = optional("pricingInfo")
    pulse_output: bool | None = optional("pulseOutput")
    relays_programming: bool | None = optional("relaysProgramming")
    reverse_flow: bool | None = optional("reverseFlow")
    super_compressibility_compensation: bool | None = optional("superCompressibilityCompensation")
    temperature_compensation: bool | None = optional("temperatureCompensation")
    text_message: bool | None = optional("textMessage")
    water_metering: bool | None = optional("waterMetering")


@dataclass(frozen=True, slots=True, kw_only=True)
class EndDeviceInfo:
    """Ratings and capabilities of a kind of device."""

    is_solid_state: bool | None = optional("isSolidState")
    phase_count: int | None = optional("phaseCount")
    rated_current: Decimal | None = optional("ratedCurrent", CURRENT_FLOW)
    rated_voltage: Decimal | None = optional("ratedVoltage", VOLTAGE)
    asset_model: ProductAssetModel | None = optional("AssetModel")
    capability: EndDeviceCapability | None = optional("capability")


@dataclass(frozen=True, slots=True, kw_only=True)
class LifecycleDate:
    """Dates in the life of a device, as text (they may carry a zone)."""

    installation_date: str | None = optional("installationDate", DATE)
    manufactured_date: str | None = optional("manufacturedDate", DATE)
    purchase_date: str | None = optional("purchaseDate", DATE)
    received_date: str | None = optional("receivedDate", DATE)
    removal_date: str | None = optional("removalDate", DATE)
    retired_date: str | None = optional("retiredDate", DATE)


@dataclass(frozen=True, slots=True, kw_only=True)
class ComFunctionRef:
    """One ComFunction of the message, by its name."""

    ELEMENT: ClassVar[str] = "ComFunction"

    ref: str | None = attribute("ref")


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectDisconnectFunctionRef:
    """One ConnectDisconnectFunction of the message, by its name."""

    ELEMENT: ClassVar[str] = "ConnectDisconnectFunction"

    ref: str | None = attribute("ref")


@dataclass(frozen=True, slots=True, kw_only=True)
class SimpleEndDeviceFunctionRef:
    """One SimpleEndDeviceFunction of the message, by its name."""

    ELEMENT: ClassVar[str] = "SimpleEndDeviceFunction"

    ref: str | None = attribute("ref")
