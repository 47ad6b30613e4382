"""EndDeviceGroups and UsagePointGroups: who is addressed together."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.messages.declare import REF, many, optional
from gateway.messages.profiles.parts import Identified, Name


@dataclass(frozen=True, slots=True, kw_only=True)
class DemandResponseProgram:
    """A demand response program."""

    mrid: str | None = optional("mRID")
    type: str | None = optional("type")
    names: tuple[Name, ...] = many("Names")


@dataclass(frozen=True, slots=True, kw_only=True)
class EndDeviceGroup:
    """Devices that are addressed together."""

    mrid: str | None = optional("mRID")
    demand_response_programs: tuple[str, ...] = many("DemandResponsePrograms", REF)
    end_devices: tuple[Identified, ...] = many("EndDevices")
    names: tuple[Name, ...] = many("Names")


@dataclass(frozen=True, slots=True, kw_only=True)
class EndDeviceGroups:
    """The message: groups of devices."""

    demand_response_program: tuple[DemandResponseProgram, ...] = many("DemandResponseProgram")
    end_device_group: tuple[EndDeviceGroup, ...] = many("EndDeviceGroup")


@dataclass(frozen=True, slots=True, kw_only=True)
class UsagePointGroup:
    """Usage points that are addressed together."""

    mrid: str | None = optional("mRID")
    demand_response_programs: str | None = optional("DemandResponsePrograms", REF)
    names: tuple[Name, ...] = many("Names")
    usage_points: tuple[Identified, ...] = many("UsagePoints")


@dataclass(frozen=True, slots=True, kw_only=True)
class UsagePointGroups:
    """The message: groups of usage points."""

    demand_response_program: tuple[DemandResponseProgram, ...] = many("DemandResponseProgram")
    usage_point_group: tuple[UsagePointGroup, ...] = many("UsagePointGroup")
