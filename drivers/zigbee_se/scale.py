"""From the raw number of a Metering attribute to its value: multiplier, divisor and binary coded decimals (D.3.2.2.4).

value = raw x Multiplier / Divisor. The formatting attributes are for displays and never scale anything.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal, Inexact

#: Enough for 48 bits times 24 bits, divided by a power of two of 24 bits, exactly.
_DIGITS = 60
#: Further decimals that are kept of a quotient that does not end (a divisor such as 3600).
_GUARD = 2


@dataclass(frozen=True, slots=True)
class Scale:
    """Multiplier and divisor of one meter, 1 where it has none; ``bcd`` when its raw values are binary coded decimals."""

    multiplier: int = 1
    divisor: int = 1
    bcd: bool = False

    @property
    def usable(self) -> bool:
        """A multiplier or divisor of 0 is no scale."""
        return self.multiplier > 0 and self.divisor > 0

    def value(self, raw: int) -> Decimal:
        """The value of a raw number, with the decimals that the divisor says. Raises ValueError for a number that is not
        binary coded, or a scale that is not usable.
        """
        if not self.usable:
            raise ValueError(f"multiplier {self.multiplier} and divisor {self.divisor} are no scale")
        number = Decimal(_decimal(raw) if self.bcd else raw) * self.multiplier
        if self.divisor == 1:
            return number
        # 1000 gives three decimals, 512 three and 3600 four.
        least = Decimal(1).scaleb(-len(str(self.divisor - 1)))
        context = Context(prec=_DIGITS)
        quotient = context.divide(number, Decimal(self.divisor))
        rounded = quotient.quantize(least, context=context)
        if rounded == quotient:
            return rounded
        if not context.flags[Inexact] or _ends(self.divisor):
            return quotient
        return quotient.quantize(least.scaleb(-_GUARD), rounding=ROUND_HALF_EVEN, context=context)


def _ends(divisor: int) -> bool:
    """Whether a quotient by ``divisor`` ends: it has no prime factors but 2 and 5."""
    for prime in (2, 5):
        while divisor % prime == 0:
            divisor //= prime
    return divisor == 1


def _decimal(raw: int) -> int:
    sign, digits = (-1 if raw < 0 else 1), f"{abs(raw):x}"
    if not digits.isdecimal():
        raise ValueError(f"0x{abs(raw):x} is no binary coded decimal")
    return sign * int(digits)
