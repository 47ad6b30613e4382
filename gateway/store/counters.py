"""Counters that never go back: set aside on the disk before a single value is used (write-ahead)."""

from __future__ import annotations

import secrets

from gateway.store.connection import Connection
from gateway.store.store import Store

#: The row that holds the store's identity: no counter, but as durable as they are.
_IDENTITY = "identity of this store"


class Counters:
    """A ``drivers.driver.CounterStore`` over a store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def reserve(self, name: str, count: int, at_least: int = 0) -> int:
        """Set ``count`` values aside and return the first, never below ``at_least`` nor below any value ever given.

        Returns after the reservation has been synced. Raises ValueError for a count below 1, StoreError.
        """
        if count < 1:
            raise ValueError("at least one value must be reserved")

        def work(connection: Connection) -> int:
            row = connection.execute("SELECT next FROM counter WHERE name = ?", (name,)).fetchone()
            first = max(row[0] if row else 0, at_least)
            connection.execute(
                "INSERT INTO counter (name, next) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET next = excluded.next",
                (name, first + count),
            )
            return first

        return self._store.write(work).result()

    def identity(self) -> bytes:
        """As the protocol says. A store that was lost or set aside is followed by one with another identity, so that what
        it had given is not given again under the same. Raises StoreError."""

        def work(connection: Connection) -> int:
            made = secrets.randbits(40)
            connection.execute("INSERT OR IGNORE INTO counter (name, next) VALUES (?, ?)", (_IDENTITY, made))
            return int(connection.execute("SELECT next FROM counter WHERE name = ?", (_IDENTITY,)).fetchone()[0])

        return self._store.write(work).result().to_bytes(5, "big")
