"""MeterConfig: meters, their functions, registers and channels."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from gateway.messages.datatypes import FLOAT, MINUTES, MONEY, PER_CENT
from gateway.messages.declare import any_of, many, optional
from gateway.messages.profiles.codes import ReadingType
from gateway.messages.profiles.devices import (
    ActivityRecord,
    ComFunction,
    ComFunctionRef,
    ConnectDisconnectFunction,
    ConnectDisconnectFunctionRef,
    EndDeviceInfo,
    LifecycleDate,
    SealConditionKind,
    SealKind,
    SimpleEndDeviceFunction,
    SimpleEndDeviceFunctionRef,
)
from gateway.messages.profiles.parts import ConfigurationEvent, ElectronicAddress, Name, Status


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterSeal:
    """A seal on a meter."""

    mrid: str | None = optional("mRID")
    applied_date_time: datetime | None = optional("appliedDateTime")
    condition: SealConditionKind | None = optional("condition")
    kind: SealKind | None = optional("kind")
    seal_number: str | None = optional("sealNumber")
    names: tuple[Name, ...] = many("Names")


class MeterMultiplierKind(StrEnum):
    """Enumeration of the schema."""

    CT_RATIO = "ctRatio"
    K_E = "kE"
    K_H = "kH"
    K_R = "kR"
    PT_RATIO = "ptRatio"
    TRANSFORMER_RATIO = "transformerRatio"


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterMultiplier:
    """A factor between what a meter counts and what it stands for."""

    mrid: str | None = optional("mRID")
    kind: MeterMultiplierKind | None = optional("kind")
    value: Decimal | None = optional("value", FLOAT)
    names: tuple[Name, ...] = many("Names")


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfiguredMeter:
    """A meter, its address and its life."""

    mrid: str | None = optional("mRID")
    amr_system: str | None = optional("amrSystem")
    form_number: str | None = optional("formNumber")
    initial_condition: str | None = optional("initialCondition")
    initial_loss_of_life: Decimal | None = optional("initialLossOfLife", PER_CENT)
    is_virtual: bool | None = optional("isVirtual")
    lot_number: str | None = optional("lotNumber")
    purchase_price: Decimal | None = optional("purchasePrice", MONEY)
    serial_number: str | None = optional("serialNumber")
    time_zone_offset: Decimal | None = optional("timeZoneOffset", MINUTES)
    type: str | None = optional("type")
    utc_number: str | None = optional("utcNumber")
    activity_records: tuple[ActivityRecord, ...] = many("ActivityRecords")
    configuration_events: ConfigurationEvent | None = optional("ConfigurationEvents")
    electronic_address: ElectronicAddress | None = optional("electronicAddress")
    functions: tuple[ComFunctionRef | ConnectDisconnectFunctionRef | SimpleEndDeviceFunctionRef, ...] = any_of()
    end_device_info: EndDeviceInfo | None = optional("EndDeviceInfo")
    lifecycle: LifecycleDate | None = optional("lifecycle")
    meter_multipliers: tuple[MeterMultiplier, ...] = many("MeterMultipliers")
    names: tuple[Name, ...] = many("Names")
    seals: tuple[MeterSeal, ...] = many("Seals")
    status: Status | None = optional("status")


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterConfig:
    """The message: meters and their functions."""

    com_function: tuple[ComFunction, ...] = many("ComFunction")
    connect_disconnect_function: tuple[ConnectDisconnectFunction, ...] = many("ConnectDisconnectFunction")
    meter: tuple[ConfiguredMeter, ...] = many("Meter")
    reading_type: tuple[ReadingType, ...] = many("ReadingType")
    simple_end_device_function: tuple[SimpleEndDeviceFunction, ...] = many("SimpleEndDeviceFunction")
