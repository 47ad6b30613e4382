"""The AMR profile status: eight bits beside each row of a load profile, 0-b:96.10.x (DSMR P3 companion standard, IDIS).

Bit 4 is not used, and bit 6 (recovered value) says nothing against the value.
"""

from __future__ import annotations

from functools import lru_cache

from drivers.reading import Doubt

_DOUBTS: dict[int, Doubt] = {
    0x01: Doubt.SUSPECT,  # critical error
    0x02: Doubt.CLOCK_INVALID,
    0x04: Doubt.SUSPECT,  # data not valid
    0x08: Doubt.DAYLIGHT_SAVING,
    0x20: Doubt.CLOCK_SET,
    0x80: Doubt.POWER_FAILED,
}


@lru_cache(maxsize=256)
def doubts(status: int) -> tuple[Doubt, ...]:
    """What the status says of the values beside it; nothing where it has more than eight bits: that is a maker's own."""
    if not 0 <= status <= 0xFF:
        return ()
    return tuple(dict.fromkeys(doubt for bit, doubt in _DOUBTS.items() if status & bit))
