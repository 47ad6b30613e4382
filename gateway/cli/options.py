"""Options that several verbs share, so that they are spelled and explained once."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from drivers.driver import Context
from gateway.cli.counter_file import CounterFile
from gateway.cli.output import FORMATS
from gateway.cli.printing import Printing
from gateway.cli.times import time_zone

Command = Callable[..., None]


def reading_options(command: Command) -> Command:
    """--map, --keys and --zone: what a driver must be told beside the URL."""
    for option in (
        click.option("--zone", metavar="NAME", help="Zone of the meter's clock where its stamps name none."),
        click.option(
            "--keys", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Key file (0600)."
        ),
        click.option("--map", "map_name", metavar="MAP", help="Device map: a file, or maker/model."),
    ):
        command = option(command)
    return command


def talking_options(command: Command) -> Command:
    """--timeout and --trace: of every verb that talks to a meter."""
    for option in (
        click.option(
            "--trace", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Write every byte there."
        ),
        click.option("--timeout", type=click.FloatRange(min=0.1), metavar="S", help="Give up after S seconds."),
    ):
        command = option(command)
    return command


def output_options(command: Command) -> Command:
    """--format, --out and --dialect, given to the command as one ``printing``."""

    @click.option("--dialect", default="default", metavar="NAME", help="Dialect of the OBIS rules.")
    @click.option(
        "--out", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Write there, not to stdout."
    )
    @click.option("--format", "form", type=click.Choice(FORMATS), help="Default: table on a terminal, else json.")
    @functools.wraps(command)
    def with_printing(*args: Any, form: str | None, out: Path | None, dialect: str, **rest: Any) -> None:
        command(*args, printing=Printing(form, out, dialect), **rest)

    return with_printing


def surroundings(
    scheme: str,
    *,
    map_name: str | None,
    keys: Path | None,
    zone: str | None,
    timeout: float | None = None,
    trace: Path | None = None,
) -> Context:
    """What the options say, as the driver of ``scheme`` takes it. Raises UsageError with the option that is wrong."""
    from gateway.device_map.catalogue import meter_map
    from gateway.keys import load

    return Context(
        zone=time_zone(zone),
        timeout=timeout,
        trace=trace,
        keys=load(keys),
        counters=CounterFile(),
        meter_map=meter_map(scheme, map_name or ""),
    )
