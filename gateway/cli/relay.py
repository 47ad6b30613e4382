"""``metergate relay URL``: the supply switch of a meter. Switching is asked about first, because somebody lives behind it."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

import click

from drivers.driver import Context, Switches
from drivers.errors import MeterError, NotSupported
from drivers.meter_url import parse
from gateway.cli import exit_codes
from gateway.cli.options import reading_options, surroundings

_ACTIONS = ("state", "connect", "disconnect")


@click.command()
@click.argument("url")
@click.argument("action", type=click.Choice(_ACTIONS), default="state")
@click.option("--yes", is_flag=True, help="Do not ask; needed where there is no terminal.")
@click.option("--format", "form", type=click.Choice(["table", "json"]), help="Default: table on a terminal, else json.")
@click.option("--timeout", type=click.FloatRange(min=0.1), metavar="S", help="Give up after S seconds.")
@click.option(
    "--trace", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Write every byte there."
)
@reading_options
def relay(
    url: str,
    action: str,
    yes: bool,
    form: str | None,
    timeout: float | None,
    trace: Path | None,
    map_name: str | None,
    keys: Path | None,
    zone: str | None,
) -> None:
    """Say the state of a meter's supply switch, or connect or disconnect it and say the state that it then has.

    Connecting and disconnecting ask for confirmation, and are refused without a terminal unless --yes is given.
    """
    context = surroundings(parse(url).scheme, map_name=map_name, keys=keys, zone=zone, timeout=timeout, trace=trace)
    if action != "state" and not yes:
        _confirm(url, action)
    try:
        meter, state = asyncio.run(_switch(url, context, action))
    except MeterError as error:
        click.echo(f"metergate: relay {action} {url}: {error}", err=True)
        sys.exit(exit_codes.of(error))
    if (form or ("table" if sys.stdout.isatty() else "json")) == "json":
        click.echo(
            json.dumps({"type": "relay", "meter": meter, "action": action, "state": state}, separators=(",", ":"))
        )
    else:
        click.echo(f"Meter {meter}: {state}")
    wanted = {"connect": "connected", "disconnect": "disconnected"}.get(action)
    if wanted is not None and state != wanted:
        click.echo(f"metergate: the switch was told to {action} and says: {state}", err=True)
        sys.exit(exit_codes.METER)


def _confirm(url: str, action: str) -> None:
    if not sys.stdin.isatty():
        click.echo(f"metergate: relay {action} {url}: not done without a terminal to ask at; give --yes", err=True)
        sys.exit(exit_codes.USAGE)
    if not click.confirm(f"{action.capitalize()} the supply behind {url}?", err=True):
        click.echo("metergate: nothing was done", err=True)
        sys.exit(exit_codes.USAGE)


async def _switch(url: str, context: Context, action: str) -> tuple[str, str]:
    """The meter's key and the state after ``action``."""
    from drivers.driver import Identifies
    from drivers.registry import open_driver

    async with open_driver(url, context) as driver:
        if not isinstance(driver, Switches):
            raise NotSupported("this driver switches nothing", where=url)
        meter = (await driver.identify()).key if isinstance(driver, Identifies) else url
        if action == "connect":
            return meter, await driver.connect()
        if action == "disconnect":
            return meter, await driver.disconnect()
        return meter, await driver.switch_state()
