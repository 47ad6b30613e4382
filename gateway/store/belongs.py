"""What a meter's place belongs to, and since when: a usage point, an agreement, a customer. Times are UTC.

Every function takes the connection of a commit (``Store.write``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway.store.connection import Connection
from gateway.store.moments import micros, moment


@dataclass(frozen=True, slots=True)
class Belonging:
    """``place`` belongs to the ``kind`` named ``id`` from ``since`` until ``until``, None while it does."""

    place: str
    kind: str
    id: str
    since: datetime
    until: datetime | None
    source: str


def begin(connection: Connection, place: str, kind: str, identity: str, since: datetime, source: str) -> None:
    """From ``since`` on it belongs there. What it belonged to of this kind ends then."""
    connection.execute(
        "UPDATE belongs SET until = ? WHERE place = ? AND kind = ? AND id <> ? AND until IS NULL AND since <= ?",
        (micros(since), place, kind, identity, micros(since)),
    )
    connection.execute(
        "INSERT INTO belongs SELECT ?1, ?2, ?3, ?4, NULL, ?5 WHERE NOT EXISTS"
        " (SELECT 1 FROM belongs WHERE place = ?1 AND kind = ?2 AND id = ?3 AND until IS NULL)",
        (place, kind, identity, micros(since), source),
    )


def end(connection: Connection, place: str, kind: str, identity: str, until: datetime) -> bool:
    """It belongs there until ``until``. False when it did not."""
    found = connection.execute(
        "UPDATE belongs SET until = ? WHERE place = ? AND kind = ? AND id = ? AND until IS NULL RETURNING 1",
        (micros(until), place, kind, identity),
    ).fetchone()
    return found is not None


def at(connection: Connection, place: str, kind: str, when: datetime) -> str | None:
    """What ``place`` belongs to of this kind at a moment, None where nothing was said of it."""
    row = connection.execute(
        "SELECT id FROM belongs WHERE place = ? AND kind = ? AND since <= ? AND (until IS NULL OR until > ?)"
        " ORDER BY since DESC LIMIT 1",
        (place, kind, micros(when), micros(when)),
    ).fetchone()
    return None if row is None else str(row[0])


def of(connection: Connection, place: str) -> Sequence[Belonging]:
    """Everything that was said of a place, earliest first."""
    rows = connection.execute(
        "SELECT kind, id, since, until, source FROM belongs WHERE place = ? ORDER BY since, kind, id", (place,)
    ).fetchall()
    return [
        Belonging(place, kind, identity, moment(since), None if until is None else moment(until), source)
        for kind, identity, since, until, source in rows
    ]


def places_of(connection: Connection, kind: str, identity: str, when: datetime) -> Sequence[str]:
    """The places that belong to it at a moment."""
    rows = connection.execute(
        "SELECT DISTINCT place FROM belongs WHERE kind = ? AND id = ? AND since <= ? AND (until IS NULL OR until > ?)"
        " ORDER BY place",
        (kind, identity, micros(when), micros(when)),
    ).fetchall()
    return [place for (place,) in rows]
