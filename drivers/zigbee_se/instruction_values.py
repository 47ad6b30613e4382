"""Values of instructions as Smart Energy's fields have them: unused ones, decimals, durations, temperatures; and the way back."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from drivers.zigbee_se.zcl_time import seconds

UNTIL_CHANGED = 0xFFFF
UNUSED8, UNUSED32 = 0xFF, 0xFFFFFFFF
NO_SET_POINT, NO_ADJUSTMENT = -0x8000, -0x80


class CannotSay(ValueError):
    """An instruction has a value that Smart Energy has no field for; says which and what the limit is."""


def within(what: str, value: int, end: int) -> int:
    if not 0 <= value < end:
        raise CannotSay(f"{what} {value} is not within 0 to {end - 1}")
    return value


def nibble(what: str, value: int) -> int:
    return within(what, value, 16)


def start(time: datetime | None) -> int:
    return 0 if time is None else seconds(time)


def duration(minutes: int | None) -> int:
    return UNTIL_CHANGED if minutes is None else within("duration in minutes", minutes, UNTIL_CHANGED)


def minutes(given: int) -> int | None:
    return used(given, UNTIL_CHANGED)


def used(given: int, unused: int) -> int | None:
    return None if given == unused else given


def decimals(value: Decimal | None) -> int:
    exponent = value.as_tuple().exponent if value is not None else 0
    return max(0, -exponent) if isinstance(exponent, int) else 0


def price(what: str, value: Decimal | None, digits: int) -> int:
    return UNUSED32 if value is None else within(what, scaled(what, value, digits), UNUSED32)


def from_price(given: int, digits: int) -> Decimal | None:
    return None if given == UNUSED32 else Decimal(given).scaleb(-digits)


def tenths(what: str, value: Decimal | None) -> int:
    return UNUSED8 if value is None else within(what + " in tenths", scaled(what, value, 1), UNUSED8)


def from_tenths(given: int) -> Decimal | None:
    return None if given == UNUSED8 else Decimal(given).scaleb(-1)


def set_point(what: str, value: Decimal | None) -> int:
    """Hundredths of a degree, -273.15 to 327.67 (D.2.2.3.1.1)."""
    if value is None:
        return NO_SET_POINT
    number = scaled(what, value, 2)
    if not -27315 <= number <= 0x7FFF:
        raise CannotSay(f"{what} {value} degC is not within -273.15 to 327.67")
    return number


def from_set_point(given: int) -> Decimal | None:
    return None if given == NO_SET_POINT else Decimal(given).scaleb(-2)


def scaled(what: str, value: Decimal, digits: int) -> int:
    scaled = value.scaleb(digits)
    if scaled != scaled.to_integral_value():
        raise CannotSay(f"{what} {value} has more than {digits} decimals")
    return int(scaled)
