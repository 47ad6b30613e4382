"""What the energy services interface tells its devices: prices, texts, load controls, and their cancellation (SE 1.4, D.2 to D.5).

Each has ``fields``, its payload by the names of the definitions, and ``of``, the way back. ``issuer_event_id`` orders events
of one issuer: a higher one is newer and replaces. ``start`` None is now; ``duration_min`` None is until it is changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar, Self

from drivers.zigbee_se.zcl_time import moment, seconds

_UNTIL_CHANGED = 0xFFFF
_LONGEST_LOAD_CONTROL = 1440
_UNUSED8, _UNUSED32 = 0xFF, 0xFFFFFFFF
_NO_SET_POINT, _NO_ADJUSTMENT = -0x8000, -0x80


class CannotSay(ValueError):
    """An instruction has a value that Smart Energy has no field for; says which and what the limit is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """PublishPrice. ``price`` per ``unit`` (UnitofMeasure) in ``currency`` (ISO 4217 number); its decimals are sent as given.

    ``tier`` 0 is no tier; ``price_ratio`` the price over the normal one, in tenths. ``acknowledge`` asks for PriceAck.
    """

    cluster: ClassVar[int] = 0x0700
    command: ClassVar[str] = "PublishPrice"

    issuer_event_id: int
    price: Decimal
    currency: int
    provider_id: int = 0
    rate_label: str = ""
    unit: int = 0
    tier: int = 0
    tiers: int = 0
    register_tier: int = 0
    start: datetime | None = None
    duration_min: int | None = None
    price_ratio: Decimal | None = None
    generation_price: Decimal | None = None
    generation_price_ratio: Decimal | None = None
    alternate_cost: Decimal | None = None
    alternate_cost_unit: int | None = None
    acknowledge: bool = True

    def fields(self, now: datetime) -> dict[str, Any]:
        """Raises CannotSay."""
        digits = max(_decimals(self.price), _decimals(self.generation_price))
        alternate_digits = _decimals(self.alternate_cost)
        label = self.rate_label.encode()
        if len(label) > 12:
            raise CannotSay(f"rate label {self.rate_label!r} is longer than 12 octets")
        return {
            "providerId": _within("providerID", self.provider_id, _UNUSED32),
            "rateLabel": label,
            "issuerEventId": self.issuer_event_id,
            "currentTime": seconds(now),
            "unitOfMeasure": self.unit,
            "currency": _within("currency", self.currency, 0xFFFF),
            "priceTrailingDigitAndPriceTier": _nibble("decimals", digits) << 4 | _nibble("tier", self.tier),
            "numberOfPriceTiersAndRegisterTier": _nibble("tiers", self.tiers) << 4
            | _nibble("register tier", self.register_tier),
            "startTime": _start(self.start),
            "durationInMinutes": _duration(self.duration_min),
            "price": _price("price", self.price, digits),
            "priceRatio": _tenths("price ratio", self.price_ratio),
            "generationPrice": _price("generation price", self.generation_price, digits),
            "generationPriceRatio": _tenths("generation price ratio", self.generation_price_ratio),
            "alternateCostDelivered": _price("alternate cost", self.alternate_cost, alternate_digits),
            "alternateCostUnit": _UNUSED8 if self.alternate_cost_unit is None else self.alternate_cost_unit,
            "alternateCostTrailingDigit": _UNUSED8 if self.alternate_cost is None else alternate_digits << 4,
            "numberOfBlockThresholds": _UNUSED8,
            "priceControl": int(self.acknowledge),
        }

    @classmethod
    def of(cls, fields: Mapping[str, Any]) -> Self:
        """From the payload of a PublishPrice; the fields that an older device cuts off are not used."""
        digits, tier = divmod(fields["priceTrailingDigitAndPriceTier"], 16)
        tiers, register_tier = divmod(fields["numberOfPriceTiersAndRegisterTier"], 16)
        alternate_digits = fields.get("alternateCostTrailingDigit", _UNUSED8)
        alternate = fields.get("alternateCostDelivered", _UNUSED32)
        return cls(
            issuer_event_id=fields["issuerEventId"],
            price=Decimal(fields["price"]).scaleb(-digits),
            currency=fields["currency"],
            provider_id=fields["providerId"],
            rate_label=(fields["rateLabel"] or b"").decode("utf-8", "replace"),
            unit=fields["unitOfMeasure"],
            tier=tier,
            tiers=tiers,
            register_tier=register_tier,
            start=moment(fields["startTime"]),
            duration_min=_minutes(fields["durationInMinutes"]),
            price_ratio=_from_tenths(fields.get("priceRatio", _UNUSED8)),
            generation_price=_from_price(fields.get("generationPrice", _UNUSED32), digits),
            generation_price_ratio=_from_tenths(fields.get("generationPriceRatio", _UNUSED8)),
            alternate_cost=_from_price(alternate, 0 if alternate_digits == _UNUSED8 else alternate_digits >> 4),
            alternate_cost_unit=_used(fields.get("alternateCostUnit", _UNUSED8), _UNUSED8),
            acknowledge=bool(fields.get("priceControl", 0) & 1),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """DisplayMessage. ``urgency`` 0 low to 3 critical; ``transmission`` 0 normal, 1 normal and anonymous, 2 anonymous."""

    cluster: ClassVar[int] = 0x0703
    command: ClassVar[str] = "DisplayMessage"

    issuer_event_id: int
    text: str
    urgency: int = 0
    transmission: int = 0
    confirm: bool = False
    start: datetime | None = None
    duration_min: int | None = None

    def fields(self, now: datetime) -> dict[str, Any]:
        """Raises CannotSay."""
        if len(self.text.encode()) > 254:
            raise CannotSay("the text is longer than 254 octets")
        return {
            "messageId": self.issuer_event_id,
            "messageControl": self.transmission | self.urgency << 2 | self.confirm << 7,
            "startTime": _start(self.start),
            "durationInMinutes": _duration(self.duration_min),
            "message": self.text,
        }

    @classmethod
    def of(cls, fields: Mapping[str, Any]) -> Self:
        control = fields["messageControl"]
        return cls(
            issuer_event_id=fields["messageId"],
            text=fields["message"] or "",
            urgency=control >> 2 & 3,
            transmission=control & 3,
            confirm=bool(control & 0x80),
            start=moment(fields["startTime"]),
            duration_min=_minutes(fields["durationInMinutes"]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelMessage:
    """CancelMessage, of one text."""

    cluster: ClassVar[int] = 0x0703
    command: ClassVar[str] = "CancelMessage"

    issuer_event_id: int

    def fields(self, now: datetime) -> dict[str, Any]:
        return {"messageId": self.issuer_event_id, "messageControl": 0}


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadControl:
    """LoadControlEvent. ``device_class`` has the bits of ``DEVICE_CLASSES``; temperatures in degC; adjustments in per cent.

    ``criticality`` 1 green, 2 to 6 levels 1 to 5, 7 emergency, 8 planned outage, 9 service disconnect, 10 to 15 the
    utility's own.
    """

    cluster: ClassVar[int] = 0x0701
    command: ClassVar[str] = "LoadControlEvent"

    issuer_event_id: int
    device_class: int
    duration_min: int
    criticality: int
    group: int = 0
    start: datetime | None = None
    cooling_offset: Decimal | None = None
    heating_offset: Decimal | None = None
    cooling_set_point: Decimal | None = None
    heating_set_point: Decimal | None = None
    load_adjustment: int | None = None
    duty_cycle: int | None = None
    randomise_start: bool = False
    randomise_end: bool = False

    def fields(self, now: datetime) -> dict[str, Any]:
        """Raises CannotSay."""
        if not 1 <= self.duration_min <= _LONGEST_LOAD_CONTROL:
            raise CannotSay(f"a load control lasts 1 to {_LONGEST_LOAD_CONTROL} minutes, not {self.duration_min}")
        if not 1 <= self.criticality <= 15:
            raise CannotSay(f"criticality {self.criticality} is none of 1 to 15")
        adjustment = self.load_adjustment
        if adjustment is not None and not -100 <= adjustment <= 100:
            raise CannotSay(f"an average load adjustment of {adjustment} % is none of -100 to 100")
        if self.duty_cycle is not None and not 0 <= self.duty_cycle <= 100:
            raise CannotSay(f"a duty cycle of {self.duty_cycle} % is none of 0 to 100")
        return {
            "issuerEventId": self.issuer_event_id,
            "deviceClass": _within("device class", self.device_class, 0x10000),
            "utilityEnrollmentGroup": _within("enrollment group", self.group, 0x100),
            "startTime": _start(self.start),
            "durationInMinutes": self.duration_min,
            "criticalityLevel": self.criticality,
            "coolingTemperatureOffset": _tenths("cooling offset", self.cooling_offset),
            "heatingTemperatureOffset": _tenths("heating offset", self.heating_offset),
            "coolingTemperatureSetPoint": _set_point("cooling set point", self.cooling_set_point),
            "heatingTemperatureSetPoint": _set_point("heating set point", self.heating_set_point),
            "averageLoadAdjustmentPercentage": _NO_ADJUSTMENT if adjustment is None else adjustment,
            "dutyCycle": _UNUSED8 if self.duty_cycle is None else self.duty_cycle,
            "eventControl": self.randomise_start | self.randomise_end << 1,
        }

    @classmethod
    def of(cls, fields: Mapping[str, Any]) -> Self:
        return cls(
            issuer_event_id=fields["issuerEventId"],
            device_class=fields["deviceClass"],
            group=fields["utilityEnrollmentGroup"],
            start=moment(fields["startTime"]),
            duration_min=fields["durationInMinutes"],
            criticality=fields["criticalityLevel"],
            cooling_offset=_from_tenths(fields["coolingTemperatureOffset"]),
            heating_offset=_from_tenths(fields["heatingTemperatureOffset"]),
            cooling_set_point=_from_set_point(fields["coolingTemperatureSetPoint"]),
            heating_set_point=_from_set_point(fields["heatingTemperatureSetPoint"]),
            load_adjustment=_used(fields["averageLoadAdjustmentPercentage"], _NO_ADJUSTMENT),
            duty_cycle=_used(fields["dutyCycle"], _UNUSED8),
            randomise_start=bool(fields["eventControl"] & 1),
            randomise_end=bool(fields["eventControl"] & 2),
        )


#: DeviceClass, bits 0 to 11 (D.2.2.3.1.1.1).
DEVICE_CLASSES = (
    "HVAC compressor or furnace", "strip and baseboard heater", "water heater", "pool pump, spa, jacuzzi",
    "smart appliance", "irrigation pump", "managed commercial and industrial load", "simple miscellaneous load",
    "exterior lighting", "interior lighting", "electric vehicle", "generation system",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelLoadControl:
    """CancelLoadControlEvent. ``effective`` None is now; ``randomise`` keeps the event's own random end."""

    cluster: ClassVar[int] = 0x0701
    command: ClassVar[str] = "CancelLoadControlEvent"

    issuer_event_id: int
    device_class: int = 0x0FFF
    group: int = 0
    randomise: bool = False
    effective: datetime | None = None

    def fields(self, now: datetime) -> dict[str, Any]:
        return {
            "issuerEventId": self.issuer_event_id,
            "deviceClass": self.device_class,
            "utilityEnrollmentGroup": self.group,
            "cancelControl": int(self.randomise),
            "effectiveTime": _start(self.effective),
        }

    @classmethod
    def of(cls, fields: Mapping[str, Any]) -> Self:
        return cls(
            issuer_event_id=fields["issuerEventId"],
            device_class=fields["deviceClass"],
            group=fields["utilityEnrollmentGroup"],
            randomise=bool(fields["cancelControl"] & 1),
            effective=moment(fields["effectiveTime"]),
        )


Instruction = Price | Message | CancelMessage | LoadControl | CancelLoadControl


def _within(what: str, value: int, end: int) -> int:
    if not 0 <= value < end:
        raise CannotSay(f"{what} {value} is not within 0 to {end - 1}")
    return value


def _nibble(what: str, value: int) -> int:
    return _within(what, value, 16)


def _start(time: datetime | None) -> int:
    return 0 if time is None else seconds(time)


def _duration(minutes: int | None) -> int:
    return _UNTIL_CHANGED if minutes is None else _within("duration in minutes", minutes, _UNTIL_CHANGED)


def _minutes(given: int) -> int | None:
    return _used(given, _UNTIL_CHANGED)


def _used(given: int, unused: int) -> int | None:
    return None if given == unused else given


def _decimals(value: Decimal | None) -> int:
    exponent = value.as_tuple().exponent if value is not None else 0
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _price(what: str, value: Decimal | None, digits: int) -> int:
    return _UNUSED32 if value is None else _within(what, _scaled(what, value, digits), _UNUSED32)


def _from_price(given: int, digits: int) -> Decimal | None:
    return None if given == _UNUSED32 else Decimal(given).scaleb(-digits)


def _tenths(what: str, value: Decimal | None) -> int:
    return _UNUSED8 if value is None else _within(what + " in tenths", _scaled(what, value, 1), _UNUSED8)


def _from_tenths(given: int) -> Decimal | None:
    return None if given == _UNUSED8 else Decimal(given).scaleb(-1)


def _set_point(what: str, value: Decimal | None) -> int:
    """Hundredths of a degree, -273.15 to 327.67 (D.2.2.3.1.1)."""
    if value is None:
        return _NO_SET_POINT
    number = _scaled(what, value, 2)
    if not -27315 <= number <= 0x7FFF:
        raise CannotSay(f"{what} {value} degC is not within -273.15 to 327.67")
    return number


def _from_set_point(given: int) -> Decimal | None:
    return None if given == _NO_SET_POINT else Decimal(given).scaleb(-2)


def _scaled(what: str, value: Decimal, digits: int) -> int:
    scaled = value.scaleb(digits)
    if scaled != scaled.to_integral_value():
        raise CannotSay(f"{what} {value} has more than {digits} decimals")
    return int(scaled)
