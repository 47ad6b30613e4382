"""MasterDataLinkageConfigs until they take effect, and what became of them. Every function takes the connection of a commit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway.store.connection import Connection
from gateway.store.moments import micros, moment


@dataclass(frozen=True, slots=True)
class Linkage:
    """``verb`` is create, change or close; it takes effect at ``effective_at`` (UTC)."""

    id: str
    source: str
    request_id: str
    verb: str
    effective_at: datetime
    body: bytes


def put(connection: Connection, linkage: Linkage) -> None:
    """Keep one that is to take effect. The same once more is no other."""
    connection.execute(
        "INSERT OR IGNORE INTO linkage VALUES (?, ?, ?, ?, ?, ?, 'pending')",
        (linkage.id, linkage.source, linkage.request_id, linkage.verb, micros(linkage.effective_at), linkage.body),
    )


def pending(connection: Connection) -> Sequence[Linkage]:
    """Those that have not taken effect, in the order they will; of one moment what ends comes before what begins."""
    rows = connection.execute(
        "SELECT id, source, request_id, verb, effective_at, body FROM linkage WHERE state = 'pending'"
        " ORDER BY effective_at, verb <> 'close', rowid"
    ).fetchall()
    return [Linkage(name, source, asked, verb, moment(at), body) for name, source, asked, verb, at, body in rows]


def settle(connection: Connection, name: str, state: str) -> bool:
    """It has taken effect, or cannot; False when that was noted before."""
    return (
        connection.execute(
            "UPDATE linkage SET state = ? WHERE id = ? AND state = 'pending' RETURNING 1", (state, name)
        ).fetchone()
        is not None
    )
