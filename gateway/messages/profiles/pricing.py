"""PricingStructureConfig: tariffs.

Not checked against a reference schema: the only public version is cut down for a research project.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from gateway.messages.datatypes import DATE, FLOAT, PER_CENT, REAL_ENERGY, TIME
from gateway.messages.declare import many, optional, required
from gateway.messages.profiles.parts import ConfigurationEvent, Name, Status


class ChargeKind(StrEnum):
    """Enumeration of the schema."""

    AUXILIARY_CHARGE = "auxiliaryCharge"
    CONSUMPTION_CHARGE = "consumptionCharge"
    DEMAND_CHARGE = "demandCharge"
    OTHER = "other"
    TAX_CHARGE = "taxCharge"


class Currency(StrEnum):
    """Enumeration of the schema."""

    AUD = "AUD"
    CAD = "CAD"
    CHF = "CHF"
    CNY = "CNY"
    DKK = "DKK"
    EUR = "EUR"
    GBP = "GBP"
    INR = "INR"
    JPY = "JPY"
    NOK = "NOK"
    RUR = "RUR"
    SEK = "SEK"
    USD = "USD"
    OTHER = "other"


class RevenueKind(StrEnum):
    """Enumeration of the schema."""

    COMMERCIAL = "commercial"
    INDUSTRIAL = "industrial"
    IRRIGATION = "irrigation"
    NON_RESIDENTIAL = "nonResidential"
    OTHER = "other"
    RESIDENTIAL = "residential"
    STREET_LIGHT = "streetLight"


class UnitMultiplier(StrEnum):
    """Enumeration of the schema."""

    G = "G"
    MEGA = "M"
    T = "T"
    C = "c"
    D = "d"
    K = "k"
    MILLI = "m"
    MICRO = "micro"
    N = "n"
    NONE = "none"
    P = "p"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountingUnit:
    """What an amount is counted in."""

    energy_unit: Decimal | None = optional("energyUnit", REAL_ENERGY)
    monetary_unit: Currency | None = optional("monetaryUnit")
    multiplier: UnitMultiplier | None = optional("multiplier")
    value: Decimal | None = optional("value", FLOAT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """One charge: a fixed and a variable portion."""

    mrid: str | None = optional("mRID")
    kind: ChargeKind | None = optional("kind")
    variable_portion: Decimal | None = optional("variablePortion", PER_CENT)
    fixed_portion: AccountingUnit | None = optional("fixedPortion")
    names: tuple[Name, ...] = many("Names")


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsumptionTariffInterval:
    """A band of consumption and its charges."""

    sequence_number: int = required("sequenceNumber")
    start_value: Decimal = required("startValue", REAL_ENERGY)
    charges: tuple[Charge, ...] = many("Charges")


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeTariffInterval:
    """A band of the day (``start_time`` is text) and its charges."""

    sequence_number: int | None = optional("sequenceNumber")
    start_time: str | None = optional("startTime", TIME)
    charges: tuple[Charge, ...] = many("Charges")
    consumption_tariff_intervals: tuple[ConsumptionTariffInterval, ...] = many("ConsumptionTariffIntervals")


@dataclass(frozen=True, slots=True, kw_only=True)
class TariffProfile:
    """Bands of time and consumption."""

    mrid: str | None = optional("mRID")
    created_date_time: datetime | None = optional("createdDateTime")
    last_modified_date_time: datetime | None = optional("lastModifiedDateTime")
    revision_number: str | None = optional("revisionNumber")
    subject: str | None = optional("subject")
    tariff_cycle: str | None = optional("tariffCycle")
    title: str | None = optional("title")
    type: str | None = optional("type")
    consumption_tariff_intervals: tuple[ConsumptionTariffInterval, ...] = many("ConsumptionTariffIntervals")
    doc_status: Status | None = optional("docStatus")
    names: tuple[Name, ...] = many("Names")
    status: Status | None = optional("status")
    time_tariff_intervals: tuple[TimeTariffInterval, ...] = many("TimeTariffIntervals")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tariff:
    """A tariff; its dates are text (they may carry a zone)."""

    mrid: str | None = optional("mRID")
    created_date_time: datetime | None = optional("createdDateTime")
    end_date: str | None = optional("endDate", DATE)
    last_modified_date_time: datetime | None = optional("lastModifiedDateTime")
    revision_number: str | None = optional("revisionNumber")
    start_date: str | None = optional("startDate", DATE)
    subject: str | None = optional("subject")
    title: str | None = optional("title")
    type: str | None = optional("type")
    doc_status: Status | None = optional("docStatus")
    names: tuple[Name, ...] = many("Names")
    status: Status | None = optional("status")
    tariff_profiles: tuple[TariffProfile, ...] = many("TariffProfiles")


@dataclass(frozen=True, slots=True, kw_only=True)
class PricingStructure:
    """Tariffs under one code."""

    mrid: str | None = optional("mRID")
    code: str | None = optional("code")
    created_date_time: datetime | None = optional("createdDateTime")
    daily_ceiling_usage: int | None = optional("dailyCeilingUsage")
    daily_estimated_usage: int | None = optional("dailyEstimatedUsage")
    daily_floor_usage: int | None = optional("dailyFloorUsage")
    last_modified_date_time: datetime | None = optional("lastModifiedDateTime")
    revenue_kind: RevenueKind | None = optional("revenueKind")
    revision_number: str | None = optional("revisionNumber")
    subject: str | None = optional("subject")
    tax_exemption: bool | None = optional("taxExemption")
    title: str | None = optional("title")
    type: str | None = optional("type")
    configuration_events: ConfigurationEvent | None = optional("ConfigurationEvents")
    doc_status: Status | None = optional("docStatus")
    names: tuple[Name, ...] = many("Names")
    status: Status | None = optional("status")
    tariffs: tuple[Tariff, ...] = many("Tariffs")


@dataclass(frozen=True, slots=True, kw_only=True)
class PricingStructureConfig:
    """The message: pricing structures."""

    pricing_structure: tuple[PricingStructure, ...] = many("PricingStructure")
