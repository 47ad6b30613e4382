"""Objects with several values: M-Bus readings, month peaks, the log of long power failures.

Each function takes one data set and gives its records; a value that has no place in the object's form comes out as
``NotUnderstood``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta, tzinfo
from decimal import Decimal
from functools import lru_cache
from types import MappingProxyType

from drivers import amr_status
from drivers import unit as units
from drivers.iec62056_21.data_set import DataSet, Value, number
from drivers.iec62056_21.readings import Circumstances
from drivers.p1.objects import Kind, Object
from drivers.p1.stamp import parse as parse_stamp
from drivers.reading import Column, Doubt, MeterEvent, NotUnderstood, Obis, Reading, Record, Row, Series, Text

#: A duration that stands for "not known": the largest of its type.
_UNKNOWN_DURATION = {2**31 - 1, 2**32 - 1}
#: How the long power failures are called in `device_maps/events.toml`.
FAILURE_TABLE = "p1.failures"


def several(
    meter: str, known: Object, part: DataSet, around: Circumstances, month_columns: tuple[Obis, ...] = ()
) -> Iterator[Record]:
    """The records of a data set with more than one value, or of one whose value is no plain one.

    ``month_columns`` name the columns of a profile that names none itself, when they are as many.
    """
    if known.kind is Kind.PROFILE:
        return _profile(meter, known.obis, part, around, month_columns)
    return _FORMS.get(known.kind, _plain)(meter, known.obis, part, around)


def _text(meter: str, obis: Obis, part: DataSet, around: Circumstances) -> Iterator[Record]:
    yield Text(meter, obis, part.raw, _said(part.values[0]), around.doubts, around.checked)
    yield from _left(meter, obis, part, part.values[1:])


def _plain(meter: str, obis: Obis, part: DataSet, around: Circumstances) -> Iterator[Record]:
    """``(value)``, ``(time)(value)`` or ``(value)(time)``; what comes behind is not understood."""
    values = list(part.values)
    time = None
    for place in (0, 1):
        if len(values) == 2 and not values[place].unit and number(values[1 - place].text) is not None:
            stamp = parse_stamp(values[place].text, around.zone)
            if stamp is not None:
                time = stamp.at
                if stamp.unset:
                    # A device that was never read: its value is the register's first.
                    around = replace(around, doubts=(*around.doubts, Doubt.SUSPECT))
                del values[place]
    value = number(values[0].text)
    if value is None:
        yield Text(meter, obis, part.raw, _said(values[0]), around.doubts, around.checked)
    else:
        yield _reading(meter, obis, part.raw, (value, values[0].unit), time, around)
    yield from _left(meter, obis, part, values[1:])


def _m_bus_profile(meter: str, obis: Obis, part: DataSet, around: Circumstances) -> Iterator[Record]:
    """One row of a load profile, as DSMR 2.2 and 3.0 give the last hour of an M-Bus device."""
    values = part.values
    count = int(values[3].text) if len(values) > 3 and values[3].text.strip().isdecimal() else 0
    stamp = parse_stamp(values[0].text, around.zone)
    heads, rows = values[4 : 4 + 2 * count], values[4 + 2 * count :]
    objects = [_obis(value.text) for value in heads[::2]]
    if not 0 < count < 20 or stamp is None or len(rows) < count or None in objects or len(heads) < 2 * count:
        yield NotUnderstood(meter, part.raw, "no row of a load profile", obis)
        return
    if doubts := _doubts(values[1].text):
        around = replace(around, doubts=around.doubts + doubts)
    for capture, unit, said in zip(objects, heads[1::2], rows, strict=False):
        value = number(said.text)
        if value is None or capture is None:
            yield NotUnderstood(meter, f"{part.raw} [{_said(said)}]", "no number", capture)
        else:
            yield _reading(meter, capture, part.raw, (value, unit.text), stamp.at, around)
    yield from _left(meter, obis, part, rows[count:])


def _doubts(status: str) -> tuple[Doubt, ...]:
    try:
        bits = int(status, 16)
    except ValueError:
        return ()
    return amr_status.doubts(bits)


def _failures(meter: str, obis: Obis, part: DataSet, around: Circumstances) -> Iterator[Record]:
    """The log of long power failures: each entry is the moment the power came back, and how long it was away."""
    values = part.values
    if len(values) < 4:
        # No entry at all: still said.
        yield Text(meter, obis, part.raw, _said(values[0]), around.doubts, around.checked)
        yield from _left(meter, obis, part, [value for value in values[1:] if _obis(value.text) is None])
        return
    logged = _obis(values[1].text)
    code = values[1].text if logged is None else f"{logged.c}.{logged.d}.{logged.e}"
    entries = values[2:]
    for end, seconds in zip(entries[::2], entries[1::2], strict=False):
        entry = _failure(end.text, seconds, around.zone)
        if entry is None or around.doubts:
            # An event carries no doubt: one out of a damaged telegram is none.
            reason = "no entry of the log" if entry is None else "an entry in a damaged telegram"
            yield NotUnderstood(meter, f"{part.raw} [({end.text})({_said(seconds)})]", reason, obis)
            continue
        at, details = entry
        if not around.checked:
            details = {**details, "checked": "no"}
        yield MeterEvent(meter, at, str(obis), code, around.read_at, FAILURE_TABLE, details)
    yield from _left(meter, obis, part, entries[len(entries) // 2 * 2 :])
    if (said := number(values[0].text)) is None or said != len(entries) // 2:
        yield NotUnderstood(meter, part.raw, f"{len(entries) // 2} entries where {_said(values[0])} are told", obis)


@lru_cache(maxsize=256)
def _failure(end: str, seconds: Value, zone: tzinfo | None) -> tuple[datetime | None, Mapping[str, str]] | None:
    """An entry, the same in telegram after telegram: when the power came back, and what else is to be said of it."""
    stamp, length = parse_stamp(end, zone), number(seconds.text)
    if stamp is None or length is None:
        return None
    details = {"end": end, "duration": _said(seconds)}
    if length in _UNKNOWN_DURATION:
        details["duration_known"] = "no"
    elif stamp.at is not None and length < 10**9:
        details["start"] = (stamp.at - timedelta(seconds=int(length))).isoformat()
    return stamp.at, MappingProxyType(details)


def _profile(
    meter: str, obis: Obis, part: DataSet, around: Circumstances, month_columns: tuple[Obis, ...]
) -> Iterator[Record]:
    """Rows by month. Belgium tells its capture objects; Hungary does not: where no map does either, the columns bear the
    profile's code."""
    values = part.values
    first = parse_stamp(values[0].text, around.zone)
    told = [found for value in values[1:3] if (found := _obis(value.text)) is not None and not value.unit]
    if len(told) == 2:
        yield from _peaks(meter, obis, part, told, around)
    elif first is not None and len(values) > 1 and all(number(value.text) is not None for value in values[1:]):
        row = Row(first.at, tuple(number(value.text) for value in values[1:]), around.doubts, values[0].text)
        names = month_columns if len(month_columns) == len(values) - 1 else (obis,) * (len(values) - 1)
        columns = tuple(
            Column(name, units.canonical(value.unit)) for name, value in zip(names, values[1:], strict=True)
        )
        yield Series(meter, obis, 0, columns, (row,), around.read_at, around.checked)
    else:
        yield from _plain(meter, obis, part, around)


