"""VDEW load profiles: the answer to ``R5 P.01(from;to)``, to rows with their times and doubts (VDEW Lastenheft 2.x).

    P.01(zYYMMDDhhmmss)(S)(RP)(k)(K1)(E1)...(Kk)(Ek) CR LF
    (v1)...(vk) CR LF

The header's stamp is the end of the first period under it; each row is RP minutes later than the one before. A new header
stands wherever the status changes or periods are missing, before every row with some makers, and S holds for the rows up
to the next one. A row that has not k values was cut on its way: it is refused, and so is what follows it up to the next
header, because its time is not known.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, tzinfo
from decimal import Decimal

from drivers import unit as units
from drivers.errors import BadFrame
from drivers.iec62056_21 import status_word
from drivers.iec62056_21.address import normalise
from drivers.iec62056_21.stamps import Stamp
from drivers.iec62056_21.stamps import parse as parse_stamp
from drivers.reading import Column, Doubt, Obis, Row, Series

#: Columns and periods beyond what any meter has.
_MOST_COLUMNS, _MOST_MINUTES = 99, 44640
_DAY_MINUTES = 1440

_HEADER = re.compile(r"([^()]*)((?:\([^()]*\))+)\Z")
_BRACKETS = re.compile(r"\(([^()]*)\)")
_ROW = re.compile(r"(?:\([^()]*\))+\Z")
_NUMBER = re.compile(r"\s*[+-]?\d{1,30}(?:\.\d{1,30})?\s*\Z")


@dataclass(slots=True)
class _Header:
    """One header, and how far its rows have come."""

    raw_stamp: str
    stamp: Stamp
    minutes: int
    columns: tuple[Column, ...]
    doubts: tuple[Doubt, ...]
    zone: tzinfo | None
    by_days: bool
    row: int = 0

    def next_time(self) -> tuple[datetime | None, str]:
        """The time of the next row, and its raw form: the header's stamp and the number of periods after it."""
        number, self.row = self.row, self.row + 1
        raw = f"{self.raw_stamp}+{number}*{self.minutes}min" if number else self.raw_stamp
        if self.stamp.at is None:
            return None, raw
        if self.by_days and self.zone is not None:
            local = self.stamp.at.astimezone(self.zone) + timedelta(days=number * self.minutes // _DAY_MINUTES)
            return local.astimezone(UTC), raw
        return self.stamp.at + timedelta(minutes=number * self.minutes), raw


@dataclass(slots=True)
class Found:
    """What an answer holds. ``refused`` are the lines that were not taken, each with its reason."""

    series: list[Series] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    def add(self, other: Found, since: datetime | None, until: datetime | None) -> None:
        """Take over what another answer held, of its rows those in the span: meters round what they are asked for.

        A row whose time is not known stays.
        """
        self.refused += other.refused
        for series in other.series:
            rows = tuple(
                row
                for row in series.rows
                if row.time is None or ((since is None or row.time >= since) and (until is None or row.time <= until))
            )
            if rows:
                self.series.append(replace(series, rows=rows))


def parse(
    text: str,
    *,
    profile: Obis,
    meter: str,
    zone: tzinfo | None,
    read_at: datetime,
    checked: bool = True,
    harmless: int = 0,
) -> Found:
    """The rows of an answer, in series of the same columns. ``zone`` is the meter's, None when nobody said it.

    Raises BadFrame when there is no header in it: without one no row has a time, a unit or a meaning.
    """
    found = Found()
    rows: list[Row] = []
    header: _Header | None = None
    headers = 0

    def close(before: _Header) -> None:
        if rows:
            made = tuple(rows)
            found.series.append(Series(meter, profile, before.minutes * 60, before.columns, made, read_at, checked))
            rows.clear()

    columns: _Header | None = None
    for line in _lines(text):
        if not line.startswith("("):
            header = _header(line, zone, harmless)
            if header is None:
                found.refused.append(f"{line[:60]!r} is no header of a load profile")
                continue
            headers += 1
            if columns is not None and (columns.columns, columns.minutes) != (header.columns, header.minutes):
                close(columns)
            columns = header
        elif header is None:
            found.refused.append(f"{line[:60]!r} stands under no header")
        elif not _ROW.match(line) or line.count("(") != len(header.columns):
            found.refused.append(f"{line[:60]!r} is no row of {len(header.columns)} values")
            header = None
        else:
            rows.append(_row(line, header))
    if columns is not None:
        close(columns)
    if not headers:
        raise BadFrame("no header of a load profile in the answer", do="is this object a load profile? look at --trace")
    return found


def _lines(text: str) -> Iterator[str]:
    for line in text.splitlines():
        stripped = line.strip(" \t\x00\x7f")
        if stripped and stripped != "!":
            yield from _split(stripped)


def _split(line: str) -> Iterator[str]:
    """A header and its first row may stand in one line: k says where the header ends."""
    match = _HEADER.match(line)
    if match is None or not match[1]:
        yield line
        return
    values = _BRACKETS.findall(match[2])
    if len(values) > 4 and values[3].isdecimal() and len(values) > (end := 4 + 2 * int(values[3])):
        yield match[1] + "".join(f"({value})" for value in values[:end])
        yield "".join(f"({value})" for value in values[end:])
    else:
        yield line


def _header(line: str, zone: tzinfo | None, harmless: int) -> _Header | None:
    match = _HEADER.match(line)
    if match is None:
        return None
    values = _BRACKETS.findall(match[2])
    if len(values) < 4 or not _whole(values[2], _MOST_MINUTES) or not _whole(values[3], _MOST_COLUMNS):
        return None
    stamp = parse_stamp(values[0], zone)
    try:
        word = status_word.parse(values[1])
    except ValueError:
        return None
    count = int(values[3])
    if stamp is None or not count or len(values) != 4 + 2 * count:
        return None
    columns = _columns(values[4:])
    if columns is None:
        return None
    minutes = int(values[2])
    return _Header(
        raw_stamp=values[0],
        stamp=stamp,
        minutes=minutes,
        columns=columns,
        doubts=status_word.doubts(word, harmless),
        zone=zone,
        by_days=minutes > 0 and minutes % _DAY_MINUTES == 0 and _at_midnight(stamp, zone),
    )


def _at_midnight(stamp: Stamp, zone: tzinfo | None) -> bool:
    """Whether the stamp is midnight in the meter's zone: then its days are those of the zone, 23 and 25 hours too."""
    if stamp.at is None or zone is None:
        return False
    local = stamp.at.astimezone(zone)
    return (local.hour, local.minute) == (0, 0)


def _columns(pairs: list[str]) -> tuple[Column, ...] | None:
    columns = []
    for address, spelled in zip(pairs[::2], pairs[1::2], strict=True):
        known = normalise(address)
        if known is None:
            return None
        columns.append(Column(known.obis, units.canonical(spelled)))
    return tuple(columns)


def _row(line: str, header: _Header) -> Row:
    time, raw = header.next_time()
    values: list[Decimal | str | None] = []
    error = False
    for text in _BRACKETS.findall(line):
        if _NUMBER.match(text):
            values.append(Decimal(text.strip()))
        else:
            values.append(text.strip() or None)
            error = error or bool(text.strip())
    doubts = (*header.doubts, Doubt.ERROR_CODE) if error else header.doubts
    return Row(time, tuple(values), doubts, raw)


def _whole(text: str, most: int) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 6 and int(text) <= most
