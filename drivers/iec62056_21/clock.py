"""A meter's clock: ``0.9.1`` (time) and ``0.9.2`` (date), read and written in the form the meter has them.

Forms seen: ``hhmmss``, ``zhhmmss``, ``hh:mm:ss``; ``YYMMDD``, ``zYYMMDD``, ``YY-MM-DD``, ``YYYYMMDD``, ``YYYY-MM-DD``. z is
0 for winter, 1 for summer, 2 for UTC.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

from drivers.errors import BadFrame
from drivers.iec62056_21.meter_map import StampForm
from drivers.iec62056_21.stamps import in_zone

_TIME = re.compile(r"([012])?(\d{2})(:?)(\d{2})\3(\d{2})\Z")
_DATE = re.compile(r"([012])?(\d{4}|\d{2})([-./]?)(\d{2})\3(\d{2})\Z")
_LONG_DATE = re.compile(r"()(\d{4})([-./]?)(\d{2})\3(\d{2})\Z")


class StandardTime(tzinfo):
    """A zone without its daylight saving: what a meter keeps that is never put forward in summer."""

    def __init__(self, zone: tzinfo) -> None:
        self._zone = zone

    def utcoffset(self, at: datetime | None) -> timedelta:
        local = at.replace(tzinfo=self._zone) if at is not None else None
        offset = self._zone.utcoffset(local) or timedelta(0)
        return offset - (self._zone.dst(local) or timedelta(0))

    def dst(self, at: datetime | None) -> timedelta:
        return timedelta(0)

    def tzname(self, at: datetime | None) -> str:
        return "standard time"


def zone_of(rule: str, zone: tzinfo | None) -> tzinfo | None:
    """The zone of a meter's stamps by its map's rule; ``zone`` is what the caller says of the place."""
    if rule == "utc":
        return UTC
    if rule == "standard":
        return StandardTime(zone) if zone is not None else None
    return None if rule == "none" else zone


@dataclass(frozen=True, slots=True)
class ClockForm:
    """How the meter writes its clock: where z stands, which separators, how long the year."""

    time_season: bool
    time_divider: str
    date_season: bool
    date_divider: str
    long_year: bool
    utc: bool

    def write(self, at: datetime, zone: tzinfo) -> tuple[str, str]:
        """``at`` (aware) as the meter's 0.9.1 and 0.9.2."""
        local = at.astimezone(UTC if self.utc else zone)
        season = "2" if self.utc else ("1" if local.dst() else "0")
        year = f"{local:%Y}" if self.long_year else f"{local:%y}"
        time = f"{local:%H}{self.time_divider}{local:%M}{self.time_divider}{local:%S}"
        date = f"{year}{self.date_divider}{local:%m}{self.date_divider}{local:%d}"
        return (season + time if self.time_season else time, season + date if self.date_season else date)


def parse(time: str, date: str, zone: tzinfo | None) -> tuple[datetime | None, ClockForm]:
    """The clock's time, UTC (None when its zone is not known, or it was never set), and its form. Raises BadFrame for what is no clock."""
    when, day = _TIME.match(time.strip()), _LONG_DATE.match(date.strip()) or _DATE.match(date.strip())
    if when is None or day is None:
        raise BadFrame(f"the clock says {time!r} {date!r}, which is no time and date")
    season = when[1] or day[1] or None
    form = ClockForm(bool(when[1]), when[3], bool(day[1]), day[3], len(day[2]) == 4, season == "2")
    if not int(day[4]) and not int(day[5]):
        return None, form
    year = int(day[2]) + (0 if len(day[2]) == 4 else 2000)
    try:
        local = datetime(year, int(day[4]), int(day[5]), int(when[2]), int(when[4]), int(when[5]))  # noqa: DTZ001
    except ValueError:
        raise BadFrame(f"the clock says {time!r} {date!r}, which is no time and date") from None
    return in_zone(local, season, zone), form


def just_after_midnight(time: str) -> bool:
    """Whether a clock's time is of a day's first minute: a date read before it may be of the day before."""
    match = _TIME.match(time.strip())
    return match is not None and match[2] == match[4] == "00"


def stamp(at: datetime, form: StampForm, zone: tzinfo) -> str:
    """``at`` (aware) as one end of a span of time, in the meter's zone."""
    local = at.astimezone(zone)
    season = "2" if zone is UTC else ("1" if local.dst() else "0")
    match form:
        case StampForm.SEASON_MINUTES:
            return f"{season}{local:%y%m%d%H%M}"
        case StampForm.SEASON_SECONDS:
            return f"{season}{local:%y%m%d%H%M%S}"
        case StampForm.MINUTES:
            return f"{local:%y%m%d%H%M}"
        case StampForm.SECONDS:
            return f"{local:%y%m%d%H%M%S}"
        case StampForm.DIVIDED:
            return f"{local:%y-%m-%d,%H:%M}"
        case StampForm.DIVIDED_SECONDS:
            return f"{local:%Y-%m-%d,%H:%M:%S}"
