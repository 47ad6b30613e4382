"""Power cuts at random writes: no accepted message is lost, and the file opens again.

The disk is a dictionary behind an apsw VFS. What was synced stays; of what was written and not yet synced a power cut
keeps a random part, and of one of those writes only a piece. The model believes the card's word that a sync is done.
"""

from __future__ import annotations

import random
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gateway.store.counters import Counters
from gateway.store.errors import StoreError
from gateway.store.outbox import MessageClass, Outbox
from gateway.store.store import open_store

apsw = pytest.importorskip("apsw", reason="apsw is not installed")
NOON = datetime(2026, 3, 29, 12, tzinfo=UTC)


class PowerCut(Exception):
    """The lights went out in the middle of a write."""


class Disk:
    """Files as they are seen (``now``) and as a power cut would leave them at the least (``safe``)."""

    def __init__(self, chance: random.Random) -> None:
        self.now: dict[str, bytearray] = {}
        self.safe: dict[str, bytearray] = {}
        self.unsynced: list[tuple[str, int, bytes]] = []
        self.chance = chance
        self.writes_left = -1  # no cut
        self.dead = False

    def write(self, name: str, offset: int, data: bytes) -> None:
        self.live()
        self.writes_left -= 1
        self.unsynced.append((name, offset, data))
        if self.writes_left == 0:
            self.dead = True
            raise PowerCut
        patch(self.now.setdefault(name, bytearray()), offset, data)

    def sync(self, name: str) -> None:
        self.live()
        self.safe[name] = bytearray(self.now.get(name, b""))
        self.unsynced = [write for write in self.unsynced if write[0] != name]

    def live(self) -> None:
        if self.dead:
            raise PowerCut

    def restart(self) -> None:
        """What is there when power comes back."""
        self.now = {name: bytearray(content) for name, content in self.safe.items()}
        for name, offset, data in self.unsynced:
            if self.chance.random() < 0.5:
                torn = data[: self.chance.randrange(len(data) + 1)] if self.chance.random() < 0.3 else data
                patch(self.now.setdefault(name, bytearray()), offset, torn)
        self.safe = {name: bytearray(content) for name, content in self.now.items()}
        self.unsynced = []
        self.dead = False


def patch(content: bytearray, offset: int, data: bytes) -> None:
    if len(content) < offset:
        content.extend(bytes(offset - len(content)))
    content[offset : offset + len(data)] = data


class DiskFile:
    """One open file of the disk, as SQLite's VFS wants it."""

    def __init__(self, disk: Disk, name: str) -> None:
        self.disk, self.name = disk, name

    def xRead(self, amount: int, offset: int) -> bytes:
        return bytes(self.disk.now.get(self.name, b"")[offset : offset + amount])

    def xWrite(self, data: bytes, offset: int) -> None:
        self.disk.write(self.name, offset, bytes(data))

    def xTruncate(self, size: int) -> None:
        self.disk.live()
        del self.disk.now.setdefault(self.name, bytearray())[size:]

    def xSync(self, flags: int) -> None:
        self.disk.sync(self.name)

    def xFileSize(self) -> int:
        return len(self.disk.now.get(self.name, b""))

    def xLock(self, level: int) -> None: ...
    def xUnlock(self, level: int) -> None: ...
    def xClose(self) -> None: ...

    def xCheckReservedLock(self) -> bool:
        return False

    def xFileControl(self, op: int, pointer: int) -> bool:
        return False

    def xSectorSize(self) -> int:
        return 512

    def xDeviceCharacteristics(self) -> int:
        return 0


class DiskVfs(apsw.VFS):
    def __init__(self, disk: Disk) -> None:
        self.disk = disk
        super().__init__(f"disk-{id(disk)}", base="")
        self.vfs_name = f"disk-{id(disk)}"

    def xOpen(self, name: Any, flags: list[int]) -> DiskFile:
        text = name.filename() if isinstance(name, apsw.URIFilename) else (name or "temporary")
        self.disk.now.setdefault(text, bytearray())
        flags[1] = flags[0]
        return DiskFile(self.disk, text)

    def xDelete(self, name: str, sync: bool) -> None:
        self.disk.live()
        self.disk.now.pop(name, None)
        self.disk.safe.pop(name, None)

    def xAccess(self, name: str, flags: int) -> bool:
        return name in self.disk.now

    def xFullPathname(self, name: str) -> str:
        return name


class Connection:
    """apsw in the words the store uses. Exclusive locking, because this disk has no shared memory."""

    def __init__(self, path: Path, vfs: DiskVfs) -> None:
        self._connection = apsw.Connection(str(path), vfs=vfs.vfs_name)
        self._connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        self._connection.execute("PRAGMA wal_autocheckpoint = 20")
        self.execute = self._connection.execute
        self.executemany = self._connection.executemany

    def close(self) -> None:
        try:
            self._connection.close()
        except (PowerCut, apsw.Error):  # closing checkpoints, and the power is off
            self._connection.close(True)


def one_life(path: Path, vfs: DiskVfs, accepted: dict[str, bytes], counter: int, number: int) -> int:
    """Open, check that all that was accepted is there, accept until the power goes. Returns the counter's lowest next."""
    chance = vfs.disk.chance
    vfs.disk.writes_left = -1
    store, damaged = open_store(path, lambda p: Connection(p, vfs))
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
        vfs.disk.writes_left = chance.randrange(1, 150)
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
def test_no_power_cut_loses_what_was_accepted(cuts: int) -> None:
    disk = Disk(random.Random(61968))
    vfs = DiskVfs(disk)
    accepted: dict[str, bytes] = {}
    counter = 0
    for number in range(cuts):
        counter = one_life(Path("/metergate.db"), vfs, accepted, counter, number)
        disk.restart()
    assert counter > cuts
