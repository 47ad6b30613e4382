"""Looking into the store from outside while a gateway runs on it: SQLite lets others read beside its writer."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from drivers.errors import UsageError


@contextmanager
def looking(path: Path, *, write: bool = False) -> Iterator[sqlite3.Connection]:
    """A connection of one's own. Raises UsageError when there is no store, or it cannot be read.

    Without ``write`` nothing can be changed, and nothing is made.
    """
    if not path.is_file():
        raise UsageError("there is no store", where=str(path), do="has the gateway run yet? metergate run")
    try:
        connection = sqlite3.connect(f"file:{path}?mode={'rw' if write else 'ro'}", uri=True, isolation_level=None)
    except sqlite3.Error as error:
        raise UsageError(f"cannot be opened ({error})", where=str(path), do="are you its owner, or root?") from error
    try:
        connection.execute("PRAGMA busy_timeout = 5000").fetchone()
        yield connection
    except sqlite3.Error as error:
        raise UsageError(f"cannot be used ({error})", where=str(path), do="are you its owner, or root?") from error
    finally:
        connection.close()
