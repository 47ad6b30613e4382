"""EndDeviceControls: connect, disconnect, demand response, prices and texts to devices."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from gateway.messages.datatypes import FLOAT, FLOAT_QUANTITY, MINUTES, MONEY, PER_CENT, TEMPERATURE
from gateway.messages.declare import REF, many, one_of, optional, required
from gateway.messages.profiles.parts import DateTimeInterval, ElectronicAddress, Identified, Name


class RandomisationKind(StrEnum):
    """What of a control is shifted at random."""

    DEFAULT = "default"
    END = "end"
    NONE = "none"
    START = "start"
    START_AND_END = "startAndEnd"


class TransmissionModeKind(StrEnum):
    """How a text is sent in a PAN."""

    ANONYMOUS = "anonymous"
    BOTH = "both"
    NORMAL = "normal"


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlledAppliance:
    """The kinds of appliance a demand response control is for."""

    is_electric_vehicle: bool | None = optional("isElectricVehicle")
    is_exterior_lighting: bool | None = optional("isExteriorLighting")
    is_generation_system: bool | None = optional("isGenerationSystem")
    is_hvac_compressor_or_furnace: bool | None = optional("isHvacCompressorOrFurnace")
    is_interior_lighting: bool | None = optional("isInteriorLighting")
    is_irrigation_pump: bool | None = optional("isIrrigationPump")
    is_managed_commercial_industrial_load: bool | None = optional("isManagedCommercialIndustrialLoad")
    is_pool_pump_spa_jacuzzi: bool | None = optional("isPoolPumpSpaJacuzzi")
    is_simple_misc_load: bool | None = optional("isSimpleMiscLoad")
    is_smart_appliance: bool | None = optional("isSmartAppliance")
    is_strip_and_baseboard_heater: bool | None = optional("isStripAndBaseboardHeater")
    is_water_heater: bool | None = optional("isWaterHeater")


@dataclass(frozen=True, slots=True, kw_only=True)
class PanDemandResponse:
    """A load control for a premises area network."""

    avg_load_adjustment: Decimal | None = optional("avgLoadAdjustment", PER_CENT)
    cancel_control_mode: str | None = optional("cancelControlMode")
    cancel_date_time: datetime | None = optional("cancelDateTime")
    cancel_now: bool | None = optional("cancelNow")
    command: str | None = optional("command")
    cooling_offset: Decimal | None = optional("coolingOffset", TEMPERATURE)
    cooling_setpoint: Decimal | None = optional("coolingSetpoint", TEMPERATURE)
    criticality_level: str | None = optional("criticalityLevel")
    duration: Decimal | None = optional("duration", MINUTES)
    duration_indefinite: bool | None = optional("durationIndefinite")
    duty_cycle: Decimal | None = optional("dutyCycle", PER_CENT)
    enrollment_group: str | None = optional("enrollmentGroup")
    heating_offset: Decimal | None = optional("heatingOffset", TEMPERATURE)
    heating_setpoint: Decimal | None = optional("heatingSetpoint", TEMPERATURE)
    start_date_time: datetime | None = optional("startDateTime")
    appliance: ControlledAppliance | None = optional("appliance")


@dataclass(frozen=True, slots=True, kw_only=True)
class PanDisplay:
    """A text for the displays of a premises area network."""

    command: str | None = optional("command")
    confirmation_required: bool | None = optional("confirmationRequired")
    duration: Decimal | None = optional("duration", MINUTES)
    duration_indefinite: bool | None = optional("durationIndefinite")
    priority: str | None = optional("priority")
    start_date_time: datetime | None = optional("startDateTime")
    text_message: str | None = optional("textMessage")
    transmission_mode: TransmissionModeKind | None = optional("transmissionMode")


@dataclass(frozen=True, slots=True, kw_only=True)
class PanPricingDetail:
    """One price of a price publication."""

    alternate_cost_delivered: Decimal | None = optional("alternateCostDelivered", FLOAT)
    alternate_cost_unit: str | None = optional("alternateCostUnit")
    current_time_date: datetime | None = optional("currentTimeDate")
    generation_price: Decimal | None = optional("generationPrice", MONEY)
    generation_price_ratio: Decimal | None = optional("generationPriceRatio", FLOAT)
    price: Decimal | None = optional("price", MONEY)
    price_ratio: Decimal | None = optional("priceRatio", FLOAT)
    price_tier: int | None = optional("priceTier")
    price_tier_count: int | None = optional("priceTierCount")
    price_tier_label: str | None = optional("priceTierLabel")
    rate_label: str | None = optional("rateLabel")
    register_tier: str | None = optional("registerTier")
    unit_of_measure: str | None = optional("unitOfMeasure")


@dataclass(frozen=True, slots=True, kw_only=True)
class PanPricing:
    """Prices for a premises area network."""

    command: str | None = optional("command")
    duration: Decimal | None = optional("duration", MINUTES)
    duration_indefinite: bool | None = optional("durationIndefinite")
    provider_id: int | None = optional("providerID")
    start_date_time: datetime | None = optional("startDateTime")
    pan_pricing_details: tuple[PanPricingDetail, ...] = many("PanPricingDetails")


@dataclass(frozen=True, slots=True, kw_only=True)
class EndDeviceControlType:
    """type.domain.subDomain.eventOrAction of a control."""

    mrid: str | None = optional("mRID")
    domain: str | None = optional("domain")
    event_or_action: str | None = optional("eventOrAction")
    sub_domain: str | None = optional("subDomain")
    type: str | None = optional("type")
    names: tuple[Name, ...] = many("Names", least=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlledDevice:
    """A device that a control addresses."""

    mrid: str | None = optional("mRID")
    install_code: str | None = optional("installCode")
    is_pan: bool | None = optional("isPan")
    electronic_address: ElectronicAddress | None = optional("electronicAddress")
    names: tuple[Name, ...] = many("Names")


@dataclass(frozen=True, slots=True, kw_only=True)
class EndDeviceTiming:
    """When, how long and with what random shift a control acts."""

    duration: Decimal | None = optional("duration", MINUTES)
    duration_indefinite: bool | None = optional("durationIndefinite")
    randomisation: RandomisationKind | None = optional("randomisation")
    interval: DateTimeInterval | None = optional("interval")


@dataclass(frozen=True, slots=True, kw_only=True)
class EndDeviceControl:
    """One control: its type, whom it addresses, when it acts, and at most one PAN instruction."""

    mrid: str | None = optional("mRID")
    dr_program_level: int | None = optional("drProgramLevel")
    dr_program_mandatory: bool | None = optional("drProgramMandatory")
    issuer_id: str | None = optional("issuerID")
    issuer_tracking_id: str | None = optional("issuerTrackingID")
    price_signal: Decimal | None = optional("priceSignal", FLOAT_QUANTITY)
    reason: str | None = optional("reason")
    pan: PanDemandResponse | PanDisplay | PanPricing | None = one_of()
    end_device_control_type: str = required("EndDeviceControlType", REF)
    end_device_groups: tuple[Identified, ...] = many("EndDeviceGroups")
    end_devices: tuple[ControlledDevice, ...] = many("EndDevices")
    primary_device_timing: EndDeviceTiming | None = optional("primaryDeviceTiming")
    secondary_device_timing: EndDeviceTiming | None = optional("secondaryDeviceTiming")
    usage_point_groups: tuple[Identified, ...] = many("UsagePointGroups")
    usage_points: tuple[Identified, ...] = many("UsagePoints")


@dataclass(frozen=True, slots=True, kw_only=True)
class EndDeviceControls:
    """The message: controls, and the types that no standard table holds."""

    end_device_control: tuple[EndDeviceControl, ...] = many("EndDeviceControl")
    end_device_control_type: tuple[EndDeviceControlType, ...] = many("EndDeviceControlType")
