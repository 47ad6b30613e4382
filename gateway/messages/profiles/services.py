"""ServiceCategoryConfig, ServiceLocationConfig, ServiceSupplierConfig: what is supplied, where, by whom."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.messages.declare import many, optional
from gateway.messages.profiles.addresses import (
    CoordinateSystem,
    PositionPoint,
    PostalAddress,
    StreetAddress,
    TelephoneNumber,
)
from gateway.messages.profiles.kinds import ServiceKind, SupplierKind
from gateway.messages.profiles.parts import ConfigurationEvent, ElectronicAddress, Name, Status


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceCategory:
    """A kind of service."""

    mrid: str | None = optional("mRID")
    kind: ServiceKind | None = optional("kind")
    configuration_events: ConfigurationEvent | None = optional("ConfigurationEvents")
    names: tuple[Name, ...] = many("Names")


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceCategoryConfig:
    """The message: kinds of service."""

    service_category: tuple[ServiceCategory, ...] = many("ServiceCategory")


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceLocation:
    """Where service is supplied, and how one gets in."""

    mrid: str | None = optional("mRID")
    access_method: str | None = optional("accessMethod")
    direction: str | None = optional("direction")
    geo_info_reference: str | None = optional("geoInfoReference")
    needs_inspection: bool | None = optional("needsInspection")
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
class ServiceLocationConfig:
    """The message: places of service."""

    service_location: tuple[ServiceLocation, ...] = many("ServiceLocation")


@dataclass(frozen=True, slots=True, kw_only=True)
class Organisation:
    """An organisation and its addresses."""

    mrid: str | None = optional("mRID")
    electronic_address: ElectronicAddress | None = optional("electronicAddress")
    names: tuple[Name, ...] = many("Names")
    phone1: TelephoneNumber | None = optional("phone1")
    phone2: TelephoneNumber | None = optional("phone2")
    postal_address: PostalAddress | None = optional("postalAddress")
    street_address: StreetAddress | None = optional("streetAddress")


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceSupplier:
    """Who supplies service."""

    mrid: str | None = optional("mRID")
    issuer_identification_number: str | None = optional("issuerIdentificationNumber")
    kind: SupplierKind | None = optional("kind")
    configuration_events: ConfigurationEvent | None = optional("ConfigurationEvents")
    names: tuple[Name, ...] = many("Names")
    organisation: Organisation | None = optional("Organisation")


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceSupplierConfig:
    """The message: suppliers."""

    service_supplier: tuple[ServiceSupplier, ...] = many("ServiceSupplier")
