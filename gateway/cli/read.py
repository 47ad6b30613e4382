"""``metergate read URL``: one meter, once, now."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import click

from drivers.driver import Context, ReadsProfile, ReadsRegisters
from drivers.errors import NotSupported, UsageError
from drivers.meter_url import parse
from drivers.reading import Obis, Record
from gateway.cli.collecting import collect
from gateway.cli.options import output_options, reading_options, surroundings, talking_options
from gateway.cli.printing import Printing


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to read: the registers, or one load profile in a span of time."""

    profile: Obis | None = None
    since: datetime | None = None
    until: datetime | None = None


@click.command()
@click.argument("url")
@click.option("--profile", "profile", metavar="OBIS", help="Read this load profile instead of the registers.")
@click.option("--since", metavar="TIME", help="First moment of the profile, ISO 8601.")
@click.option("--until", metavar="TIME", help="Last moment of the profile, ISO 8601.")
@talking_options
@reading_options
@output_options
def read(
    url: str,
    profile: str | None,
    since: str | None,
    until: str | None,
    timeout: float | None,
    trace: Path | None,
    map_name: str | None,
    keys: Path | None,
    zone: str | None,
    printing: Printing,
) -> None:
    """Read a meter once and print its registers.

    URL is scheme:/dev/ttyUSB0?name=value or scheme://host:port; a bare device path means "find out what is there".
    A trace file in the place of the device replays it.
    """
    from gateway.cli.times import moment

    context = surroundings(parse(url).scheme, map_name=map_name, keys=keys, zone=zone, timeout=timeout, trace=trace)
    wanted = Wanted(
        _profile(profile),
        moment("--since", since, context.zone),
        moment("--until", until, context.zone),
    )
    doing = f"reading {url}"
    sys.exit(printing.print(collect(_records(url, context, wanted), doing), doing))


def _profile(text: str | None) -> Obis | None:
    try:
        return Obis.parse(text) if text else None
    except ValueError as error:
        raise UsageError(f"--profile: {error}") from None


async def _records(url: str, context: Context, wanted: Wanted) -> AsyncIterator[Record]:
    from drivers.registry import open_driver

    async with open_driver(url, context) as driver:
        if wanted.profile is not None:
            if not isinstance(driver, ReadsProfile):
                raise NotSupported("this driver reads no load profiles", where=url)
            async for series in driver.profile(wanted.profile, wanted.since, wanted.until):
                yield series
        else:
            if not isinstance(driver, ReadsRegisters):
                raise NotSupported("this driver reads no registers", where=url)
            async for record in driver.registers():
                yield record
