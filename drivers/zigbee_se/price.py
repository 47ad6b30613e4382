"""PublishPrice, of the cluster Price (0x0700)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar, Self

from drivers.zigbee_se import instruction_values as values
from drivers.zigbee_se.zcl_time import moment, seconds


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
        digits = max(values.decimals(self.price), values.decimals(self.generation_price))
        alternate_digits = values.decimals(self.alternate_cost)
        label = self.rate_label.encode()
        if len(label) > 12:
            raise values.CannotSay(f"rate label {self.rate_label!r} is longer than 12 octets")
        return {
            "providerId": values.within("providerID", self.provider_id, values.UNUSED32),
            "rateLabel": label,
            "issuerEventId": self.issuer_event_id,
            "currentTime": seconds(now),
            "unitOfMeasure": self.unit,
            "currency": values.within("currency", self.currency, 0xFFFF),
            "priceTrailingDigitAndPriceTier": values.nibble("decimals", digits) << 4 | values.nibble("tier", self.tier),
            "numberOfPriceTiersAndRegisterTier": values.nibble("tiers", self.tiers) << 4
            | values.nibble("register tier", self.register_tier),
            "startTime": values.start(self.start),
            "durationInMinutes": values.duration(self.duration_min),
            "price": values.price("price", self.price, digits),
            "priceRatio": values.tenths("price ratio", self.price_ratio),
            "generationPrice": values.price("generation price", self.generation_price, digits),
            "generationPriceRatio": values.tenths("generation price ratio", self.generation_price_ratio),
            "alternateCostDelivered": values.price("alternate cost", self.alternate_cost, alternate_digits),
            "alternateCostUnit": values.UNUSED8 if self.alternate_cost_unit is None else self.alternate_cost_unit,
            "alternateCostTrailingDigit": values.UNUSED8 if self.alternate_cost is None else alternate_digits << 4,
            "numberOfBlockThresholds": values.UNUSED8,
            "priceControl": int(self.acknowledge),
        }

    @classmethod
    def of(cls, fields: Mapping[str, Any]) -> Self:
        """From the payload of a PublishPrice; the fields that an older device cuts off are not used."""
        digits, tier = divmod(fields["priceTrailingDigitAndPriceTier"], 16)
        tiers, register_tier = divmod(fields["numberOfPriceTiersAndRegisterTier"], 16)
        alternate_digits = fields.get("alternateCostTrailingDigit", values.UNUSED8)
        alternate = fields.get("alternateCostDelivered", values.UNUSED32)
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
            duration_min=values.minutes(fields["durationInMinutes"]),
            price_ratio=values.from_tenths(fields.get("priceRatio", values.UNUSED8)),
            generation_price=values.from_price(fields.get("generationPrice", values.UNUSED32), digits),
            generation_price_ratio=values.from_tenths(fields.get("generationPriceRatio", values.UNUSED8)),
            alternate_cost=values.from_price(
                alternate, 0 if alternate_digits == values.UNUSED8 else alternate_digits >> 4
            ),
            alternate_cost_unit=values.used(fields.get("alternateCostUnit", values.UNUSED8), values.UNUSED8),
            acknowledge=bool(fields.get("priceControl", 0) & 1),
        )
