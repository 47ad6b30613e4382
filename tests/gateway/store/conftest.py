"""A store on a disk of the test's own; and a disk that loses its power or its room.

That disk is a dictionary behind an apsw VFS. What was synced stays; of what was written and not yet synced a power cut
keeps a random part, and of one of those writes only a piece.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.store.store import Store, open_store

try:
    import apsw
except ImportError:  # the tests that need it skip
    apsw = None


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made, damaged = open_store(tmp_path / "metergate.db")
    assert damaged is None
    yield made
    made.close()


@pytest.fixture
def make_disk() -> Callable[[int], Disk]:
    """``make_disk(seed)``."""
    if apsw is None:
        pytest.skip("apsw is not installed")
    return lambda seed: Disk(random.Random(seed))


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
        self.room_left = -1  # writes until the disk is full; below 0 it never is
        self.dead = False
        self._vfs: Any = None

    def connect(self, path: Path) -> Connection:
        """A connection to a file on this disk."""
        self._vfs = self._vfs or disk_vfs(self)
        return Connection(path, self._vfs)

    def write(self, name: str, offset: int, data: bytes) -> None:
        self.live()
        if self.room_left == 0:
            raise apsw.FullError("database or disk is full")
        self.room_left -= self.room_left > 0
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


def disk_vfs(disk: Disk) -> Any:
    """The disk as SQLite sees it; its ``vfs_name`` is what a connection asks for."""

    class DiskVfs(apsw.VFS):  # type: ignore[misc,name-defined]
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

    return DiskVfs(disk)


class Connection:
    """apsw in the words the store uses. Exclusive locking, because this disk has no shared memory."""

    def __init__(self, path: Path, vfs: Any) -> None:
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