def _peaks(meter: str, obis: Obis, part: DataSet, told: list[Obis], around: Circumstances) -> Iterator[Record]:
    """``(n)(object)(object)`` and for each month the end of the month, the moment of its peak, and the peak."""
    entries = part.values[3:]
    rows = []
    unit = ""
    for month, moment, peak in zip(entries[::3], entries[1::3], entries[2::3], strict=False):
        stamp, value = parse_stamp(month.text, around.zone), number(peak.text)
        if stamp is None or value is None or (unit and peak.unit != unit):
            yield NotUnderstood(meter, f"{part.raw} [({month.text})({moment.text})({_said(peak)})]", "no row", obis)
            continue
        unit = peak.unit
        rows.append(Row(stamp.at, (moment.text, value), around.doubts, month.text))
    if rows:
        columns = (Column(told[0], ""), Column(told[1], units.canonical(unit)))
        yield Series(meter, obis, 0, columns, tuple(rows), around.read_at, around.checked)
    else:
        yield Text(meter, obis, part.raw, _said(part.values[0]), around.doubts, around.checked)
    yield from _left(meter, obis, part, entries[len(entries) // 3 * 3 :])
    if (said := number(part.values[0].text)) is None or said != len(entries) // 3:
        yield NotUnderstood(meter, part.raw, f"{len(entries) // 3} rows where {_said(part.values[0])} are told", obis)


def _reading(
    meter: str, obis: Obis, raw: str, said: tuple[Decimal, str], time: datetime | None, around: Circumstances
) -> Reading:
    value, unit = said
    unit = units.canonical(unit)
    return Reading(meter, obis, raw, value, unit, around.read_at, time, None, around.doubts, around.checked)


def _left(meter: str, obis: Obis, part: DataSet, values: tuple[Value, ...] | list[Value]) -> Iterator[Record]:
    for value in values:
        yield NotUnderstood(meter, f"{part.raw} [{_said(value)}]", "a further value: its meaning is the maker's", obis)


def _said(value: Value) -> str:
    return f"{value.text}*{value.unit}" if value.unit else value.text


@lru_cache(maxsize=256)
def _obis(text: str) -> Obis | None:
    # DSMR 4.0 writes 0:96.7.19 for 0-0:96.7.19.
    try:
        return Obis.parse(text if "-" in text else f"0-{text}")
    except ValueError:
        return None


_FORMS: dict[Kind, Callable[[str, Obis, DataSet, Circumstances], Iterator[Record]]] = {
    Kind.TEXT: _text,
    Kind.OCTETS: _text,
    Kind.M_BUS_PROFILE: _m_bus_profile,
    Kind.FAILURES: _failures,
}
