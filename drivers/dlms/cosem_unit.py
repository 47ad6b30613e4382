"""Units of COSEM as the spelling of ``drivers.unit`` (IEC 62056-6-2, table 4), and scaler_unit applied exactly."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

_UNITS = {
    1: "a", 2: "mo", 3: "wk", 4: "d", 5: "h", 6: "min", 7: "s", 8: "deg", 9: "degC", 10: "currency", 11: "m", 12: "m/s",
    13: "m3", 14: "m3", 15: "m3/h", 16: "m3/h", 17: "m3/d", 18: "m3/d", 19: "l", 20: "kg", 21: "N", 22: "Nm", 23: "Pa",
    24: "bar", 25: "J", 26: "J/h", 27: "W", 28: "VA", 29: "var", 30: "Wh", 31: "VAh", 32: "varh", 33: "A", 34: "C",
    35: "V", 36: "V/m", 37: "F", 38: "ohm", 39: "ohm m2/m", 40: "Wb", 41: "T", 42: "A/m", 43: "H", 44: "Hz", 45: "1/Wh",
    46: "1/varh", 47: "1/VAh", 48: "V2h", 49: "A2h", 50: "kg/s", 51: "S", 52: "K", 53: "1/V2h", 54: "1/A2h", 55: "1/m3",
    56: "%", 57: "Ah", 60: "Wh/m3", 61: "J/m3", 62: "mol%", 63: "g/m3", 64: "Pa s", 65: "J/kg", 66: "g/cm2",
    67: "atm", 70: "dBm", 71: "dBuV", 72: "dB", 255: "",
}  # fmt: skip
#: A power of ten that a meter means; beyond, the octet is another thing (a signed octet goes to ±128).
_MOST_SCALER = 18


class ScalerUnit(NamedTuple):
    """The power of ten and the unit's code, as the meter gives them."""

    scaler: int
    unit: int

    @property
    def text(self) -> str:
        return _UNITS.get(self.unit, f"unit {self.unit}")

    def of(self, number: Decimal | int) -> Decimal:
        """The value in the unit, exactly."""
        return Decimal(number).scaleb(self.scaler)


def scaler_unit(value: object) -> ScalerUnit | None:
    """The scal_unit_type in decoded data; None for anything else."""
    if not isinstance(value, tuple) or len(value) != 2:
        return None
    scaler, unit = value
    if not isinstance(scaler, int) or not isinstance(unit, int) or isinstance(scaler, bool):
        return None
    return ScalerUnit(scaler, unit) if abs(scaler) <= _MOST_SCALER and 0 < unit <= 255 else None
