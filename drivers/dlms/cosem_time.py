"""COSEM date-time (IEC 62056-6-2, 4.1.6.1): twelve octets, any of which may be "not specified".

Year, month, day, day of week, hour, minute, second, hundredths, deviation (minutes from local time to UTC, so that
UTC = local + deviation), clock status. A stamp becomes a UTC time only when nothing of it has to be guessed.
"""

from __future__ import annotations

import struct
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import NamedTuple

from drivers.reading import Doubt

_OCTETS = struct.Struct(">HBBBBBBBhB")
NOT_SPECIFIED = -0x8000
UNSPECIFIED_STATUS = 0xFF

#: Clock status bits (IEC 62056-6-2).
INVALID, DOUBTFUL, DIFFERENT_BASE, INVALID_STATUS, DAYLIGHT_SAVING = 0x01, 0x02, 0x04, 0x08, 0x80

#: Clocks are set by at most 14 hours from UTC (Line Islands); 15 leaves room for daylight saving on top.
_MOST_DEVIATION = 15 * 60


class Stamp(NamedTuple):
    """A date-time as the meter said it. ``time`` is UTC or None; ``why`` says what was missing."""

    raw: bytes
    time: datetime | None
    doubts: tuple[Doubt, ...]
    why: str = ""

    @property
    def text(self) -> str:
        """What a person reads of the raw octets: local fields, deviation and status, ``-`` where not specified."""
        return describe(self.raw)


def parse(raw: bytes, zone: tzinfo | None, *, deviation_reversed: bool = False) -> Stamp:
    """The stamp in 12 octets. ``zone`` is the meter's own where the stamp names none; None when that is unknown.

    ``deviation_reversed`` is for meters that give minutes from UTC to local time. Never raises: what is no time has
    ``time`` None and a reason.
    """
    if len(raw) != 12:
        return Stamp(raw, None, (), f"{len(raw)} octets are no date-time")
    year, month, day, _, hour, minute, second, hundredths, deviation, status = _OCTETS.unpack(raw)
    doubts = doubts_of(status)
    if year == 0xFFFF or month > 12 or day > 31 or hour == 0xFF or minute == 0xFF:
        return Stamp(raw, None, doubts, "date or time is not specified")
    try:
        local = datetime(  # noqa: DTZ001 - local until the deviation or the zone is applied below
            year,
            month,
            day,
            hour,
            minute,
            0 if second == 0xFF else second,
            0 if hundredths == 0xFF else hundredths * 10000,
        )
    except ValueError:
        return Stamp(raw, None, doubts, "no such date or time")
    if deviation != NOT_SPECIFIED:
        if abs(deviation) > _MOST_DEVIATION:
            return Stamp(raw, None, doubts, f"deviation of {deviation} minutes")
        shift = timedelta(minutes=-deviation if deviation_reversed else deviation)
        try:
            return Stamp(raw, local.replace(tzinfo=UTC) + shift, doubts)
        except OverflowError:
            return Stamp(raw, None, doubts, "no such date or time")
    if zone is None:
        return Stamp(raw, None, doubts, "neither deviation nor zone is known")
    return _in_zone(raw, local, status, zone, doubts)


def doubts_of(status: int) -> tuple[Doubt, ...]:
    """What a clock status says against the time."""
    if status in (0, UNSPECIFIED_STATUS):
        return ()
    doubts = []
    if status & (INVALID | DOUBTFUL | INVALID_STATUS):
        doubts.append(Doubt.CLOCK_INVALID)
    if status & DAYLIGHT_SAVING:
        doubts.append(Doubt.DAYLIGHT_SAVING)
    return tuple(doubts)


def _in_zone(raw: bytes, local: datetime, status: int, zone: tzinfo, doubts: tuple[Doubt, ...]) -> Stamp:
    first, second = (local.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    try:
        if first.utcoffset() == second.utcoffset():
            return Stamp(raw, first.astimezone(UTC), doubts)
        if first.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != local:
            return Stamp(raw, None, doubts, "a local time that the change to summer leaves out")
        if status == UNSPECIFIED_STATUS:
            return Stamp(raw, None, doubts, "a local time that comes twice, and no status says which")
        summer = bool(status & DAYLIGHT_SAVING)
        chosen = first if bool(first.dst()) == summer else second
        return Stamp(raw, chosen.astimezone(UTC), doubts)
    except OverflowError:
        return Stamp(raw, None, doubts, "no such date or time")


def describe(raw: bytes) -> str:
    """The octets for a person."""
    if len(raw) != 12:
        return raw.hex()
    year, month, day, _, hour, minute, second, hundredths, deviation, status = _OCTETS.unpack(raw)
    date = f"{'-' if year == 0xFFFF else year}-{_two(month)}-{_two(day)}"
    time = f"{_two(hour)}:{_two(minute)}:{_two(second)}" + ("" if hundredths in (0, 0xFF) else f".{hundredths:02}")
    where = "" if deviation == NOT_SPECIFIED else f" deviation {deviation}"
    return f"{date} {time}{where} status {status:02X}"


def _two(value: int) -> str:
    return {0xFF: "-", 0xFE: "FE", 0xFD: "FD"}.get(value, f"{value:02}")


def build(time: datetime, zone: tzinfo | None = None, *, status: int = 0, deviation_reversed: bool = False) -> bytes:
    """The octets for an aware time, in ``zone`` (UTC where None), deviation stated and daylight saving marked."""
    local = time.astimezone(zone or UTC)
    offset = local.utcoffset() or timedelta()
    minutes = int(offset.total_seconds() // 60)
    if local.dst():
        status |= DAYLIGHT_SAVING
    return _OCTETS.pack(
        local.year, local.month, local.day, local.isoweekday(), local.hour, local.minute, local.second,
        local.microsecond // 10000, minutes if deviation_reversed else -minutes, status,
    )  # fmt: skip


def build_local(time: datetime, zone: tzinfo) -> bytes:
    """The octets for an aware time as local time of ``zone``, deviation and status not specified (range bounds)."""
    local = time.astimezone(zone)
    return _OCTETS.pack(
        local.year, local.month, local.day, 0xFF, local.hour, local.minute, local.second, 0, NOT_SPECIFIED, 0xFF
    )


def like(raw: bytes, time: datetime, zone: tzinfo | None, *, deviation_reversed: bool = False) -> bytes:
    """The octets for an aware time, written as the meter wrote ``raw``: with its deviation, or without one.

    Raises ValueError when neither the deviation nor the zone is known: a clock must not be set by a guess.
    """
    stated = int.from_bytes(raw[9:11], "big", signed=True) if len(raw) == 12 else NOT_SPECIFIED
    if zone is not None:
        octets = build(time, zone, deviation_reversed=deviation_reversed)
        return octets if stated != NOT_SPECIFIED else octets[:9] + b"\x80\x00" + octets[11:]
    if stated == NOT_SPECIFIED or abs(stated) > _MOST_DEVIATION:
        raise ValueError("neither deviation nor zone is known")
    offset = timezone(timedelta(minutes=stated if deviation_reversed else -stated))
    octets = build(time, offset, deviation_reversed=deviation_reversed)
    return octets[:11] + bytes((raw[11] & DAYLIGHT_SAVING if raw[11] != UNSPECIFIED_STATUS else 0,))
