"""What an OBIS code is, in a few words: for a technician's table and for ``metergate explain``. Decides nothing."""

from __future__ import annotations

import csv
import re
from functools import cache, lru_cache

from drivers.reading import CURRENT, Obis
from gateway.cim.code_tables import TABLES

_MEDIA = {
    0: "abstract object", 1: "electricity", 4: "heat cost allocator", 5: "cooling", 6: "heat", 7: "gas",
    8: "cold water", 9: "hot water",
}  # fmt: skip

#: C below 21 of electricity; 21-40, 41-60, 61-80 repeat 1-20 for L1, L2, L3.
_QUANTITIES = {
    1: "active {} import", 2: "active {} export", 3: "reactive {} import", 4: "reactive {} export",
    5: "reactive {} quadrant I", 6: "reactive {} quadrant II", 7: "reactive {} quadrant III", 8: "reactive {} quadrant IV",
    9: "apparent {} import", 10: "apparent {} export", 11: "current", 12: "voltage", 13: "power factor", 14: "frequency",
    15: "active {}, sum of absolutes", 16: "active {}, net", 17: "active {} quadrant I", 18: "active {} quadrant II",
    19: "active {} quadrant III", 20: "active {} quadrant IV",
}  # fmt: skip
_OTHERS = {
    81: "phase angle", 84: "power factor of export", 85: "power factor of export, L1", 86: "power factor of export, L2",
    87: "power factor of export, L3", 90: "current, sum over the phases", 91: "neutral current", 92: "neutral voltage",
    124: "voltage L1-L2", 125: "voltage L2-L3", 126: "voltage L3-L1",
}  # fmt: skip

#: D -> whether the quantity is energy or power, and what stands after it.
_PROCESSINGS = {
    2: ("power", "cumulative maximum"), 3: ("power", "minimum"), 4: ("power", "current average"),
    5: ("power", "last average"), 6: ("power", "maximum"), 7: ("power", "instantaneous"), 8: ("energy", ""),
    9: ("energy", "since the last reset"), 24: ("power", "average 3"), 29: ("energy", "in the capture period"),
    31: ("power", "lower limit"), 32: ("power", "number of sags"), 33: ("power", "duration of the last sag"),
    34: ("power", "depth of the last sag"), 35: ("power", "upper limit"), 36: ("power", "number of swells"),
    37: ("power", "duration of the last swell"), 38: ("power", "height of the last swell"),
}  # fmt: skip
#: Value group E from 128 on is the manufacturer's own (IEC 62056-61, 5.6).
_LAST_STANDARD_E = 127
_RATES = frozenset({2, 3, 4, 5, 6, 8, 9, 29})

_PATTERN = re.compile(r"(.+)-(.+):(.+)\.(.+)\.(.+)\Z")


@cache
def _names() -> list[tuple[tuple[range, ...], str]]:
    with (TABLES / "obis_names.csv").open(encoding="utf-8", newline="") as lines:
        rows = csv.reader(lines)
        next(rows)
        return [(tuple(_range(group) for group in _groups(pattern)), name) for pattern, name in rows]


def _groups(pattern: str) -> tuple[str, ...]:
    found = _PATTERN.match(pattern)
    if found is None:
        raise ValueError(f"{pattern!r} in obis_names.csv is no pattern A-B:C.D.E")
    return found.groups()


def _range(group: str) -> range:
    if group == "*":
        return range(256)
    first, _, last = group.partition("-")
    return range(int(first), int(last or first) + 1)


@lru_cache(maxsize=2048)
def describe(obis: Obis) -> str:
    """What the code is, in words; the medium alone where no more is known."""
    words = _electricity(obis) if obis.a == 1 else ""
    if not words:
        names = (name for ranges, name in _names() if all(group in r for group, r in zip(obis, ranges, strict=False)))
        words = next(names, "")
    if not words:
        medium = _MEDIA.get(obis.a)
        words = f"{medium}, not named in the tables" if medium else "unknown medium"
    channel = f", channel {obis.b}" if obis.b and obis.a != 1 else ""
    stored = "" if obis.f == CURRENT else f", stored value {obis.f}"
    return words + channel + stored


def _electricity(obis: Obis) -> str:
    phase, c = ("", obis.c) if obis.c <= 20 else (f", L{(obis.c - 1) // 20}", (obis.c - 1) % 20 + 1)
    words = _OTHERS.get(obis.c) or (_QUANTITIES.get(c) if obis.c <= 80 else None)
    if not words or obis.c == 0 or obis.d not in _PROCESSINGS or obis.e > _LAST_STANDARD_E:
        return ""
    energy_or_power, how = _PROCESSINGS[obis.d]
    words = words.format(energy_or_power) + ("" if obis.c in _OTHERS else phase)
    rate = ""
    if obis.e and obis.d in _RATES:
        rate = f", rate {obis.e}"
    elif obis.e and obis.d == 7 and obis.c != 81:
        rate = ", total harmonic distortion" if obis.e == 124 else f", harmonic {obis.e}"
    return words + (f", {how}" if how else "") + rate
