"""``metergate control URL``: what a device's map, or SunSpec, allows to be written, by name; asked about first, read back."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path

import click

from drivers.driver import Context, Controls, Done
from drivers.errors import MeterError, NotSupported, UsageError
from drivers.meter_url import parse
from gateway.cli import exit_codes
from gateway.cli.options import reading_options, surroundings, talking_options


@click.command()
@click.argument("url")
@click.argument("name", required=False)
@click.argument("value", required=False)
@click.option(
    "--for", "revert_s", type=click.IntRange(min=1), metavar="S", help="The device goes back after S seconds."
)
@click.option("--yes", is_flag=True, help="Do not ask; needed where there is no terminal.")
@talking_options
@reading_options
def control(
    url: str,
    name: str | None,
    value: str | None,
    revert_s: int | None,
    yes: bool,
    timeout: float | None,
    trace: Path | None,
    map_name: str | None,
    keys: Path | None,
    zone: str | None,
) -> None:
    """List what may be written to a device, or write NAME (with a VALUE where it takes one) and say what is then in effect.

    JSON lines on stdout. There is no way to write an address: a map allows a thing by its name, and SunSpec inverters
    offer connect, disconnect, active-power-limit and power-factor.
    """
    context = surroundings(parse(url).scheme, map_name=map_name, keys=keys, zone=zone, timeout=timeout, trace=trace)
    number = _number(value)
    if name is not None and not yes:
        _confirm(url, name, value)
    try:
        said = asyncio.run(_do(url, context, name, number, revert_s))
    except MeterError as error:
        click.echo(f"metergate: control {url}: {error}", err=True)
        sys.exit(exit_codes.of(error))
    if not isinstance(said, Done):
        for each, what in said.items():
            click.echo(json.dumps({"type": "control", "name": each, "what": what}, ensure_ascii=False))
        return
    in_effect = None if said.in_effect is None else str(said.in_effect)
    told = {"name": said.name, "asked": str(said.asked), "in_effect": in_effect, "confirmed": said.confirmed}
    click.echo(json.dumps({"type": "control", **told}))
    if not said.confirmed:
        click.echo(
            f"metergate: {said.name}: asked {said.asked}; the device says {in_effect or 'nothing of it'}", err=True
        )
        sys.exit(exit_codes.PARTIAL)


async def _do(
    url: str, context: Context, name: str | None, value: Decimal | None, revert_s: int | None
) -> Mapping[str, str] | Done:
    from drivers.registry import open_driver

    async with open_driver(url, context) as driver:
        if not isinstance(driver, Controls):
            raise NotSupported("this driver controls nothing", where=url)
        return await driver.controls() if name is None else await driver.control(name, value, revert_s)


def _number(text: str | None) -> Decimal | None:
    if text is None:
        return None
    try:
        found = Decimal(text)
    except InvalidOperation:
        found = Decimal("NaN")
    if not found.is_finite():
        raise UsageError(f"{text!r} is no number")
    return found


def _confirm(url: str, name: str, value: str | None) -> None:
    what = name if value is None else f"{name} = {value}"
    if not sys.stdin.isatty():
        click.echo(f"metergate: control {url}: {what} is not done without a terminal to ask at; give --yes", err=True)
        sys.exit(exit_codes.USAGE)
    if not click.confirm(f"Write {what} to {url}?", err=True):
        click.echo("metergate: nothing was done", err=True)
        sys.exit(exit_codes.USAGE)
