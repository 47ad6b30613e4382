"""What was read and told, kept to be asked for, compared with, and never told twice.

Every function takes the connection of a commit (``Store.write``), so that what is kept and the message that says it are
on the disk together or not at all. ``meter`` is the meter's key; times are UTC.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation

from drivers.reading import Column, Doubt, Meter, Obis, Period, Reading, Row, Series
from gateway.store.connection import Connection
from gateway.store.moments import micros, moment


@dataclass(frozen=True, slots=True)
class Kept:
    """A reading as it was kept; ``reading_type`` is its code, None where it has none."""

    reading: Reading
    reading_type: str | None


@dataclass(frozen=True, slots=True)
class Place:
    """Who answered last at a place of the configuration, and since when it is that meter."""

    name: str
    meter: Meter
    since: datetime


def keep_readings(connection: Connection, readings: Iterable[Kept]) -> None:
    """Keep registers' values."""
    rows = []
    for kept in readings:
        one = kept.reading
        start, end = (one.period.start, one.period.end) if one.period else (None, None)
        rows.append(
            (
                one.meter,
                str(one.obis),
                kept.reading_type,
                micros(one.time or end or one.read_at),
                micros(one.read_at),
                micros(start) if start else None,
                micros(end) if end else None,
                one.time is not None,
                format(one.value, "f"),
                one.unit,
                _written(one.doubts),
                one.checked,
            )
        )
    (before,) = connection.execute("SELECT coalesce(max(id), 0) FROM reading").fetchone()
    connection.executemany(
        "INSERT INTO reading (meter, obis, reading_type, at, read_at, period_start, period_end, own_time, value, unit,"
        " doubts, checked) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        rows,
    )
    connection.execute(
        "INSERT INTO latest SELECT meter, obis, at, id FROM reading WHERE id > ? AND doubts NOT LIKE '%SUSPECT%'"
        " ORDER BY at, id ON CONFLICT DO UPDATE SET at = excluded.at, reading = excluded.reading"
        " WHERE excluded.at >= latest.at",
        (before,),
    )


def readings(connection: Connection, meter: str, since: datetime, until: datetime) -> list[Kept]:
    """What was kept of a meter between two moments, both included, earliest first."""
    found = connection.execute(
        "SELECT obis, reading_type, at, read_at, period_start, period_end, own_time, value, unit, doubts, checked"
        " FROM reading WHERE meter = ? AND at BETWEEN ? AND ? ORDER BY at, id",
        (meter, micros(since), micros(until)),
    ).fetchall()
    return [_kept(meter, row) for row in found]


def last_values(connection: Connection, meter: str, obis: Sequence[Obis]) -> dict[Obis, Reading]:
    """The latest reading of each register that no doubt was cast on: what the next one is compared with."""
    wanted = {str(one): one for one in obis}
    rows = connection.execute(
        "SELECT reading.obis, reading_type, reading.at, read_at, period_start, period_end, own_time, value, unit, doubts,"
        " checked FROM latest JOIN reading ON reading.id = latest.reading WHERE latest.meter = ?",
        (meter,),
    ).fetchall()
    return {wanted[row[0]]: _kept(meter, row).reading for row in rows if row[0] in wanted}


def standing_since(connection: Connection, meter: str, last: Mapping[Obis, Reading]) -> dict[Obis, datetime]:
    """Since when each register has the value of its last reading, as far back as readings are kept."""
    found = {}
    for obis, reading in last.items():
        changed = connection.execute(
            "SELECT max(at) FROM reading WHERE meter = ? AND obis = ? AND value <> ?",
            (meter, str(obis), format(reading.value, "f")),
        ).fetchone()[0]
        (first,) = connection.execute(
            "SELECT min(read_at) FROM reading WHERE meter = ? AND obis = ? AND at > ?", (meter, str(obis), changed or 0)
        ).fetchone()
        if first is not None:
            found[obis] = moment(first)
    return found


