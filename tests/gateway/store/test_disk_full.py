"""A disk that is full at any write: what is refused leaves nothing behind, and with room again it goes on by itself."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from gateway.store.connection import Connection
from gateway.store.counters import Counters
from gateway.store.errors import StoreFull
from gateway.store.outbox import MessageClass, Outbox
from gateway.store.store import Store, open_store

NOON = datetime(2026, 3, 29, 12, tzinfo=UTC)


class Disk(Protocol):
    """What this test does to a disk of ``conftest.py``."""

    room_left: int

    def connect(self, path: Path) -> Connection: ...


def a_slot(store: Store, accepted: dict[str, bytes], slot: str, counter: int) -> tuple[list[str], int]:
    """Accept five messages, strike one off, set a counter aside. Returns what of it was refused, and the counter."""
    outbox, refused = Outbox(store), []
    for number in range(5):
        name, body = f"{slot}-{number}", bytes([number]) * 3000
        try:
            outbox.accept(["s"], name, MessageClass.TELEMETRY, body, NOON).result()
            accepted[name] = body
        except StoreFull:
            refused.append(name)
    first = next(iter(outbox.next("s", 1).result()), None)
    if first is not None:
        try:
            outbox.delivered([first.number]).result()
            del accepted[first.message_id]
        except StoreFull:
            refused.append(first.message_id)
    try:
        given = Counters(store).reserve("key", 3)
        assert given >= counter
        counter = given + 3
    except StoreFull:
        refused.append("counter")
    return refused, counter


def test_full_at_every_write_point(make_disk: Callable[[int], Disk]) -> None:
    point, refused_ever = 0, 0
    while True:
        disk = make_disk(point)
        store, _ = open_store(Path("/metergate.db"), disk.connect)
        accepted: dict[str, bytes] = {}
        _, counter = a_slot(store, accepted, "before", 0)
        disk.room_left = point
        refused, counter = a_slot(store, accepted, "full", counter)
        never_full = disk.room_left > 0
        disk.room_left = -1
        again, counter = a_slot(store, accepted, "after", counter)
        assert again == [], f"write {point}: the store is open, there is room, and it refuses"
        kept = {message.message_id: message.body for message in Outbox(store).next("s", 1000).result()}
        # When only the checkpoint after a commit finds no room, SQLite says that the commit is done; apsw raises all the
        # same. So one thing may have happened that was called refused, and no more.
        differing = {name for name in {*kept, *accepted} if kept.get(name) != accepted.get(name)}
        assert differing <= set(refused), f"write {point}"
        assert len(differing) <= 1, f"write {point}"
        assert store.read(lambda c: c.execute("PRAGMA integrity_check").fetchone()).result() == ("ok",)
        store.close()
        refused_ever += len(refused)
        if never_full:
            break
        point += 1
    assert point > 20, "the slot writes more often than that"
    assert refused_ever > 20
