"""``metergate events URL``: the logs of a meter as events."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path

import click

from drivers.driver import Context, ReadsEvents
from drivers.errors import NotSupported
from drivers.meter_url import parse
from drivers.reading import Record
from gateway.cli.collecting import collect
from gateway.cli.options import output_options, reading_options, surroundings, talking_options
from gateway.cli.printing import Printing


@click.command()
@click.argument("url")
@click.option("--since", metavar="TIME", help="First moment, ISO 8601.")
@click.option("--until", metavar="TIME", help="Last moment, ISO 8601.")
@talking_options
@reading_options
@output_options
def events(
    url: str,
    since: str | None,
    until: str | None,
    timeout: float | None,
    trace: Path | None,
    map_name: str | None,
    keys: Path | None,
    zone: str | None,
    printing: Printing,
) -> None:
    """Read the logs of a meter and print each entry as an event."""
    from gateway.cli.times import moment

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
