"""The VDEW status word of load profiles and logs: 8 or 32 bits in hexadecimal, the low byte the same everywhere.

Sources: VDEW Lastenheft 2.x and the manuals that print it (LEM EM4T II, EMH, Metcom); the bits from 0100 up are those that
several makers share, what lies above is each maker's own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from drivers.reading import Doubt

_WORD = re.compile(r"[0-9A-Fa-f]{1,8}\Z")

#: bit -> what it says of the values under it; () where it says nothing of them.
_DOUBTS: dict[int, tuple[Doubt, ...]] = {
    0x80: (Doubt.POWER_FAILED,),
    0x40: (Doubt.POWER_FAILED,),  # power came back in this interval
    0x20: (Doubt.CLOCK_SET,),
    0x10: (Doubt.RESET,),
    0x08: (Doubt.DAYLIGHT_SAVING,),
    0x04: (Doubt.PARTIAL_INTERVAL,),
    0x02: (Doubt.CLOCK_INVALID,),  # the clock's power reserve is used up
    0x01: (Doubt.SUSPECT,),  # fatal error of the meter
    0x0100: (Doubt.CONFIGURATION_CHANGED,),
    0x2000: (),  # the log was cleared
    0x4000: (),  # the profile was cleared
    0x8000: (Doubt.CLOCK_SET,),  # written before a clock set
}


def parse(text: str) -> int:
    """The word's bits. Raises ValueError when it is none."""
    if _WORD.match(text) is None:
        raise ValueError(f"{text!r} is no status word")
    return int(text, 16)


def doubts(word: int, harmless: int = 0) -> tuple[Doubt, ...]:
    """What the word says of the values under it. A bit that nobody has explained makes them suspect, unless it is one of
    ``harmless`` (of the device map)."""
    found: list[Doubt] = []
    for bit in bits(word & ~harmless):
        for doubt in _DOUBTS.get(bit, (Doubt.SUSPECT,)):
            if doubt not in found:
                found.append(doubt)
    return tuple(found)


def bits(word: int) -> Iterator[int]:
    """The values of the bits that are set, the lowest first."""
    while word:
        lowest = word & -word
        yield lowest
        word ^= lowest
