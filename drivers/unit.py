"""One spelling per unit, the one of IEC 62056-6-2: ``kWh``, ``kvarh``, ``m3``, ``m3/h``, ``degC``.

Meters write units in their own ways; a spelling that is not known is left as it stands, and no rule will map it.
"""

from __future__ import annotations

_SPELLINGS = {
    "wh": "Wh", "kwh": "kWh", "mwh": "MWh", "gwh": "GWh",
    "w": "W", "kw": "kW",
    "varh": "varh", "kvarh": "kvarh", "kvarrh": "kvarh", "mvarh": "Mvarh",
    "var": "var", "kvar": "kvar", "kvarr": "kvar", "mvar": "Mvar",
    "vah": "VAh", "kvah": "kVAh", "mvah": "MVAh",
    "va": "VA", "kva": "kVA", "mva": "MVA",
    "v": "V", "kv": "kV", "a": "A", "ma": "mA", "ka": "kA", "hz": "Hz",
    "m3": "m3", "m³": "m3", "m3/h": "m3/h", "m3ph": "m3/h", "m³/h": "m3/h", "l": "l", "l/h": "l/h",
    "gj": "GJ", "mj": "MJ", "kj": "kJ", "j": "J",
    "h": "h", "min": "min", "s": "s", "d": "d",
    "degc": "degC", "°c": "degC", "c": "degC", "k": "K",
    "pa": "Pa", "kpa": "kPa", "bar": "bar", "mbar": "mbar",
    "deg": "deg", "°": "deg", "%": "%",
}  # fmt: skip

#: Spellings in which upper and lower case are different units: MW is not mW.
_EXACT = {"MW": "MW", "mW": "mW", "MV": "MV", "mV": "mV", "MWh": "MWh", "M": "M", "m": "min", "S": "S"}


def canonical(spelling: str) -> str:
    """The one spelling of a unit; the text itself, stripped, where it is not known."""
    text = spelling.strip()
    if text in _EXACT:
        return _EXACT[text]
    return _SPELLINGS.get(text.lower(), text)


#: The physical units of COSEM by their number (IEC 62056-6-2, Table 4), as SML gives them too. 255 and what is not here:
#: no unit.
BY_NUMBER: dict[int, str] = {
    1: "a", 2: "mo", 3: "wk", 4: "d", 5: "h", 6: "min", 7: "s", 8: "deg", 9: "degC", 11: "m", 12: "m/s",
    13: "m3", 14: "m3", 15: "m3/h", 16: "m3/h", 17: "m3/d", 18: "m3/d", 19: "l", 20: "kg", 21: "N", 22: "Nm", 23: "Pa",
    24: "bar", 25: "J", 26: "J/h", 27: "W", 28: "VA", 29: "var", 30: "Wh", 31: "VAh", 32: "varh", 33: "A", 34: "C",
    35: "V", 36: "V/m", 37: "F", 38: "Ohm", 40: "Wb", 41: "T", 42: "A/m", 43: "H", 44: "Hz", 52: "K",
    56: "%",
}  # fmt: skip
