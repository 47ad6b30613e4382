"""EndDeviceConfig: devices that are no meters, PAN devices, and their functions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from gateway.messages.datatypes import MINUTES, MONEY, PER_CENT
from gateway.messages.declare import any_of, many, optional, required
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
class Seal:
    """A seal on a device."""

    applied_date_time: datetime | None = optional("appliedDateTime")
    condition: SealConditionKind | None = optional("condition")
    kind: SealKind | None = optional("kind")
    seal_number: str = required("sealNumber")


@dataclass(frozen=True, slots=True, kw_only=True)
class EndDevice:
    """A device, its address and its life."""

    mrid: str | None = optional("mRID")
    amr_system: str | None = optional("amrSystem")
    initial_condition: str | None = optional("initialCondition")
    initial_loss_of_life: Decimal | None = optional("initialLossOfLife", PER_CENT)
    install_code: str | None = optional("installCode")
    is_pan: bool | None = optional("isPan")
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
    names: tuple[Name, ...] = many("Names")
    seals: tuple[Seal, ...] = many("Seals")
    status: Status | None = optional("status")


@dataclass(frozen=True, slots=True, kw_only=True)
class EndDeviceConfig:
    """The message: devices and their functions."""

    com_function: tuple[ComFunction, ...] = many("ComFunction")
    connect_disconnect_function: tuple[ConnectDisconnectFunction, ...] = many("ConnectDisconnectFunction")
    end_device: tuple[EndDevice, ...] = many("EndDevice")
    reading_type: tuple[ReadingType, ...] = many("ReadingType")
    simple_end_device_function: tuple[SimpleEndDeviceFunction, ...] = many("SimpleEndDeviceFunction")
