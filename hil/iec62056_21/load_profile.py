"""Load profiles and logs of VDEW meters, made from a few lines of data (VDEW Lastenheft 2.x, forms P.01, P.02, P.98).

    P.01(zYYMMDDhhmmss)(S)(RP)(k)(K1)(E1)...(Kk)(Ek) CR LF
    (v1)...(vk) CR LF

The stamp of a header is the end of the first period after it, in the meter's local time with its season z. A new
header stands wherever the status changes or periods are missing.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo


@dataclass(frozen=True)
class Channel:
    """``code`` and ``unit`` as the header writes them; values are about ``typical``, with the digits of ``typical``."""

    code: str
    unit: str
    typical: str


@dataclass(frozen=True)
class LoadProfile:
    """``first`` is the end of the first period, ``days`` how much is kept. ``status`` maps a stamp to the status word of
    that one period, ``missing`` lists periods (first and last stamp) that the meter has not; stamps are local, with z.

    ``season_bit`` keeps bit 08 set all summer; ``header_every_row`` repeats the header before every row.
    """

    address: str
    first: datetime
    days: int
    channels: tuple[Channel, ...]
    period_min: int = 15
    zone: str = "Europe/Berlin"
    status_digits: int = 8
    season_bit: bool = False
    header_every_row: bool = False
    status: dict[str, str] = field(default_factory=dict)
    missing: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, data: dict[str, Any]) -> LoadProfile:
        made = dict(data)
        made["channels"] = tuple(Channel(*channel) for channel in data["channels"])
        made["missing"] = tuple((first, last) for first, last in data.get("missing", ()))
        return cls(**made)

    def rows(self) -> Iterator[tuple[datetime, int, tuple[str, ...]]]:
        """End of period (UTC), status word and values of every period the meter has kept."""
        for end, word in self.periods():
            yield end, word, self.values(end)

    def periods(self) -> Iterator[tuple[datetime, int]]:
        """End of period (UTC) and status word of every period the meter has kept."""
        zone = ZoneInfo(self.zone)
        status = {moment(stamp, zone): int(word, 16) for stamp, word in self.status.items()}
        missing = [(moment(first, zone), moment(last, zone)) for first, last in self.missing]
        period = timedelta(minutes=self.period_min)
        end = self.first.astimezone(UTC)
        for _ in range(self.days * 24 * 60 // self.period_min):
            if not any(first <= end <= last for first, last in missing):
                season = 0x08 if self.season_bit and end.astimezone(zone).dst() else 0
                yield end, status.get(end, 0) | season
            end += period

    def values(self, end: datetime) -> tuple[str, ...]:
        """The values of one period: always the same for the same period."""
        made = []
        for channel in self.channels:
            typical = Decimal(channel.typical)
            share = Decimal(random.Random(f"{channel.code} {end.timestamp():.0f}").randrange(0, 2000)) / 1000
            made.append(f"{(typical * share).quantize(Decimal(1).scaleb(int(typical.as_tuple().exponent)))}")
        return tuple(made)

    def answer(self, since: str, until: str, second_header: bool = False) -> list[str]:
        """The lines for a range of stamps, either end of which may be empty. No line where there is no row."""
        zone = ZoneInfo(self.zone)
        low = moment(since, zone) if since else datetime.min.replace(tzinfo=UTC)
        high = moment(until, zone) if until else datetime.max.replace(tzinfo=UTC)
        # Values are made for the span alone: a meter answers within its reaction time.
        wanted = [(end, word, self.values(end)) for end, word in self.periods() if low <= end <= high]
        lines: list[str] = []
        expected, last_status = None, None
        for number, (end, word, values) in enumerate(wanted):
            if second_header and number == len(wanted) // 2:
                word |= 0x20
            if end != expected or word != last_status or self.header_every_row:
                lines.append(self._header(end.astimezone(zone), word))
            lines.append("".join(f"({value})" for value in values))
            expected, last_status = end + timedelta(minutes=self.period_min), word
        return lines

    def _header(self, end: datetime, word: int) -> str:
        columns = "".join(f"({channel.code})({channel.unit})" for channel in self.channels)
        status = f"{word:0{self.status_digits}X}"
        return f"{self.address}({stamp(end)})({status})({self.period_min})({len(self.channels)}){columns}"


def log_answer(entries: list[str], since: str, until: str) -> list[str]:
    """The entries of a log whose stamp (their first bracket) lies in the range. The order is the meter's."""

    def plain(text: str) -> str:
        return text[-12:] if len(text) in (12, 13) else text[-10:] + "00"

    low, high = plain(since) if since else "", plain(until) if until else "9"
    return [entry for entry in entries if low <= plain(entry.split("(")[1].rstrip(")")) <= high]


def stamp(local: datetime) -> str:
    """``zYYMMDDhhmmss``: z is 1 in daylight saving time, else 0."""
    return f"{1 if local.dst() else 0}{local:%y%m%d%H%M%S}"


def moment(text: str, zone: ZoneInfo) -> datetime:
    """A stamp with or without z (0 winter, 1 summer, 2 UTC) and seconds, in UTC. Raises ValueError for another form."""
    if len(text) not in (10, 11, 12, 13) or not text.isdigit():
        raise ValueError(f"{text!r} is no time stamp")
    z, digits = (text[0], text[1:]) if len(text) % 2 else ("", text)
    naive = datetime.strptime(digits.ljust(12, "0"), "%y%m%d%H%M%S")  # noqa: DTZ007 - the zone follows
    if z == "2":
        return naive.replace(tzinfo=UTC)
    local = naive.replace(tzinfo=zone)
    if z and (local.dst() != timedelta(0)) != (z == "1"):
        local = local.replace(fold=1)
    return local.astimezone(UTC)
