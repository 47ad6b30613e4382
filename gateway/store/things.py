"""Master data: what head ends said of meters, usage points, groups, customers and agreements, one row a thing.

A thing is found by its mRID or by any of its names. Every function takes the connection of a commit (``Store.write``).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway.store.connection import Connection
from gateway.store.moments import micros, moment

_COLUMNS = "kind, id, noun, names, body, source, at"


@dataclass(frozen=True, slots=True)
class Thing:
    """``kind`` is its element (``UsagePoint``), ``id`` its mRID, or its first name where it has none; ``body`` the message
    of its ``noun`` with this thing alone; ``source`` said so, at ``at`` (UTC)."""

    kind: str
    id: str
    noun: str
    names: tuple[str, ...]
    body: bytes
    source: str
    at: datetime


def put(connection: Connection, thing: Thing) -> None:
    """Keep a thing; one of the same kind and id is replaced."""
    connection.execute(
        f"INSERT OR REPLACE INTO thing ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 - ours
        (thing.kind, thing.id, thing.noun, "\n".join(thing.names), thing.body, thing.source, micros(thing.at)),
    )


def find(connection: Connection, kind: str, called: Iterable[str]) -> Thing | None:
    """The thing of this kind that one of these mRIDs and names means, the first that means one."""
    for name in called:
        row = connection.execute(
            f"SELECT {_COLUMNS} FROM thing WHERE kind = ? AND (id = ? OR"  # noqa: S608 - ours
            " instr(char(10) || names || char(10), char(10) || ? || char(10)) > 0)",
            (kind, name, name),
        ).fetchone()
        if row is not None:
            return _thing(row)
    return None


def every(connection: Connection, kind: str) -> Sequence[Thing]:
    """All things of a kind, in the order of their ids."""
    rows = connection.execute(f"SELECT {_COLUMNS} FROM thing WHERE kind = ? ORDER BY id", (kind,)).fetchall()  # noqa: S608 - ours
    return [_thing(row) for row in rows]


def remove(connection: Connection, kind: str, identity: str) -> None:
    """Forget a thing."""
    connection.execute("DELETE FROM thing WHERE kind = ? AND id = ?", (kind, identity))


def _thing(row: Sequence[object]) -> Thing:
    kind, identity, noun, names, body, source, at = row
    assert isinstance(body, bytes)  # noqa: S101 - the column is a blob
    named = tuple(str(names).split("\n")) if names else ()
    return Thing(str(kind), str(identity), str(noun), named, body, str(source), moment(int(str(at))))
