"""The audit log: what was asked to be changed, by whom, and what came of it, as a chain that cannot be rewritten silently.

Every row's digest is over the row and the digest before it. Who changes, removes or inserts a row must make every later
digest anew, and then the head of the chain is another than the one that was noted elsewhere (``metergate audit`` prints it,
the journal has it). Without such a note a chain made wholly anew cannot be told from the true one.

Every function takes the connection of a commit (``Store.write``).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import astuple, dataclass
from datetime import datetime
from hashlib import sha256

from gateway.store.connection import Connection
from gateway.store.moments import micros, moment

_COLUMNS = "at, source, user, verb, noun, message_id, what, outcome"


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry. ``what`` names what was to be changed, ``outcome`` says what came of it; ``at`` is UTC."""

    at: datetime
    source: str
    user: str
    verb: str
    noun: str
    message_id: str
    what: str
    outcome: str


def append(connection: Connection, entry: Entry) -> bytes:
    """Add an entry in the commit that makes the change. The result is the new head of the chain."""
    row = (micros(entry.at), *astuple(entry)[1:])
    digest = _digest(_head(connection), row)
    connection.execute(f"INSERT INTO audit ({_COLUMNS}, digest) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", (*row, digest))  # noqa: S608 - ours
    return digest


def head(connection: Connection) -> str:
    """The digest of the newest entry, in hex; "" for an empty log."""
    return _head(connection).hex()


def entries(connection: Connection) -> Iterator[tuple[int, Entry, str]]:
    """Every entry with its number and digest, oldest first."""
    rows = connection.execute(f"SELECT number, {_COLUMNS}, digest FROM audit ORDER BY number").fetchall()  # noqa: S608 - ours
    for number, at, *texts, digest in rows:
        yield number, Entry(moment(at), *texts), digest.hex()


def first_broken(connection: Connection) -> int | None:
    """The number of the first entry that does not follow from those before it; None when the chain holds.

    Entries at the end that were cut off do not show: compare ``head`` with the one that was noted.
    """
    before, expected = b"", 1
    rows = connection.execute(f"SELECT number, digest, {_COLUMNS} FROM audit ORDER BY number").fetchall()  # noqa: S608 - ours
    for number, digest, *row in rows:
        if number != expected or digest != _digest(before, tuple(row)):
            return int(number)
        before, expected = digest, number + 1
    return None


def _head(connection: Connection) -> bytes:
    row = connection.execute("SELECT digest FROM audit ORDER BY number DESC LIMIT 1").fetchone()
    return bytes(row[0]) if row else b""


def _digest(before: bytes, row: tuple[object, ...]) -> bytes:
    return sha256(before + json.dumps(row, ensure_ascii=False).encode()).digest()
