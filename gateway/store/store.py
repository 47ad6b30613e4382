"""One file, one writer thread, many callers: work queued while a commit runs is committed together with the next.

``write`` gives a future that is done only after the commit that holds the work has been synced to the disk. What raises
is undone alone (a savepoint), the rest of the batch stands.
"""

from __future__ import annotations

import contextlib
import queue
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import Future
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from gateway.store.connection import Connect, Connection, connect, prepare
from gateway.store.errors import StoreBusy, StoreClosed, StoreError, StoreFull
from gateway.store.schema import migrate

T = TypeVar("T")
Work = Callable[[Connection], T]
OnDamage = Callable[[Path], None]

#: Pieces of work that may wait; a gateway of a thousand meters queues some hundreds at a slot.
_WAITING = 20_000
#: Pieces committed together: a slot's readings in one sync, and still no long pause for the next.
_BATCH = 1_000


class Store:
    """An open store. Make one with ``open_store``; thread-safe; close it to stop its thread.

    A file that is found damaged is set aside and a fresh one is begun; ``on_damage`` is told, in the store's thread.
    """

    def __init__(self, path: Path, connect: Connect, on_damage: OnDamage) -> None:
        self.path = path
        self._connect = connect
        self._on_damage = on_damage
        self._connection: Connection | None = _opened(path, connect)
        self._waiting: queue.Queue[tuple[Work[Any], Future[Any]] | None] = queue.Queue(_WAITING)
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="store", daemon=True)
        self._thread.start()

    def write(self, work: Work[T]) -> Future[T]:
        """Do ``work(connection)`` in the next commit. Raises StoreBusy or StoreClosed; the future may hold a StoreError."""
        if self._closed:
            raise StoreClosed("the store is closed")
        future: Future[T] = Future()
        try:
            self._waiting.put_nowait((work, future))
        except queue.Full:
            raise StoreBusy(f"{_WAITING} writes wait already") from None
        return future

    #: Reads go the same way: they see every write that was queued before them.
    read = write

    def close(self) -> None:
        """Commit what is queued, then stop. Not again usable."""
        if not self._closed:
            self._closed = True
            self._waiting.put(None)
            self._thread.join()
            if self._connection is not None:
                self._connection.close()

    def _run(self) -> None:
        open_ = True
        while open_:
            batch = [self._waiting.get()]
            while len(batch) < _BATCH and not self._waiting.empty():
                batch.append(self._waiting.get_nowait())
            open_ = None not in batch
            self._commit([item for item in batch if item is not None])
        while not self._waiting.empty():
            if (item := self._waiting.get_nowait()) is not None:
                item[1].set_exception(StoreClosed("the store was closed"))

    def _commit(self, batch: list[tuple[Work[Any], Future[Any]]]) -> None:
        done: list[tuple[Future[Any], Any]] = []
        failed: list[tuple[Future[Any], Exception]] = []
        batch = [(work, future) for work, future in batch if future.set_running_or_notify_cancel()]
        try:
            connection = self._connection = self._connection or _opened(self.path, self._connect)
            connection.execute("BEGIN IMMEDIATE")
            for work, future in batch:
                connection.execute("SAVEPOINT work")
                try:
                    done.append((future, work(connection)))
                except Exception as error:  # the caller's own work: it gets its error back, others go on
                    if _is_of_the_disk(error):
                        raise
                    connection.execute("ROLLBACK TO work")
                    failed.append((future, error))
                connection.execute("RELEASE work")
            connection.execute("COMMIT")
        except Exception as error:  # noqa: BLE001 - whatever SQLite or its VFS raises, every caller must hear of it
            self._rollback()
            if _is_damage(error):
                self._set_aside()
            told = _told(error)
            for _, future in batch:
                future.set_exception(told)
            return
        for future, result in done:
            future.set_result(result)
        for future, reason in failed:
            future.set_exception(reason)

    def _rollback(self) -> None:
        # SQLite has rolled back by itself when the disk failed, and then refuses to do it again.
        with contextlib.suppress(Exception):
            if self._connection is not None:
                self._connection.execute("ROLLBACK")

    def _set_aside(self) -> None:
        """The file was damaged under our hands: the next commit begins a fresh one."""
        with contextlib.suppress(Exception):
            if self._connection is not None:
                self._connection.close()
        self._connection = None
        with contextlib.suppress(OSError):
            self._on_damage(_aside(self.path))


def open_store(
    path: Path, connect: Connect = connect, on_damage: OnDamage = lambda aside: None
) -> tuple[Store, Path | None]:
    """Open or make the store at ``path``. A file that is damaged is set aside, not lost, and a fresh one is begun.

    Returns the store, and where a damaged file was put (None when all was well); ``on_damage`` is told the same of a file
    that is damaged later. Raises StoreError when the file is of a later version, StoreFull when there is no room.
    """
    try:
        return Store(path, connect, on_damage), None
    except ValueError as error:
        raise StoreError(str(error)) from error
    except Exception as error:  # sqlite3's and apsw's errors share no base: told apart below, or raised again
        if not _is_damage(error):
            raise _told(error) from error
    aside = _aside(path)
    return Store(path, connect, on_damage), aside


def _aside(path: Path) -> Path:
    """Move the file and what belongs to it out of the way. Raises OSError."""
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    aside = path.with_name(f"{path.name}.damaged-{stamp}")
    for suffix in ("", "-wal", "-shm"):
        part = path.with_name(path.name + suffix)
        if part.exists():
            part.rename(aside.with_name(aside.name + suffix))
    return aside


def _opened(path: Path, connect: Connect) -> Connection:
    connection = connect(path)
    try:
        prepare(connection)
        (state,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        if state != "ok":
            raise sqlite3.DatabaseError(f"malformed: {state}")
        migrate(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _is_damage(error: Exception) -> bool:
    return any(word in str(error) for word in ("malformed", "not a database", "corrupt"))


def _is_of_the_disk(error: Exception) -> bool:
    return any(word in str(error) for word in ("is full", "disk I/O", "malformed", "readonly"))


def _told(error: Exception) -> StoreError:
    if "is full" in str(error) or "disk I/O" in str(error):
        return StoreFull(f"the disk takes nothing more ({error})")
    return StoreError(f"{type(error).__name__}: {error}")
