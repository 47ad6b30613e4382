"""ComModuleConfig and EndDeviceFirmware: communication modules, and what software devices run.

Not checked against a reference schema: the smallest profile that the public CIM classes give for their use here. The
classes know no firmware of its own: it is the ``firmwareID`` of a device's functions.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from gateway.messages.datatypes import MINUTES
from gateway.messages.declare import many, optional
from gateway.messages.profiles.devices import ComFunction, LifecycleDate
from gateway.messages.profiles.parts import ConfigurationEvent, ElectronicAddress, Name, Status


@dataclass(frozen=True, slots=True, kw_only=True)
class ComModule:
    """A communication module that is an asset of its own."""

    mrid: str | None = optional("mRID")
    amr_system: str | None = optional("amrSystem")
    lot_number: str | None = optional("lotNumber")
    serial_number: str | None = optional("serialNumber")
    supports_autonomous_dst: bool | None = optional("supportsAutonomousDst")
    time_zone_offset: Decimal | None = optional("timeZoneOffset", MINUTES)
    type: str | None = optional("type")
    utc_number: str | None = optional("utcNumber")
    com_functions: tuple[ComFunction, ...] = many("ComFunctions")
    configuration_events: ConfigurationEvent | None = optional("ConfigurationEvents")
    electronic_address: ElectronicAddress | None = optional("electronicAddress")
    lifecycle: LifecycleDate | None = optional("lifecycle")
    names: tuple[Name, ...] = many("Names")
    status: Status | None = optional("status")


@dataclass(frozen=True, slots=True, kw_only=True)
class ComModuleConfig:
    """The message: communication modules."""

    com_module: tuple[ComModule, ...] = many("ComModule")


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionFirmware:
    """What one function of a device runs, or is to run."""

    mrid: str | None = optional("mRID")
    config_id: str | None = optional("configID")
    enabled: bool | None = optional("enabled")
    firmware_id: str | None = optional("firmwareID")
    hardware_id: str | None = optional("hardwareID")
    program_id: str | None = optional("programID")
    names: tuple[Name, ...] = many("Names")


@dataclass(frozen=True, slots=True, kw_only=True)
class FirmwareDevice:
    """A device and the software of its functions."""

    mrid: str | None = optional("mRID")
    serial_number: str | None = optional("serialNumber")
    type: str | None = optional("type")
    end_device_functions: tuple[FunctionFirmware, ...] = many("EndDeviceFunctions")
    names: tuple[Name, ...] = many("Names")
    status: Status | None = optional("status")


@dataclass(frozen=True, slots=True, kw_only=True)
class EndDeviceFirmware:
    """The message: the software of devices."""

    end_device: tuple[FirmwareDevice, ...] = many("EndDevice")
