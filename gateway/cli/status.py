"""``metergate status``: what a gateway has, what waits, and what was lost, from its store."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gateway.cli.configured import config_option

if TYPE_CHECKING:
    from gateway.config.load import Configured
    from gateway.config.model import MeterTable

Rows = list[dict[str, object]]


@click.command()
@config_option
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
def status(file: Path, form: str) -> None:
    """Show the meters that answered, the queues of the sinks, and every message that was given up.

    Reads the store beside a running gateway, and works as well when none runs.
    """
    import json

    from gateway.config.load import load, state_of
    from gateway.store.looking import looking

    configured = load(file)
    with looking(state_of(configured)) as connection:
        meters, sinks, lost = rows(connection, configured)
    if form == "json":
        for row in (*meters, *sinks, *lost):
            click.echo(json.dumps(row, separators=(",", ":")))
        return
    for line in _table(meters, sinks, lost):
        click.echo(line)


def rows(connection: sqlite3.Connection, configured: Configured) -> tuple[Rows, Rows, Rows]:
    """The meters, the sinks' queues, and what was given up."""
    meters = [_meter(connection, meter) for meter in configured.config.meter]
    sinks = [_sink(connection, sink.name) for sink in configured.config.sink]
    lost: Rows = [
        {"type": "loss", "sink": sink, "class": kind, "reason": reason, "messages": messages}
        for sink, kind, reason, messages in connection.execute(
            "SELECT sink, class, reason, messages FROM loss ORDER BY sink, class"
        )
    ]
    return meters, sinks, lost


def _meter(connection: sqlite3.Connection, table: MeterTable) -> dict[str, object]:
    name = table.name
    place = connection.execute("SELECT meter, since FROM place WHERE name = ?", (name,)).fetchone()
    meter, since = place or (None, None)
    last = connection.execute(
        "SELECT read_at FROM reading WHERE meter = ? ORDER BY at DESC LIMIT 1", (meter,)
    ).fetchone() or (None,)
    newest = connection.execute("SELECT max(at) FROM interval WHERE meter = ?", (meter,)).fetchone()[0]
    return {
        "type": "meter",
        "name": name,
        "url": str(table.url),
        "meter": meter,
        "since": _stamp(since),
        "last_read": _stamp(last[0]),
        "newest_interval": _stamp(newest),
        **_usage_point(connection, table),
    }


def _usage_point(connection: sqlite3.Connection, table: MeterTable) -> dict[str, object]:
    """The usage point that counts, who says so, and another that a head end says and that the file overrules."""
    row = connection.execute(
        "SELECT id, source FROM belongs WHERE place = ? AND kind = 'UsagePoint' AND until IS NULL ORDER BY since DESC LIMIT 1",
        (table.name,),
    ).fetchone()
    linked, source = row or (None, None)
    if not table.usage_point:
        return {"usage_point": linked, "usage_point_by": source, "usage_point_overruled": None}
    other = linked if linked != table.usage_point else None
    return {"usage_point": table.usage_point, "usage_point_by": "configuration", "usage_point_overruled": other}


def _sink(connection: sqlite3.Connection, name: str) -> dict[str, object]:
    waiting, oldest, size = connection.execute(
        "SELECT count(*), min(accepted_at), coalesce(sum(length(body)), 0) FROM outbox WHERE sink = ? AND refused IS NULL",
        (name,),
    ).fetchone()
    (dead,) = connection.execute(
        "SELECT count(*) FROM outbox WHERE sink = ? AND refused IS NOT NULL", (name,)
    ).fetchone()
    return {"type": "sink", "name": name, "waiting": waiting, "bytes": size, "oldest": _stamp(oldest), "refused": dead}


def _table(meters: Rows, sinks: Rows, lost: Rows) -> Iterator[str]:
    for row in meters:
        who = f"{row['meter']}, last read {row['last_read']}" if row["meter"] else "has not answered yet"
        newest = f", load profile up to {row['newest_interval']}" if row["newest_interval"] else ""
        point = f", usage point {row['usage_point']} (by {row['usage_point_by']})" if row["usage_point"] else ""
        yield f"meter {row['name']} ({row['url']}): {who}{newest}{point}"
        if row["usage_point_overruled"]:
            yield f"  a head end says usage point {row['usage_point_overruled']}: the configuration file wins"
    for row in sinks:
        oldest = f", the oldest of {row['oldest']}" if row["waiting"] else ""
        refused = f"; {row['refused']} refused (metergate outbox)" if row["refused"] else ""
        yield f"sink {row['name']}: {row['waiting']} messages wait{oldest}{refused}"
    for row in lost:
        yield f"LOST: {row['messages']} {row['class']} messages of sink {row['sink']}: {row['reason']}"


def _stamp(micros: int | None) -> str | None:
    if micros is None:
        return None
    return datetime.fromtimestamp(micros // 1_000_000, UTC).isoformat().replace("+00:00", "Z")
