"""``metergate scan URL``: what is on a line. Any driver that can ``Scans`` does the looking; this prints what it finds."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import click

from drivers.driver import Context, Found, Scans
from drivers.errors import MeterError, NotSupported, UsageError
from drivers.meter_url import parse
from gateway.cli import exit_codes
from gateway.cli.options import surroundings


@click.command()
@click.argument("url")
@click.option("--format", "form", type=click.Choice(["table", "json"]), help="Default: table on a terminal, else json.")
@click.option(
    "--drafts", type=click.Path(file_okay=False, path_type=Path), metavar="FOLDER", help="Write maps begun there."
)
@click.option("--map", "map_name", metavar="MAP", help="Take every device for one of this map.")
@click.option("--zone", metavar="NAME", help="Zone of the meters' clocks where their stamps name none.")
@click.option("--keys", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Key file (0600).")
@click.option(
    "--trace", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Write every byte there."
)
def scan(
    url: str,
    form: str | None,
    drafts: Path | None,
    map_name: str | None,
    zone: str | None,
    keys: Path | None,
    trace: Path | None,
) -> None:
    """Find what answers on a line: its address and speed, which device map it has, and what would be read.

    URL is that of a line, such as modbus:/dev/ttyUSB0 or modbus://host. Of a device that no map knows, a map is begun
    (--drafts); in JSON its registers are a line that `metergate map new --from` takes.
    """
    scheme = parse(url).scheme
    context = surroundings(scheme, map_name=map_name, keys=keys, zone=zone, trace=trace)
    form = form or ("table" if sys.stdout.isatty() else "json")
    found, error = _collect(url, context, lambda one: _print(scheme, one, form, drafts))
    if error is not None:
        click.echo(f"metergate: scanning {url}: {error}", err=True)
        sys.exit(exit_codes.PARTIAL if found else exit_codes.of(error))
    if not found:
        click.echo(f"metergate: scanning {url}: nothing answers; check wiring (A and B), power and speed", err=True)
        sys.exit(exit_codes.METER)


def _collect(url: str, context: Context, show: Callable[[Found], None]) -> tuple[int, MeterError | None]:
    from drivers.registry import open_driver

    count = 0

    async def run() -> None:
        nonlocal count
        driver = open_driver(url, context)
        if not isinstance(driver, Scans):
            raise NotSupported("this driver cannot scan", where=url)
        async with driver:
            async for one in driver.scan():
                count += 1
                show(one)

    try:
        asyncio.run(run())
    except MeterError as error:
        return count, error
    return count, None


def _print(scheme: str, found: Found, form: str, drafts: Path | None) -> None:
    """One device, as soon as it is found: a scan takes its time."""
    from gateway import json_format
    from gateway.cim.obis_rules import Rules
    from gateway.cli.output import render

    records = render(form, found.records, Rules.load("default"))[0].decode() if found.records else ""
    if form == "json":
        what = {"url": found.url, "says": found.says, "maps": list(found.maps), "failed": found.failed}
        click.echo(json_format.line({"type": "found", **what}) + records, nl=False)
        if found.sweep is not None:
            click.echo(json_format.line({"type": "sweep", **found.sweep}), nl=False)
    else:
        click.echo("\n".join(_words(found)) + "\n" + records)
    if found.sweep is not None and (drafts is not None or form == "table"):
        _draft(scheme, found, drafts)


def _words(found: Found) -> Iterator[str]:
    yield found.url
    if found.says:
        yield f"  says: {found.says}"
    if len(found.maps) == 1:
        yield f"  map: {found.maps[0]}"
    elif found.maps:
        yield f"  more than one map fits: {', '.join(found.maps)}; name one with --map"
    elif found.sweep is not None:
        yield "  no map knows it"
    if found.failed:
        yield f"  {found.failed}"


def _draft(scheme: str, found: Found, drafts: Path | None) -> None:
    """The beginning of a map, on the screen or as a file. A device without a register gives none."""
    from gateway.device_map.sections import section_of
    from gateway.device_map.skeleton import skeleton

    try:
        text = skeleton("maker/model", section_of(scheme), found.sweep)
    except ValueError as error:
        click.echo(f"metergate: {found.url}: no map can be begun: {error}", err=True)
        return
    if drafts is None:
        click.echo(text)
        return
    unit = (found.sweep or {}).get("unit", "")
    file = drafts / f"unit-{unit}.toml"
    try:
        drafts.mkdir(parents=True, exist_ok=True)
        with file.open("x", encoding="utf-8") as made:
            made.write(text)
    except OSError as error:
        raise UsageError(f"cannot be written ({error.strerror})", where=str(file)) from error
    click.echo(f"metergate: a map was begun in {file}", err=True)
