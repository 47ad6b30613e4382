"""MasterDataLinkageConfig: which meter stands at which usage point, for which customer."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.messages.declare import many, optional, required
from gateway.messages.profiles.parts import ConfigurationEvent, Identified, Name


@dataclass(frozen=True, slots=True, kw_only=True)
class MappedReadingType:
    """A reading type by its names, of which one must stand."""

    mrid: str | None = optional("mRID")
    names: tuple[Name, ...] = many("Names", least=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingTypeMapping:
    """A reading type of the meter and the one it is to be called."""

    source: MappedReadingType = required("source")
    destination: MappedReadingType = required("destination")


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkedMeter:
    """A meter, its role at the usage point, and how its reading types are renamed."""

    mrid: str | None = optional("mRID")
    names: tuple[Name, ...] = many("Names")
    role: str | None = optional("role")
    reading_type_mapping: tuple[ReadingTypeMapping, ...] = many("ReadingTypeMapping")


@dataclass(frozen=True, slots=True, kw_only=True)
class MasterDataLinkageConfig:
    """The message: things that belong together from a moment on."""

    auxiliary_agreement: tuple[Identified, ...] = many("AuxiliaryAgreement")
    com_module: tuple[Identified, ...] = many("ComModule")
    configuration_event: ConfigurationEvent | None = optional("ConfigurationEvent")
    customer: tuple[Identified, ...] = many("Customer")
    customer_account: tuple[Identified, ...] = many("CustomerAccount")
    customer_agreement: tuple[Identified, ...] = many("CustomerAgreement")
    end_device: tuple[Identified, ...] = many("EndDevice")
    meter: tuple[LinkedMeter, ...] = many("Meter")
    pricing_structure: tuple[Identified, ...] = many("PricingStructure")
    service_location: tuple[Identified, ...] = many("ServiceLocation")
    service_supplier: tuple[Identified, ...] = many("ServiceSupplier")
    transformer_tank: tuple[Identified, ...] = many("TransformerTank")
    usage_point: tuple[Identified, ...] = many("UsagePoint")
    usage_point_location: tuple[Identified, ...] = many("UsagePointLocation")
