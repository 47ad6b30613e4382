"""``metergate bundle``: one file for the one who is to help with a gateway. Secrets and meters' values are not in it."""

from __future__ import annotations

import base64
import json
import os
import platform
import shutil
import sqlite3
import subprocess
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gateway.cli.configured import config_option

if TYPE_CHECKING:
    from gateway.config.load import Configured
    from gateway.keys import Keys

_REMOVED = "(secret)"
#: Secrets shorter than this are not searched for: "1" is everywhere, and removing it would leave nothing to read.
_SHORTEST = 4
#: The log's last lines: a day or so of a gateway that is not well.
_LOG_LINES = 5000
_MOST_MESSAGES = 1000


@click.command()
@config_option
@click.argument("out", type=click.Path(dir_okay=False, path_type=Path))
def bundle(file: Path, out: Path) -> None:
    """Write a zip OUT: the configuration, the state of meters and queues, what was told and refused, versions, the log.

    Passwords and keys are not in it, nor the bodies of messages. Look at it before you pass it on: the names and numbers
    of meters are.
    """
    from drivers.errors import UsageError
    from gateway.config.load import load
    from gateway.keys import load as load_keys

    configured = load(file)
    keys = load_keys(configured.config.gateway.keys)
    words = sorted(_written(keys), key=len, reverse=True)
    # Others must not read it, and what is there already is not written over.
    try:
        descriptor = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise UsageError(f"cannot be made ({error.strerror})", where=str(out), do="name another file") from error
    with os.fdopen(descriptor, "wb") as made, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, text in _parts(configured, keys):
            for word in words:
                text = text.replace(word, _REMOVED)
            packed.writestr(name, text)
    click.echo(f"{out}: look into it before you pass it on (unzip -p {out} | less)")


def _written(keys: Keys) -> set[str]:
    """Every secret in every way that it may be written."""
    words = set()
    for secret in keys.values():
        text = secret.decode("latin-1")
        words |= {text, secret.hex(), secret.hex().upper(), secret.hex(" "), secret.hex(" ").upper()}
        words |= {base64.b64encode(secret).decode(), repr(text)[1:-1]}
    return {word for word in words if len(word) >= _SHORTEST}


def _parts(configured: Configured, keys: Keys) -> Iterator[tuple[str, str]]:
    from gateway.config.load import state_of

    yield "versions.txt", "\n".join(_versions())
    for number, file in enumerate(configured.files):
        yield f"configuration/{number}-{file.name}", file.read_text(encoding="utf-8")
    yield "secrets.txt", "\n".join(["names only:", *keys.names()])
    store = state_of(configured)
    yield "files.txt", "\n".join(_files(store.parent))
    yield from _of_store(store, configured)
    yield "log.txt", _log()


def _versions() -> Iterator[str]:
    from importlib.metadata import distributions

    yield f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
    yield f"{platform.platform()}, Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}"
    yield from sorted(f"{one.name} {one.version}" for one in distributions())


def _files(folder: Path) -> Iterator[str]:
    if folder.is_dir():
        free = shutil.disk_usage(folder).free
        yield f"{folder}: {free / 1e6:.0f} MB free"
        for file in sorted(folder.iterdir()):
            yield f"{file.stat().st_size:12} {file.name}"


def _of_store(store: Path, configured: Configured) -> Iterator[tuple[str, str]]:
    from drivers.errors import UsageError
    from gateway.cli.status import rows
    from gateway.store.looking import looking

    try:
        with looking(store) as connection:
            found = [row for part in rows(connection, configured) for row in part]
            yield "status.jsonl", _lines(found)
            yield "outbox.jsonl", _lines(_table(connection, _OUTBOX))
            yield "events.jsonl", _lines(_table(connection, _EVENTS))
            (sound,) = connection.execute("PRAGMA quick_check(10)").fetchone()
            yield (
                "store.txt",
                f"quick_check: {sound}\nversion: {connection.execute('PRAGMA user_version').fetchone()[0]}\n",
            )
    except UsageError as error:
        # The one who is to help must hear of it; the rest of the bundle is wanted all the same.
        yield "store.txt", f"{error}\n"


_OUTBOX = (
    "SELECT id, sink, class, message_id, accepted_at, length(body) AS bytes, tries, refused FROM outbox"
    " ORDER BY refused IS NULL, id LIMIT ?"
)
_EVENTS = "SELECT meter, at, told_at, event_type FROM event ORDER BY told_at DESC LIMIT ?"


def _table(connection: sqlite3.Connection, sql: str) -> list[dict[str, object]]:
    cursor = connection.execute(sql, (_MOST_MESSAGES,))
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor]


def _lines(rows: list[dict[str, object]]) -> str:
    return "".join(json.dumps(row, separators=(",", ":")) + "\n" for row in rows)


def _log() -> str:
    journal = shutil.which("journalctl")
    if journal is None:
        return "there is no journalctl on this machine\n"
    command = [journal, "--unit", "metergate", "--lines", str(_LOG_LINES), "--no-pager", "--output", "short-iso"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)  # noqa: S603
    return done.stdout or done.stderr
