"""MeterReadSchedules of head ends, until they are cancelled or over. Every function takes the connection of a commit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway.store.connection import Connection
from gateway.store.moments import micros, moment


@dataclass(frozen=True, slots=True)
class Kept:
    """``id`` is the MessageID of the create, ``request_id`` the CorrelationID of what is read for it; ``done_until`` the last
    moment it was performed for (UTC)."""

    id: str
    source: str
    request_id: str
    created_at: datetime
    body: bytes
    done_until: datetime


def put(connection: Connection, kept: Kept) -> None:
    """Keep a schedule; one of the same id is replaced."""
    row = (kept.id, kept.source, kept.request_id, micros(kept.created_at), kept.body, micros(kept.done_until))
    connection.execute("INSERT OR REPLACE INTO read_schedule VALUES (?, ?, ?, ?, ?, ?)", row)


def every(connection: Connection) -> Sequence[Kept]:
    """All schedules, in the order they were made."""
    rows = connection.execute(
        "SELECT id, source, request_id, created_at, body, done_until FROM read_schedule ORDER BY created_at, id"
    ).fetchall()
    return [
        Kept(name, source, request_id, moment(created), body, moment(done))
        for name, source, request_id, created, body, done in rows
    ]


def performed(connection: Connection, name: str, until: datetime) -> None:
    """It was performed for every moment up to ``until``."""
    connection.execute("UPDATE read_schedule SET done_until = ? WHERE id = ?", (micros(until), name))


def remove(connection: Connection, name: str) -> bool:
    """Forget a schedule; False when it was not there."""
    return connection.execute("DELETE FROM read_schedule WHERE id = ? RETURNING 1", (name,)).fetchone() is not None
