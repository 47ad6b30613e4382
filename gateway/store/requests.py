"""Requests that were taken, by source and MessageID, with their answers: what is asked twice is done once.

Every function takes the connection of a commit (``Store.write``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from gateway.store.connection import Connection
from gateway.store.moments import micros, moment


@dataclass(frozen=True, slots=True)
class Taken:
    """A request as it was taken. ``reply`` is the answer it got, None while it has none."""

    source: str
    message_id: str
    digest: bytes
    received_at: datetime
    body: bytes
    reply: bytes | None


def take(connection: Connection, source: str, message_id: str, body: bytes, at: datetime) -> Taken | None:
    """Note a request before anything of it is done. The one that was taken before under this id, None where none was."""
    found = connection.execute(
        "SELECT digest, received_at, body, reply FROM request WHERE source = ? AND message_id = ?",
        (source, message_id),
    ).fetchone()
    if found is not None:
        digest, received_at, earlier, reply = found
        return Taken(source, message_id, digest, moment(received_at), earlier, reply)
    connection.execute(
        "INSERT INTO request (source, message_id, digest, received_at, body) VALUES (?, ?, ?, ?, ?)",
        (source, message_id, sha256(body).digest(), micros(at), body),
    )
    return None


def nonce_is_new(connection: Connection, source: str, nonce: str, at: datetime) -> bool:
    """Note a nonce; False when the source used it before."""
    new = connection.execute(
        "INSERT INTO nonce VALUES (?, ?, ?) ON CONFLICT DO NOTHING RETURNING 1", (source, nonce, micros(at))
    ).fetchone()
    return new is not None


def acknowledge(connection: Connection, source: str, message_id: str) -> bool:
    """Note that the answer is to be sent later. False when it is there already, and can be given at once."""
    found = connection.execute(
        "UPDATE request SET acknowledged = 1 WHERE source = ? AND message_id = ? AND reply IS NULL RETURNING 1",
        (source, message_id),
    ).fetchone()
    return found is not None


def answer(connection: Connection, source: str, message_id: str, reply: bytes, at: datetime) -> bool:
    """Keep the answer: it is given again to who asks again. Whether it must be sent, because it was acknowledged before."""
    (acknowledged,) = connection.execute(
        "UPDATE request SET reply = ?, replied_at = ? WHERE source = ? AND message_id = ? RETURNING acknowledged",
        (reply, micros(at), source, message_id),
    ).fetchone()
    return bool(acknowledged)


def unanswered(connection: Connection) -> Sequence[Taken]:
    """What was acknowledged and not answered, in the order it came: a restart cut it short."""
    rows = connection.execute(
        "SELECT source, message_id, digest, received_at, body FROM request WHERE reply IS NULL AND acknowledged = 1"
        " ORDER BY received_at"
    ).fetchall()
    return [Taken(source, name, digest, moment(at), body, None) for source, name, digest, at, body in rows]


def prune(connection: Connection, before: datetime) -> int:
    """Forget requests and nonces that came before ``before``; the result counts the requests."""
    connection.execute("DELETE FROM nonce WHERE at < ?", (micros(before),))
    return len(
        connection.execute("DELETE FROM request WHERE received_at < ? RETURNING 1", (micros(before),)).fetchall()
    )