def new_rows(
    connection: Connection, meter: str, profile: Obis, columns: Sequence[Obis], rows: Sequence[Row]
) -> list[Row]:
    """Of ``rows`` those that are not kept yet with the same values and doubts. Rows without a time are always new."""
    timed = [row.time for row in rows if row.time is not None]
    if not timed:
        return list(rows)
    found = connection.execute(
        "SELECT obis, at, value, doubts FROM interval WHERE meter = ? AND profile = ? AND at BETWEEN ? AND ?",
        (meter, str(profile), micros(min(timed)), micros(max(timed))),
    ).fetchall()
    held = {(obis, at): (value, doubts) for obis, at, value, doubts in found}

    def known(row: Row) -> bool:
        return row.time is not None and all(
            held.get((str(obis), micros(row.time))) == (_text(value), _written(row.doubts))
            for obis, value in zip(columns, row.values, strict=True)
        )

    return [row for row in rows if not known(row)]


def keep_rows(
    connection: Connection,
    meter: str,
    profile: Obis,
    columns: Sequence[tuple[Obis, str]],
    period_s: int,
    rows: Sequence[Row],
) -> None:
    """Keep rows of a load profile; ``columns`` are OBIS code and unit. A row that was kept is replaced."""
    connection.executemany(
        "INSERT INTO interval VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
        " value = excluded.value, unit = excluded.unit, period_s = excluded.period_s, doubts = excluded.doubts",
        [
            (meter, str(profile), str(obis), micros(row.time), _text(value), unit, period_s, _written(row.doubts))
            for row in rows
            if row.time is not None
            for (obis, unit), value in zip(columns, row.values, strict=True)
        ],
    )


def rows(connection: Connection, meter: str, since: datetime, until: datetime, at_most: int) -> list[Series]:
    """The intervals of every load profile of a meter that end later than ``since`` and not later than ``until``.

    ``at_most`` bounds the values that are read. Columns that a row does not have are None there.
    """
    found = connection.execute(
        "SELECT profile, period_s, obis, unit, at, value, doubts FROM interval"
        " WHERE meter = ? AND at > ? AND at <= ? ORDER BY profile, at, obis LIMIT ?",
        (meter, micros(since), micros(until), at_most),
    ).fetchall()
    profiles: dict[tuple[str, int], list[tuple[str, str, int, str | None, str]]] = {}
    for profile, period_s, *rest in found:
        profiles.setdefault((profile, period_s), []).append(tuple(rest))
    return [_series(meter, profile, period_s, said) for (profile, period_s), said in profiles.items()]


def _series(meter: str, profile: str, period_s: int, said: list[tuple[str, str, int, str | None, str]]) -> Series:
    columns = dict.fromkeys((obis, unit) for obis, unit, _, _, _ in said)
    number = {column: place for place, column in enumerate(columns)}
    values: dict[int, list[Decimal | str | None]] = {}
    doubts: dict[int, str] = {}
    for obis, unit, at, value, doubt in said:
        values.setdefault(at, [None] * len(columns))[number[(obis, unit)]] = _number(value)
        doubts[at] = doubt
    rows = tuple(
        Row(moment(at), tuple(row), tuple(Doubt[name] for name in doubts[at].split())) for at, row in values.items()
    )
    shown = tuple(Column(Obis.parse(obis), unit) for obis, unit in columns)
    return Series(meter, Obis.parse(profile), period_s, shown, rows, rows[-1].time or moment(0))


def _number(text: str | None) -> Decimal | str | None:
    """A value as it was before it was kept: a number where it is one."""
    if text is None:
        return None
    try:
        value = Decimal(text)
    except InvalidOperation:
        return text
    return value if value.is_finite() else text


def told(connection: Connection, mrids: Sequence[str]) -> set[str]:
    """Which of these events were told already."""
    return {
        mrid
        for mrid in mrids
        if connection.execute("SELECT 1 FROM event WHERE mrid = ?", (mrid,)).fetchone() is not None
    }


def keep_event(
    connection: Connection, mrid: str, meter: str, at: datetime, told_at: datetime, event_type: str, body: str
) -> None:
    """Keep an event that is told now. ``body`` is for those who look it up."""
    connection.execute(
        "INSERT INTO event VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (mrid, meter, micros(at), micros(told_at), event_type, body),
    )


def events(connection: Connection, meters: Sequence[str], since: datetime, until: datetime) -> list[str]:
    """The bodies of the events of these meters that happened between two moments, both included, earliest first."""
    marks = ", ".join("?" * len(meters))
    found = connection.execute(
        f"SELECT body FROM event WHERE meter IN ({marks}) AND at BETWEEN ? AND ? ORDER BY at, mrid",  # noqa: S608 - marks only
        (*meters, micros(since), micros(until)),
    ).fetchall()
    return [body for (body,) in found]


