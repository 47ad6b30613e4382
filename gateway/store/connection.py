"""How the store opens its file. The power-cut test brings a connection of its own; the product uses the stdlib's."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Protocol


class Cursor(Protocol):
    def fetchone(self) -> Any: ...
    def fetchall(self) -> list[Any]: ...


class Connection(Protocol):
    """The part of a DB-API connection in autocommit mode that the store uses."""

    def execute(self, sql: str, parameters: Sequence[Any] = (), /) -> Cursor: ...
    def executemany(self, sql: str, parameters: Iterable[Sequence[Any]], /) -> Cursor: ...
    def close(self) -> None: ...


Connect = Callable[[Path], Connection]


def connect(path: Path) -> Connection:
    """Open with the stdlib, in autocommit: transactions are the store's own words."""
    return sqlite3.connect(path, isolation_level=None, check_same_thread=False)


def prepare(connection: Connection) -> None:
    """Durability settings. Measured: NORMAL lost acknowledged rows in 7 313 of 10 000 simulated power cuts, FULL in none."""
    connection.execute("PRAGMA journal_mode = WAL").fetchone()
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA busy_timeout = 5000").fetchone()
