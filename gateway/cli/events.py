"""``metergate events URL``: the logs of a meter as events; ``metergate events -c FILE``: what a gateway told."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path

import click

from drivers.driver import Context, ReadsEvents
from drivers.errors import NotSupported, UsageError
from drivers.meter_url import parse
from drivers.reading import Record
from gateway.cli.collecting import collect
from gateway.cli.options import output_options, reading_options, surroundings, talking_options
from gateway.cli.printing import Printing


@click.command()
@click.argument("url", required=False)
@click.option(
    "-c",
    "--config",
    "file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Instead of a meter: the events that the gateway of this configuration has told.",
)
@click.option("--since", metavar="TIME", help="First moment, ISO 8601.")
@click.option("--until", metavar="TIME", help="Last moment, ISO 8601.")
@talking_options
@reading_options
@output_options
def events(
    url: str | None,
    file: Path | None,
    since: str | None,
    until: str | None,
    timeout: float | None,
    trace: Path | None,
    map_name: str | None,
    keys: Path | None,
    zone: str | None,
    printing: Printing,
) -> None:
    """Read the logs of a meter and print each entry as an event, or with -c what a gateway has told."""
    from gateway.cli.times import moment, time_zone

    if (url is None) == (file is None):
        raise UsageError("whose events?", do="give the URL of a meter, or -c and a gateway's configuration")
    if file is not None:
        from gateway.cli.told import told

        told(file, moment("--since", since, time_zone(zone)), moment("--until", until, time_zone(zone)), printing)
        return
    assert url is not None  # noqa: S101 - one of the two was given
    context = surroundings(parse(url).scheme, map_name=map_name, keys=keys, zone=zone, timeout=timeout, trace=trace)
    span = moment("--since", since, context.zone), moment("--until", until, context.zone)
    doing = f"reading the logs of {url}"
    sys.exit(printing.print(collect(_events(url, context, *span), doing), doing))


async def _events(url: str, context: Context, since: datetime | None, until: datetime | None) -> AsyncIterator[Record]:
    from drivers.registry import open_driver

    async with open_driver(url, context) as driver:
        if not isinstance(driver, ReadsEvents):
            raise NotSupported("this driver reads no logs", where=url)
        async for event in driver.events(since, until):
            yield event
