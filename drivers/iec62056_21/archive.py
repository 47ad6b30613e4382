"""Archives of LIS-200 (Elster EK and TC gas volume correctors): the answer to ``R3 n:V.0(position;from;to;rows)``.

A row is a run of brackets without an address; what stands where is the meter's, and the device map's, affair. A row that
has fewer brackets than the map names was cut on its way and is refused.
"""

from __future__ import annotations

import re
from datetime import datetime, tzinfo
from decimal import Decimal

from drivers.iec62056_21.load_profile import Found
from drivers.iec62056_21.meter_map import Archive
from drivers.iec62056_21.stamps import parse as parse_stamp
from drivers.reading import Column, Doubt, Obis, Row, Series

_ROW = re.compile(r"(?:\([^()]*\))+\Z")
_BRACKETS = re.compile(r"\(([^()]*)\)")
_NUMBER = re.compile(r"\s*[+-]?\d{1,30}(?:\.\d{1,30})?\s*\Z")
#: A row's statuses that mean nothing happened.
_QUIET = ("", "0", "0x0", "0x0000")


def parse(
    text: str,
    archive: Archive,
    *,
    profile: Obis,
    meter: str,
    zone: tzinfo | None,
    read_at: datetime,
    checked: bool = True,
) -> Found:
    """The rows of an answer as one series. ``zone`` is the meter's, None when nobody said it."""
    found = Found()
    brackets = max([archive.time, archive.status, *(column.position for column in archive.columns)])
    rows: list[Row] = []
    width = 0
    for line in filter(None, (line.strip(" \t\x00\x7f") for line in text.splitlines())):
        values = _BRACKETS.findall(line)
        width = width or len(values)
        # Every row of an archive has the same brackets; the first may be cut too, which the map tells.
        if not _ROW.match(line) or len(values) < brackets or len(values) != width:
            found.refused.append(f"{line[:60]!r} is no row of this archive")
            width = width if len(values) >= brackets else 0
            continue
        stamp = parse_stamp(values[archive.time - 1], zone)
        if stamp is None:
            found.refused.append(f"{line[:60]!r} has no time at its bracket {archive.time}")
            continue
        rows.append(_row(values, archive, stamp.at))
    if rows:
        columns = tuple(Column(column.obis, column.unit) for column in archive.columns)
        found.series.append(Series(meter, profile, archive.period_min * 60, columns, tuple(rows), read_at, checked))
    return found


def _row(values: list[str], archive: Archive, at: datetime | None) -> Row:
    taken: list[Decimal | str | None] = []
    for column in archive.columns:
        text = values[column.position - 1].strip()
        taken.append(Decimal(text) if _NUMBER.match(text) and column.unit else text or None)
    doubts: list[Doubt] = []
    if archive.status and values[archive.status - 1].strip() not in _QUIET:
        doubts.append(Doubt.SUSPECT)
    if any(isinstance(value, str) and column.unit for value, column in zip(taken, archive.columns, strict=True)):
        doubts.append(Doubt.ERROR_CODE)
    return Row(at, tuple(taken), tuple(doubts), values[archive.time - 1])
