"""Power cuts at random writes: no accepted message is lost, and the file opens again.

The disk is that of ``conftest.py``. The model believes the card's word that a sync is done.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import pytest

from gateway.store.connection import Connection
from gateway.store.counters import Counters
from gateway.store.errors import StoreError
from gateway.store.outbox import MessageClass, Outbox
from gateway.store.store import open_store

NOON = datetime(2026, 3, 29, 12, tzinfo=UTC)


class Disk(Protocol):
    """What this test does to a disk of ``conftest.py``."""

    chance: random.Random
    writes_left: int

    def restart(self) -> None: ...
    def connect(self, path: Path) -> Connection: ...


def one_life(path: Path, disk: Disk, accepted: dict[str, bytes], counter: int, number: int) -> int:
    """Open, check that all that was accepted is there, accept until the power goes. Returns the counter's lowest next."""
    chance = disk.chance
    disk.writes_left = -1
    store, damaged = open_store(path, disk.connect)
    try:
        assert damaged is None
        outbox, counters = Outbox(store), Counters(store)
        kept = {message.message_id: message.body for message in outbox.next("s", 1_000_000).result()}
        assert {name: kept.get(name) for name in accepted} == accepted
        assert store.read(lambda c: c.execute("PRAGMA integrity_check").fetchone()).result() == ("ok",)
        done = [message.number for message in outbox.next("s", 20).result()] if len(accepted) > 40 else []
        outbox.delivered(done).result()
        for name in [name for name, _ in zip(list(accepted), done, strict=False)]:
            del accepted[name]
        disk.writes_left = chance.randrange(1, 150)
        for step in range(8):
            name, body = f"m{number}-{step}", chance.randbytes(chance.randrange(1, 3000))
            outbox.accept(["s"], name, MessageClass.TELEMETRY, body, NOON).result()
            accepted[name] = body
            first = counters.reserve("key", 3)
            assert first >= counter
            counter = first + 3
    except StoreError:
        pass
    finally:
        store.close()
    return counter


@pytest.mark.parametrize("cuts", [150, pytest.param(10_000, marks=[pytest.mark.slow, pytest.mark.timeout(900)])])
def test_no_power_cut_loses_what_was_accepted(cuts: int, make_disk: Callable[[int], Disk]) -> None:
    disk = make_disk(61968)
    accepted: dict[str, bytes] = {}
    counter = 0
    for number in range(cuts):
        counter = one_life(Path("/metergate.db"), disk, accepted, counter, number)
        disk.restart()
    assert counter > cuts
