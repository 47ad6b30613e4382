"""``metergate outbox``: the messages that wait, and those that a sink refused for good."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from gateway.cli.configured import config_option


@click.command()
@config_option
@click.option("--refused", is_flag=True, help="Only the dead letters: what a sink refused for good.")
@click.option("--show", "number", type=int, metavar="N", help="Print the message with this number.")
@click.option("--most", default=100, show_default=True, metavar="N", help="At most so many.")
def outbox(file: Path, refused: bool, number: int | None, most: int) -> None:
    """List what waits in the outbox, oldest first. Refused messages go back with `metergate replay`."""
    from drivers.errors import UsageError
    from gateway.config.load import load, state_of
    from gateway.store.looking import looking

    with looking(state_of(load(file))) as connection:
        if number is not None:
            row = connection.execute("SELECT body FROM outbox WHERE id = ?", (number,)).fetchone()
            if row is None:
                raise UsageError(f"there is no message {number} in the outbox")
            sys.stdout.buffer.write(row[0])
            return
        rows = connection.execute(
            "SELECT id, sink, class, accepted_at, tries, message_id, refused FROM outbox"
            " WHERE refused IS NOT NULL OR NOT ? ORDER BY id LIMIT ?",
            (refused, most),
        ).fetchall()
    for message, sink, kind, accepted_at, tries, message_id, why in rows:
        at = datetime.fromtimestamp(accepted_at // 1_000_000, UTC).isoformat().replace("+00:00", "Z")
        click.echo(
            f"{message}  {at}  {sink}  {kind}  {tries} tries  {message_id}" + (f"  REFUSED: {why}" if why else "")
        )
