"""``metergate read URL``: one meter, once, now."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import click

from drivers.driver import Context, ReadsProfile, ReadsRegisters
from drivers.errors import NotSupported, UsageError
from drivers.meter_url import parse
from drivers.reading import Obis, Record
from gateway.cli.collecting import collect
from gateway.cli.configured import config_option
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
@click.option(
    "--submit",
    "place",
    metavar="NAME",
    help="Also submit what is read, for the meter of that name in the configuration.",
)
@click.option("--reader", metavar="NAME", help="Who reads: it is said in the message. Needed with --submit.")
@click.option("--reason", default="inquiry", show_default=True, metavar="KIND", help="Why: a ReadingReasonKind.")
@config_option
@talking_options
@reading_options
@output_options
def read(
    url: str,
    profile: str | None,
    since: str | None,
    until: str | None,
    place: str | None,
    reader: str | None,
    reason: str,
    file: Path,
    timeout: float | None,
    trace: Path | None,
    map_name: str | None,
    keys: Path | None,
    zone: str | None,
    printing: Printing,
) -> None:
    """Read a meter once and print its registers.

    URL is scheme:/dev/ttyUSB0?name=value or scheme://host:port; a bare device path means "find out what is there".
    A trace file in the place of the device replays it. With --submit what was read is validated, stored and delivered as the
    gateway's own, as `metergate submit` does; a read that failed submits nothing.
    """
    from gateway.cli.times import moment

    context = surroundings(parse(url).scheme, map_name=map_name, keys=keys, zone=zone, timeout=timeout, trace=trace)
    wanted = Wanted(
        _profile(profile),
        moment("--since", since, context.zone),
        moment("--until", until, context.zone),
    )
    submit = _submitting(file, place, reader, reason)
    doing = f"reading {url}"
    found, error = collect(_records(url, context, wanted), doing)
    code = printing.print((found, error), doing)
    if submit is not None and error is None:
        submit(found)
    sys.exit(code)


def _submitting(
    file: Path, place: str | None, reader: str | None, reason: str
) -> Callable[[list[Record]], None] | None:
    """What submits the records, None where that is not wanted. What is wrong is said before the meter is read."""
    if place is None:
        return None
    from gateway.cli.submitting import hand_in, meter_at, reason_of
    from gateway.config.load import load

    if not reader:
        raise UsageError("--submit needs --reader: a reading of a person says whose it is")
    configured = load(file)
    meter = meter_at(configured.config, place)
    reason_of(reason)
    return lambda found: hand_in(configured, meter, found, reader, reason)


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
