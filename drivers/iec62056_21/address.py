"""From the address of a data set to an OBIS code, keeping apart what was said and what was filled in.

Meters leave groups out (``1.8.0``, ``32.7``, ``F``), write group F in four ways (``*04``, ``&04``, ``.04``, ``,4``), and
letters for C and D. What fills a group is a rule of IEC 62056-61 or of the meter's medium, and is written down.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from drivers.reading import CURRENT, Obis

ELECTRICITY, HEAT = 1, 6

#: Group C (and D) in letters: general service entries, error, lists and profiles (IEC 62056-61, reduced codes).
_LETTERS = {"C": 96, "F": 97, "L": 98, "P": 99}
_GROUP = r"(?:\d{1,3}|[CFLP])"
_ADDRESS = re.compile(
    rf"(?:(\d{{1,3}})-(\d{{1,3}}):)?({_GROUP})(?:\.({_GROUP}))?(?:\.(\d{{1,3}}))?(?:[*&.,](\d{{1,3}}))?\Z"
)

#: Short codes of heat meters: energy and volume (facts of Landis+Gyr UH50 and T550).
_HEAT = {(6, 8): 1, (6, 26): 2}


@dataclass(frozen=True, slots=True)
class Address:
    """``raw`` as the meter wrote it, ``obis`` the six groups, ``filled`` which groups were filled in, and with what."""

    raw: str
    obis: Obis
    filled: tuple[str, ...]


@lru_cache(maxsize=4096)
def normalise(raw: str, medium: int = ELECTRICITY) -> Address | None:
    """The OBIS code of an address; None when it is none. ``medium`` is group A where the meter leaves it out."""
    match = _ADDRESS.match(raw.strip())
    if match is None:
        return None
    a, b, c, d, e, f = match.groups()
    filled = []
    number_c = _LETTERS.get(c) or int(c) if c in _LETTERS or c.isdigit() else -1
    letters = c in _LETTERS
    if d is None:
        # ``F`` alone is the error register F.F; another single group says too little.
        if c != "F":
            return None
        d = "F"
        filled.append("D=97 (F alone is F.F)")
    number_d = _LETTERS[d] if d in _LETTERS else int(d)
    number_e = int(e) if e is not None else 0
    if e is None:
        filled.append("E=0")
    number_f = int(f) if f is not None else CURRENT
    if f is None:
        filled.append("F=255 (current)")
    if a is None:
        number_a, number_b = (0, 0) if number_c in (96, 97) and letters else (medium, 0)
        filled.append(f"A-B={number_a}-{number_b} ({'abstract' if number_a == 0 else 'the medium of the meter'})")
        if medium == HEAT and (number_c, number_d) in _HEAT:
            number_c, number_d = _HEAT[number_c, number_d], 0
            filled.append("C.D of a heat meter's short code")
    else:
        number_a, number_b = int(a), int(b)
    groups = (number_a, number_b, number_c, number_d, number_e, number_f)
    return Address(raw, Obis(*groups), tuple(filled)) if max(groups) <= 255 else None
