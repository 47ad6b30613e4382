"""Time stamps of P1: ``YYMMDDhhmmss`` and S or W, for summer and winter time; DSMR 2 and 3 have none of the letters.

The letter says the season and no zone: a telegram has a time in UTC only where the meter's zone is known.
"""

from __future__ import annotations

from datetime import tzinfo
from functools import lru_cache

from drivers.iec62056_21 import stamps
from drivers.iec62056_21.stamps import Stamp

#: The season as IEC 62056-21 writes it.
_SEASONS = {"S": "1", "W": "0"}
#: Sent for a time that was never set: 0xFF in every place, as this converts it.
_UNSET = "632525252525"


@lru_cache(maxsize=256)
def parse(text: str, zone: tzinfo | None) -> Stamp | None:
    """Read a stamp; None when the text is none."""
    if text[:12] == _UNSET:
        return Stamp(None, True)
    season = _SEASONS.get(text[12:])
    if season is not None:
        return stamps.parse(season + text[:12], zone)
    return stamps.parse(text, zone) if len(text) == 12 else None
