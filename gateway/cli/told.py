"""The events that a gateway has told, from its store."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from drivers.errors import UsageError
from gateway import json_format
from gateway.cim.end_device_code import EndDeviceEventType
from gateway.cli.printing import Printing
from gateway.config.load import load, state_of
from gateway.store.looking import looking
from gateway.store.moments import micros, moment

#: Later than any event: SQLite's largest integer.
_NEVER = 2**63 - 1

Row = tuple[str, int, int, str]


def told(file: Path, since: datetime | None, until: datetime | None, printing: Printing) -> None:
    """Print them, earliest first, as JSON lines or as a table in words. Raises UsageError for another format."""
    form = printing.form or ("table" if printing.out is None and sys.stdout.isatty() else "json")
    if form not in ("json", "table"):
        raise UsageError(f"events that were told are not printed as {form}", do="--format json or table")
    with looking(state_of(load(file))) as connection:
        rows = connection.execute(
            "SELECT meter, at, told_at, event_type FROM event WHERE at BETWEEN ? AND ? ORDER BY at, told_at",
            (micros(since) if since else -_NEVER, micros(until) if until else _NEVER),
        ).fetchall()
    printing.write("".join(_json(rows) if form == "json" else _table(rows)).encode())


def _json(rows: list[Row]) -> Iterator[str]:
    for meter, at, told_at, event_type in rows:
        said = {"meter": meter, "at": _stamp(at), "told_at": _stamp(told_at), "event_type": event_type}
        yield json_format.line({"type": "event", **said})


def _table(rows: list[Row]) -> Iterator[str]:
    for meter, at, _, event_type in rows:
        words = ", ".join(part.name or part.meaning for part in EndDeviceEventType.parse(event_type).explain())
        yield f"{_stamp(at)}  {meter}  {event_type}  {words}\n"


def _stamp(stored: int) -> str:
    return moment(stored).isoformat(timespec="seconds").replace("+00:00", "Z")
