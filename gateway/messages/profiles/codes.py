"""Code types written out at the root of a message, for codes that no standard table holds."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.messages.declare import many, optional, required
from gateway.messages.profiles.parts import Name


@dataclass(frozen=True, slots=True, kw_only=True)
class RationalNumber:
    """numerator / denominator of an argument, a harmonic or an interharmonic."""

    denominator: int = required("denominator")
    numerator: int = required("numerator")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingType:
    """The 18 fields of a reading type, under the name by which readings refer to it."""

    mrid: str | None = optional("mRID")
    accumulation: str | None = optional("accumulation")
    aggregate: str | None = optional("aggregate")
    commodity: str | None = optional("commodity")
    consumption_tier: int | None = optional("consumptionTier")
    cpp: int | None = optional("cpp")
    currency: str | None = optional("currency")
    flow_direction: str | None = optional("flowDirection")
    macro_period: str | None = optional("macroPeriod")
    measurement_kind: str | None = optional("measurementKind")
    measuring_period: str | None = optional("measuringPeriod")
    multiplier: str | None = optional("multiplier")
    phases: str | None = optional("phases")
    tou: int | None = optional("tou")
    unit: str | None = optional("unit")
    argument: RationalNumber | None = optional("argument")
    interharmonic: RationalNumber | None = optional("interharmonic")
    names: tuple[Name, ...] = many("Names", least=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingQualityType:
    """systemId.category.subCategory of a reading quality."""

    mrid: str | None = optional("mRID")
    category: str | None = optional("category")
    sub_category: str | None = optional("subCategory")
    system_id: str | None = optional("systemId")
    names: tuple[Name, ...] = many("Names", least=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class EndDeviceEventType:
    """type.domain.subDomain.eventOrAction of an event."""

    mrid: str | None = optional("mRID")
    domain: str | None = optional("domain")
    event_or_action: str | None = optional("eventOrAction")
    sub_domain: str | None = optional("subDomain")
    type: str | None = optional("type")
    names: tuple[Name, ...] = many("Names", least=1)
