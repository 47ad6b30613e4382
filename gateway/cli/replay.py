"""``metergate replay``: refused messages back into the queue."""

from __future__ import annotations

from pathlib import Path

import click

from gateway.cli.configured import config_option


@click.command()
@config_option
@click.argument("numbers", nargs=-1, type=int)
@click.option("--all", "everything", is_flag=True, help="Every message that was refused.")
@click.option("--sink", metavar="NAME", help="Every message that this sink refused.")
def replay(file: Path, numbers: tuple[int, ...], everything: bool, sink: str | None) -> None:
    """Put refused messages (NUMBERS of `metergate outbox --refused`) back at their old place; the same bytes are sent."""
    from drivers.errors import UsageError
    from gateway.config.load import load, state_of
    from gateway.store.looking import looking

    if not (numbers or everything or sink):
        raise UsageError("which messages?", do="give numbers of `metergate outbox --refused`, --sink NAME or --all")
    with looking(state_of(load(file)), write=True) as connection:
        marks = ", ".join("?" * len(numbers))
        which = f"id IN ({marks})" if numbers else ("sink = ?" if sink else "1")
        found = connection.execute(
            f"UPDATE outbox SET refused = NULL WHERE refused IS NOT NULL AND {which} RETURNING id",  # noqa: S608 - ours
            numbers or ((sink,) if sink else ()),
        ).fetchall()
    click.echo(f"{len(found)} messages are in the queue again")
    missing = sorted(set(numbers) - {number for (number,) in found})
    if missing:
        raise UsageError(f"no refused message has the number {', '.join(map(str, missing))}")
