"""The store: durable, one bad piece of work spoils no other, a damaged file is set aside."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.store.connection import Connection
from gateway.store.counters import Counters
from gateway.store.errors import StoreClosed, StoreError
from gateway.store.outbox import MessageClass, Outbox
from gateway.store.store import Store, open_store

NOON = datetime(2026, 3, 29, 12, tzinfo=UTC)


def test_full_sync_and_wal(store: Store) -> None:
    def pragmas(connection: Connection) -> tuple[object, ...]:
        return tuple(connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous"))

    assert store.read(pragmas).result() == ("wal", 2)


def test_a_failing_piece_of_work_is_undone_alone(store: Store) -> None:
    def good(connection: Connection) -> None:
        connection.execute("INSERT INTO counter VALUES ('good', 1)")

    def bad(connection: Connection) -> None:
        connection.execute("INSERT INTO counter VALUES ('bad', 1)")
        raise KeyError("mine")

    futures = [store.write(good), store.write(bad)]
    futures[0].result()
    with pytest.raises(KeyError):
        futures[1].result()
    names = store.read(lambda connection: connection.execute("SELECT name FROM counter").fetchall()).result()
    assert names == [("good",)]


def test_counters_never_go_back_over_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    given = []
    for at_least in (0, 100, 50):
        store, _ = open_store(path)
        counters = Counters(store)
        given.append(counters.reserve("MGT-1/ek", 10, at_least))
        given.append(counters.reserve("MGT-1/ek", 10))
        store.close()
    assert given == [0, 10, 100, 110, 120, 130]


def test_a_closed_store_says_so(tmp_path: Path) -> None:
    store, _ = open_store(tmp_path / "s.db")
    store.close()
    with pytest.raises(StoreClosed):
        store.write(lambda connection: None)


@pytest.mark.parametrize("damage", [b"not a database at all" * 100, None])
def test_a_damaged_file_is_set_aside_and_work_goes_on(tmp_path: Path, damage: bytes | None) -> None:
    path = tmp_path / "s.db"
    store, _ = open_store(path)
    Counters(store).reserve("a", 1)
    store.close()
    content = path.read_bytes()
    path.write_bytes(damage or content[:4096] + os.urandom(len(content) - 4096))
    store, aside = open_store(path)
    assert aside is not None
    assert aside.exists()
    assert Counters(store).reserve("a", 1) == 0
    store.close()


def test_a_file_of_a_later_version_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    open_store(path)[0].close()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(StoreError, match="version 99"):
        open_store(path)
    assert path.exists()


WRITER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from gateway.store.outbox import MessageClass, Outbox
from gateway.store.store import open_store
store, _ = open_store(Path(sys.argv[1]))
outbox = Outbox(store)
number = int(sys.argv[2])
while True:
    futures = [outbox.accept(["s"], f"m{number + i}", MessageClass.TELEMETRY, b"x" * 700, datetime.now(UTC)) for i in range(5)]
    for i, future in enumerate(futures):
        future.result()
        print(number + i, flush=True)
    number += 5
"""


def killed_while_writing(path: Path, start: int, lines: int) -> list[int]:
    """Let a process accept messages, kill it after ``lines`` acknowledgements; what it acknowledged."""
    with subprocess.Popen([sys.executable, "-c", WRITER, str(path), str(start)], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        said = [process.stdout.readline() for _ in range(lines)]
        process.send_signal(signal.SIGKILL)
        said += process.stdout.readlines()
    return [int(line) for line in said if line.endswith(b"\n")]


@pytest.mark.parametrize("kills", [5, pytest.param(1000, marks=[pytest.mark.slow, pytest.mark.timeout(900)])])
def test_kill_9_loses_nothing_accepted(tmp_path: Path, kills: int) -> None:
    path = tmp_path / "s.db"
    accepted: set[str] = set()
    start = 0
    for number in range(kills):
        said = killed_while_writing(path, start, 1 + number * 7 % 23)
        accepted |= {f"m{one}" for one in said}
        start = max(said) + 10
    store, damaged = open_store(path)
    kept = {message.message_id for message in Outbox(store).next("s", 1_000_000).result()}
    store.close()
    assert damaged is None
    assert accepted <= kept


def test_a_file_that_is_damaged_while_it_is_open_is_set_aside(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    told: list[Path] = []
    store, _ = open_store(path, on_damage=told.append)
    outbox = Outbox(store)
    for number in range(200):
        outbox.accept(["s"], f"m{number}", MessageClass.TELEMETRY, b"x" * 3000, NOON).result()
    for part in (path, tmp_path / "s.db-wal"):
        with part.open("r+b") as file:
            file.seek(4096)
            file.write(os.urandom(part.stat().st_size - 4096))
    # SQLite holds pages in memory: until it must look at the file again it does not know.
    store.read(lambda connection: connection.execute("PRAGMA shrink_memory").fetchall()).result()
    with pytest.raises(StoreError):
        outbox.next("s", 1000).result()
    assert [file.exists() for file in told] == [True]
    assert outbox.accept(["s"], "after", MessageClass.TELEMETRY, b"x", NOON).result() == 1
    assert [message.message_id for message in outbox.next("s", 10).result()] == ["after"]
    store.close()
