"""``metergate clock URL``: what a meter's clock says beside the gateway's, and setting it."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

import click

from drivers.driver import Context, KeepsClock
from drivers.errors import MeterError, NotSupported, UsageError
from drivers.meter_url import parse
from drivers.reading import ClockReading
from gateway.cli import exit_codes
from gateway.cli.options import reading_options, surroundings, talking_options
from gateway.cli.progress import progress

#: Setting a clock right from a clock that is wrong would spoil what it counts: the gateway's must be in this century.
_EARLIEST_YEAR = 2024


@click.command()
@click.argument("url")
@click.option("--set", "setting", is_flag=True, help="Set it to the gateway's time; the meter may want a password.")
@click.option("--format", "form", type=click.Choice(["table", "json"]), help="Default: table on a terminal, else json.")
@talking_options
@reading_options
def clock(
    url: str,
    setting: bool,
    form: str | None,
    timeout: float | None,
    trace: Path | None,
    map_name: str | None,
    keys: Path | None,
    zone: str | None,
) -> None:
    """Read a meter's clock and say how far it is from the gateway's; with --set, set it and read it back.

    The difference is positive where the meter is ahead. A meter that stores intervals marks the one in which it was set.
    """
    context = surroundings(parse(url).scheme, map_name=map_name, keys=keys, zone=zone, timeout=timeout, trace=trace)
    try:
        reading = asyncio.run(_clock(url, context, setting))
    except MeterError as error:
        click.echo(f"metergate: {'setting' if setting else 'reading'} the clock of {url}: {error}", err=True)
        sys.exit(exit_codes.of(error))
    as_json = (form or ("table" if sys.stdout.isatty() else "json")) == "json"
    click.echo(_json(reading) if as_json else _words(reading))


async def _clock(url: str, context: Context, setting: bool) -> ClockReading:
    from drivers.registry import open_driver

    if setting and context.now().year < _EARLIEST_YEAR:
        raise UsageError("the gateway's own clock is not set", do="wait for its time service")
    async with progress(f"reading the clock of {url}"), open_driver(url, context) as driver:
        if not isinstance(driver, KeepsClock):
            raise NotSupported("this driver reads no clock", where=url)
        return await (driver.set_clock(context.now()) if setting else driver.clock())


def _ahead_s(reading: ClockReading) -> str | None:
    """Seconds by which the meter is ahead of the gateway; None where its zone is not known."""
    if reading.time is None:
        return None
    return f"{(reading.time - reading.read_at).total_seconds():.1f}"


def _json(reading: ClockReading) -> str:
    return json.dumps(
        {
            "type": "clock",
            "meter": reading.meter,
            "raw": reading.raw,
            "time": reading.time and reading.time.isoformat(),
            "read_at": reading.read_at.isoformat(),
            "ahead_s": _ahead_s(reading),
            "doubts": [str(doubt) for doubt in reading.doubts],
        },
        separators=(",", ":"),
    )


def _words(reading: ClockReading) -> str:
    ahead = _ahead_s(reading)
    if ahead is None:
        return f"Meter {reading.meter}: {reading.raw}; its zone is not known: give it with --zone"
    assert reading.time is not None  # noqa: S101 - it has a difference
    doubts = f" ({', '.join(reading.doubts)})" if reading.doubts else ""
    return (
        f"Meter {reading.meter}: {reading.time.isoformat()} at {reading.read_at.isoformat()}, {ahead} s ahead{doubts}"
    )
