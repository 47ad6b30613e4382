"""``metergate emulate``: an emulated meter on a pty or socket, for anyone's client, until SIGTERM."""

from __future__ import annotations

import asyncio
import difflib
import signal
from collections.abc import Coroutine, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from drivers.errors import UsageError


@click.command()
@click.argument("profile", required=False)
@click.option("--list", "listing", is_flag=True, help="Print every profile with a word on what it is.")
@click.option("--link", type=click.Path(path_type=Path), help="Keep a symbolic link to the pty at this path.")
@click.option(
    "--speed",
    type=click.Choice(["real", "max"]),
    default="real",
    show_default=True,
    help="The times of a real line, or none at all.",
)
@click.option("--listen", default="", metavar="URL", help="Serve at this socket, e.g. modbus://127.0.0.1:1502.")
@click.option(
    "--count",
    type=click.IntRange(1),
    default=1,
    show_default=True,
    help="So many of it, each with a serial number and, from the port of --listen on, a port of its own.",
)
@click.option("--fault", "faults", multiple=True, metavar="NAME[=VALUE]", help="What goes wrong; may be repeated.")
def emulate(
    profile: str | None,
    listing: bool,
    link: Path | None,
    speed: str,
    listen: str,
    count: int,
    faults: tuple[str, ...],
) -> None:
    """Emulate the meter PROFILE, print what a client opens on one line, and serve until SIGTERM or SIGINT.

    Every Modbus device map is a profile: modbus/maker/model; so is a map of your own: modbus/./my-meter.toml.
    """
    from hil import catalogue, pty_line

    if listing:
        known = catalogue.profiles()
        width = max(map(len, known))
        for name, (what, _) in known.items():
            click.echo(f"{name:{width}}  {what}")
        return
    if profile is None:
        raise UsageError("no profile is named", do="metergate emulate --list shows them")
    family = profile.partition("/")[0]
    if count > 1 and not listen:
        raise UsageError("several of one meter need a socket each", do="add --listen, e.g. dlms://127.0.0.1:0")
    own_map = family in catalogue.MAP_SECTIONS and profile.endswith(".toml")
    if listen and family not in catalogue.SOCKETS:
        raise UsageError(f"{profile} has no socket", do=f"--listen is for {', '.join(catalogue.SOCKETS)}")
    if not own_map and not catalogue.is_data_file(profile) and profile not in catalogue.profiles():
        near = difflib.get_close_matches(profile, catalogue.profiles(), 1)
        hint = f"did you mean {near[0]!r}?" if near else "metergate emulate --list shows them"
        raise UsageError(f"no emulated meter {profile!r}", do=hint)
    arguments = catalogue.EmulateArguments(
        profile=profile,
        announce=click.echo,
        link=link,
        real=speed == "real",
        listen=listen,
        faults={name: value for name, _, value in (fault.partition("=") for fault in faults)},
    )
    serve = catalogue.server(profile)
    meters = [serve(replace(arguments, number=number, listen=_port_of(listen, number))) for number in range(count)]
    try:
        pty_line.run(_until_signal(_together(meters)))
    except (ValueError, OSError) as error:
        raise UsageError(str(error), where=profile) from error


def _port_of(listen: str, number: int) -> str:
    """The URL to listen at for the ``number``-th of several: port 0 is a free one for each."""
    front, _, port = listen.rpartition(":")
    return f"{front}:{int(port) + number}" if port.isdigit() and port != "0" else listen


async def _together(meters: Sequence[Coroutine[Any, Any, None]]) -> None:
    await asyncio.gather(*meters)


async def _until_signal(serving: Coroutine[Any, Any, None]) -> None:
    loop = asyncio.get_running_loop()
    task = loop.create_task(serving)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, task.cancel)
    await task