def standing(connection: Connection, meters: Iterable[str]) -> list[tuple[str, str, str, str]]:
    """The states of these meters that have begun and not ended: meter, log, code, table."""
    found: list[tuple[str, str, str, str]] = []
    for meter in meters:
        found += connection.execute(
            "SELECT meter, log, code, row_set FROM standing WHERE meter = ?", (meter,)
        ).fetchall()
    return found


def stand(
    connection: Connection,
    begun: Iterable[tuple[str, str, str, str]],
    ended: Iterable[tuple[str, str, str, str]],
    at: datetime,
) -> None:
    """Note states that have begun, and forget those that have ended."""
    connection.executemany(
        "INSERT INTO standing VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING", [(*state, micros(at)) for state in begun]
    )
    connection.executemany("DELETE FROM standing WHERE meter = ? AND log = ? AND code = ? AND row_set = ?", list(ended))


def place(connection: Connection, name: str) -> Place | None:
    """Who answered last at ``name``; None when nobody has."""
    row = connection.execute("SELECT manufacturer, serial, since FROM place WHERE name = ?", (name,)).fetchone()
    return Place(name, Meter(row[0], row[1]), moment(row[2])) if row else None


def keep_place(connection: Connection, name: str, meter: Meter, since: datetime) -> None:
    """Note who is at ``name`` now."""
    connection.execute(
        "INSERT INTO place VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET meter = excluded.meter,"
        " manufacturer = excluded.manufacturer, serial = excluded.serial, since = excluded.since",
        (name, meter.key, meter.manufacturer, meter.serial, micros(since)),
    )


def behind(connection: Connection, name: str) -> list[Meter]:
    """The devices that were read through the meter at ``name``."""
    rows = connection.execute(
        "SELECT manufacturer, serial, through FROM behind WHERE place = ? ORDER BY meter", (name,)
    ).fetchall()
    return [Meter(manufacturer, serial, behind=through) for manufacturer, serial, through in rows]


def keep_behind(connection: Connection, name: str, meter: Meter, since: datetime) -> bool:
    """Note a device that was read through the meter at ``name``; whether it is seen for the first time."""
    row = (name, meter.key, meter.behind, meter.manufacturer, meter.serial, micros(since))
    new = connection.execute(
        "INSERT INTO behind VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING 1", row
    ).fetchone()
    return new is not None


def prune(connection: Connection, before: datetime) -> int:
    """Forget what is older than ``before``, but for each register's last good value; the result counts the rows."""
    limit, gone = micros(before), 0
    for sql in (
        "DELETE FROM reading WHERE read_at < ? AND id NOT IN (SELECT reading FROM latest) RETURNING 1",
        "DELETE FROM interval WHERE at < ? RETURNING 1",
        "DELETE FROM event WHERE told_at < ? RETURNING 1",
        "DELETE FROM coverage WHERE until < ? RETURNING 1",
    ):
        gone += len(connection.execute(sql, (limit,)).fetchall())
    return gone


def _kept(meter: str, row: tuple[object, ...]) -> Kept:
    obis, reading_type, at, read_at, start, end, own_time, value, unit, doubts, checked = row
    has_period = start is not None or end is not None
    reading = Reading(
        meter=meter,
        obis=Obis.parse(str(obis)),
        raw="",
        value=Decimal(str(value)),
        unit=str(unit),
        read_at=moment(int(str(read_at))),
        time=moment(int(str(at))) if own_time else None,
        period=Period(_moment(start), _moment(end)) if has_period else None,
        doubts=tuple(Doubt[name] for name in str(doubts).split()),
        checked=bool(checked),
    )
    return Kept(reading, None if reading_type is None else str(reading_type))


def _moment(value: object) -> datetime | None:
    return None if value is None else moment(int(str(value)))


def _written(doubts: Iterable[Doubt]) -> str:
    return " ".join(doubt.name for doubt in doubts)


def _text(value: Decimal | str | None) -> str | None:
    return format(value, "f") if isinstance(value, Decimal) else value
