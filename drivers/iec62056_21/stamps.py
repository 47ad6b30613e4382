"""Time stamps as meters write them, to UTC where their zone is known.

``YYMMDDhhmm[ss]`` with or without a leading z (0 winter, 1 summer, 2 UTC), and with separators: ``YY-MM-DD hh:mm``,
``YYYY-MM-DD,hh:mm:ss``. A stamp of zeros is unset.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, tzinfo
from typing import NamedTuple

_PLAIN = re.compile(r"([012])?(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})?\Z")
_DIVIDED = re.compile(r"(?:([012])[ ,&]?)?(\d{2}|\d{4})[-./](\d{2})[-./](\d{2})[ ,&T](\d{2}):(\d{2})(?::(\d{2}))?\Z")


class Stamp(NamedTuple):
    """A stamp that was understood. ``at`` is None when it is unset, or when its zone is not known."""

    at: datetime | None
    unset: bool


def parse(text: str, zone: tzinfo | None) -> Stamp | None:
    """Read a stamp; None when the text is none. ``zone`` is the meter's, None when nobody said it."""
    text = text.strip()
    match = _PLAIN.match(text) or _DIVIDED.match(text)
    if match is None:
        return None
    season, *parts = match.groups()
    year, month, day, hour, minute, second = (int(part or 0) for part in parts)
    if (not month and not day) or (year, month, day, hour, minute) == (0, 1, 1, 0, 0):
        return Stamp(None, True)
    try:
        # Hour 24 is how some meters write the end of a day.
        local = datetime(year if year > 99 else 2000 + year, month, day, hour % 24, minute, second)  # noqa: DTZ001
    except ValueError:
        return None
    if hour > 24 or (hour == 24 and (minute or second)):
        return None
    return Stamp(in_zone(local + timedelta(days=hour == 24), season, zone), False)


def in_zone(local: datetime, season: str | None, zone: tzinfo | None) -> datetime | None:
    """A naive local time to UTC. ``season`` "2" is UTC itself, "0" winter and "1" summer time of ``zone``."""
    if season == "2":
        return local.replace(tzinfo=UTC)
    if zone is None:
        return None
    if season is None:
        return local.replace(tzinfo=zone).astimezone(UTC)
    standard = _standard_offset(local, zone)
    # The season is the meter's word: it also holds in the hour that comes twice, and when the meter is wrong about it.
    return (local - standard - (timedelta(hours=1) if season == "1" else timedelta(0))).replace(tzinfo=UTC)


def _standard_offset(local: datetime, zone: tzinfo) -> timedelta:
    aware = local.replace(tzinfo=zone)
    offset, saving = aware.utcoffset() or timedelta(0), aware.dst() or timedelta(0)
    return offset - saving
