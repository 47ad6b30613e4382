"""Counters that never go back: set aside on the disk before a single value is used (write-ahead)."""

from __future__ import annotations

from gateway.store.connection import Connection
from gateway.store.store import Store


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
