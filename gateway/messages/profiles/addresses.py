"""Places and ways to reach the people there."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.messages.declare import many, optional, required
from gateway.messages.profiles.parts import Name, Status


@dataclass(frozen=True, slots=True, kw_only=True)
class StreetDetail:
    """Street, number and building."""

    address_general: str | None = optional("addressGeneral")
    building_name: str | None = optional("buildingName")
    code: str | None = optional("code")
    name: str | None = optional("name")
    number: str | None = optional("number")
    prefix: str | None = optional("prefix")
    suffix: str | None = optional("suffix")
    suite_number: str | None = optional("suiteNumber")
    type: str | None = optional("type")
    within_town_limits: bool | None = optional("withinTownLimits")


@dataclass(frozen=True, slots=True, kw_only=True)
class TownDetail:
    """Town, section, state and country."""

    code: str | None = optional("code")
    country: str | None = optional("country")
    name: str | None = optional("name")
    section: str | None = optional("section")
    state_or_province: str | None = optional("stateOrProvince")


@dataclass(frozen=True, slots=True, kw_only=True)
class StreetAddress:
    """Where something stands."""

    status: Status | None = optional("status")
    street_detail: StreetDetail | None = optional("streetDetail")
    town_detail: TownDetail | None = optional("townDetail")


@dataclass(frozen=True, slots=True, kw_only=True)
class PostalAddress:
    """Where letters go."""

    po_box: str | None = optional("poBox")
    postal_code: str | None = optional("postalCode")
    street_detail: StreetDetail | None = optional("streetDetail")
    town_detail: TownDetail | None = optional("townDetail")


@dataclass(frozen=True, slots=True, kw_only=True)
class TelephoneNumber:
    """A telephone number in its parts."""

    area_code: str | None = optional("areaCode")
    city_code: str | None = optional("cityCode")
    country_code: str | None = optional("countryCode")
    extension: str | None = optional("extension")
    local_number: str | None = optional("localNumber")


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionPoint:
    """One point of a position, in the units of its coordinate system."""

    sequence_number: int | None = optional("sequenceNumber")
    x_position: str = required("xPosition")
    y_position: str = required("yPosition")
    z_position: str | None = optional("zPosition")


@dataclass(frozen=True, slots=True, kw_only=True)
class CoordinateSystem:
    """The coordinate reference system of position points (its URN)."""

    mrid: str | None = optional("mRID")
    crs_urn: str | None = optional("crsUrn")
    names: tuple[Name, ...] = many("Names")
