"""COSEM date-time (IEC 62056-6-2, 4.1.6.1): 12 bytes, local time with its deviation and status.

year(2) month day weekday(1 Monday) hour minute second hundredths deviation(2) status. The deviation is in minutes from
local time to UTC, so Central European Time has -60. 0xFF and 0x8000 stand for "not specified".
"""

from __future__ import annotations

import struct
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

INVALID, DOUBTFUL, DIFFERENT_BASE, INVALID_STATUS, DAYLIGHT = 0x01, 0x02, 0x04, 0x08, 0x80
UNSPECIFIED_DEVIATION = -0x8000


def encode(moment: datetime, zone: ZoneInfo, status: int = 0, *, deviation: bool = True) -> bytes:
    """An aware moment as the meter in ``zone`` writes it; bit 80 of the status is set in daylight saving time.

    Without ``deviation`` it is left unspecified, as many meters do.
    """
    local = moment.astimezone(zone)
    offset, saving = local.utcoffset() or timedelta(), local.dst() or timedelta()
    minutes = -int(offset.total_seconds()) // 60 if deviation else UNSPECIFIED_DEVIATION
    return struct.pack(
        ">HBBBBBBBhB",
        local.year, local.month, local.day, local.isoweekday(), local.hour, local.minute, local.second,
        local.microsecond // 10_000, minutes, status | (DAYLIGHT if saving else 0),
    )  # fmt: skip


def decode(raw: bytes, zone: ZoneInfo) -> datetime | None:
    """The moment in UTC; None for one that is not specified. Raises ValueError for no date.

    Where the deviation is not specified the meter's own zone counts, the daylight bit telling the doubled hour apart.
    """
    if len(raw) != 12:
        raise ValueError(f"a date-time has 12 bytes, not {len(raw)}")
    year, month, day, _, hour, minute, second, hundredths, deviation, status = struct.unpack(">HBBBBBBBhB", raw)
    if year == 0xFFFF or 0xFF in (month, day):
        return None
    fraction = 0 if hundredths == 0xFF else hundredths * 10_000
    parts = [0 if part == 0xFF else part for part in (hour, minute, second)]
    if deviation != UNSPECIFIED_DEVIATION:
        offset = timezone(timedelta(minutes=-deviation))
        return datetime(year, month, day, *parts, fraction, tzinfo=offset).astimezone(UTC)
    fold = 0 if status == 0xFF or status & DAYLIGHT else 1
    return datetime(year, month, day, *parts, fraction, tzinfo=zone, fold=fold).astimezone(UTC)
