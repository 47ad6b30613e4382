"""``metergate pan``: the Zigbee network behind a stick that is at hand, or the one that a running gateway holds.

A stick has one owner: what a gateway runs on is worked on through it. Secrets (certificates, private keys) come from the
credential store.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from drivers.errors import MeterError, NoAnswer, UsageError
from drivers.meter_url import parse
from gateway.cli import exit_codes
from gateway.cli.configured import config_option
from gateway.cli.options import output_options, surroundings
from gateway.cli.printing import Printing

if TYPE_CHECKING:
    from drivers.reading import Record
    from drivers.zigbee_se.install_code import InstallCode
    from drivers.zigbee_se.network import Pan
    from gateway.pan_work import Line, Work

_KEYS = click.option("--keys", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Key file (0600).")


def _network(command: Callable[..., None]) -> Callable[..., None]:
    """NETWORK, and ``-c``."""
    return click.argument("network")(config_option(command))


@click.group()
def pan() -> None:
    """A Zigbee Smart Energy network: its state, devices, meters, prices, texts.

    NETWORK is the URL of a stick (zigbee:/dev/ttyACM0), or the name of the meter with that URL in the configuration (-c) of a
    gateway that runs.
    """


@pan.command()
@click.argument("url")
@click.option("--channel", type=click.IntRange(11, 26), help="Default: the quietest.")
def form(url: str, channel: int | None) -> None:
    """Make a network on a stick that has none; one that has is left as it is."""
    from gateway.pan_work import Status

    parameters = "form=yes" + (f"&channel={channel}" if channel else "")
    _run(url, None, lambda pan: _show(Status().on(pan)), parameters)


@pan.command()
@click.argument("url")
@click.option("--suite", type=click.IntRange(1, 2), default=1, show_default=True, help="Of key establishment.")
@_KEYS
def join(url: str, suite: int, keys: Path | None) -> None:
    """Take the stick into a utility's network, as a guest beside its meter (role=consumer), and agree on a key.

    The utility must have been told the stick's EUI64 and install code, and opened its network. The install code is asked for,
    or read from standard input: it is a secret and never an argument. A stick that is a member already agrees on its key anew.
    """
    from drivers.zigbee_se.install_code import InstallCode

    code = InstallCode.parse(_install_code())

    async def do(network: Pan) -> None:
        from drivers.zigbee_se.driver import settled
        from drivers.zigbee_se.key_establishment import CLUSTER

        await settled(network)
        with_keys = [one for one in network.devices() if one.having(CLUSTER)]
        if not with_keys:
            raise NoAnswer("it has joined, but no device of the network has key establishment", where=url)
        for one in with_keys:
            await network.establish(one.eui64, suite)
            _say({"type": "joined", "eui64": one.eui64.hex(), "model": one.model, "link_key": True})

    _run(url, keys, do, "role=consumer", code)


@pan.command()
@_network
def status(network: str, file: Path) -> None:
    """What the stick and its network are; no keys."""
    from gateway import pan_work

    _work(network, file, pan_work.Status())


@pan.command()
@_network
def devices(network: str, file: Path) -> None:
    """Every device of the network, and what it serves and asks for."""
    from gateway import pan_work

    _work(network, file, pan_work.Devices())


@pan.command()
@_network
@click.argument("device")
@click.option(
    "--seconds", type=click.IntRange(1, 254), default=180, show_default=True, help="So long the door is open."
)
@_KEYS
def permit(network: str, file: Path, device: str, seconds: int, keys: Path | None) -> None:
    """Let one device in, by its EUI64; DEVICE may be the text of its QR code, which has both.

    The install code is asked for, or read from standard input: it is a secret and never an argument. Waits until the device
    has joined and a link key is established.
    """
    from drivers.zigbee_se.install_code import InstallCode
    from gateway import pan_work

    if "$I:" in device or "|" in device:
        text, said = device, InstallCode.parse(device).eui64
        device = said.hex() if said else device
    else:
        text = _install_code()
    _work(network, file, pan_work.Permit(device=device, code=text, seconds=seconds), keys)


@pan.command()
@_network
@click.argument("device", required=False)
@click.option("--timeout", type=click.FloatRange(min=0.1), metavar="S", help="Give up on an answer after S seconds.")
@click.option("--zone", metavar="NAME", help="Zone of the meters' days.")
@_KEYS
@output_options
def read(
    network: str,
    file: Path,
    device: str | None,
    timeout: float | None,
    zone: str | None,
    keys: Path | None,
    printing: Printing,
) -> None:
    """Read every meter of the network, or those of one DEVICE (EUI64), once.

    Of a running gateway's network, --timeout, --zone and --keys are those of its configuration.
    """
    from gateway.cli.collecting import collect

    if _is_stick(network):
        records = _read_stick(network, device, keys, zone, timeout)
    else:
        records = _read_held(network, device, file)
    sys.exit(printing.print(collect(records, f"reading {network}"), f"reading {network}"))


async def _read_stick(
    url: str, device: str | None, keys: Path | None, zone: str | None, timeout: float | None
) -> AsyncIterator[Record]:
    from drivers.registry import open_driver

    address = _with(url, f"device={device}") if device else url
    async with open_driver(
        address, surroundings("zigbee", map_name=None, keys=keys, zone=zone, timeout=timeout)
    ) as one:
        async for record in one.registers():  # type: ignore[attr-defined]
            yield record


async def _read_held(network: str, device: str | None, file: Path) -> AsyncIterator[Record]:
    from gateway.cli.pan_remote import lines
    from gateway.json_records import parse
    from gateway.pan_work import Read

    async for line in lines(network, Read(device=device), file):
        for record in parse([json.dumps(line)], network):
            yield record


@pan.command()
@_network
@click.argument("amount")
@click.option("--currency", type=int, required=True, help="ISO 4217 number: 978 EUR, 826 GBP, 840 USD.")
@click.option("--label", default="", help="Rate label, at most 12 octets.")
@click.option("--minutes", type=click.IntRange(1, 65534), help="Default: until the next.")
@click.option("--device", help="EUI64; default: every device that takes prices.")
def price(
    network: str, file: Path, amount: str, currency: int, label: str, minutes: int | None, device: str | None
) -> None:
    """Publish a price per kWh, from now on."""
    from gateway import pan_work

    try:
        value = Decimal(amount)
    except InvalidOperation:
        raise UsageError(f"{amount!r} is no price", do="write it with a point: 0.2431") from None
    said = pan_work.Price(amount=value, currency=currency, label=label, minutes=minutes, device=device)
    _work(network, file, said)


@pan.command()
@_network
@click.argument("text")
@click.option("--urgency", type=click.Choice(["low", "medium", "high", "critical"]), default="low", show_default=True)
@click.option("--confirm", is_flag=True, help="Ask the person who reads it to confirm.")
@click.option("--minutes", type=click.IntRange(1, 65534), help="Default: until the next.")
@click.option("--device", help="EUI64; default: every device that shows texts.")
@click.option("--wait", type=click.IntRange(0, 3600), default=0, metavar="S", help="Wait for the confirmation.")
def message(network: str, file: Path, wait: int, **said: Any) -> None:
    """Show a text on the displays; with --confirm and --wait, until it is confirmed."""
    from gateway import pan_work

    _work(network, file, pan_work.Message(wait_s=wait, **said))


def _work(network: str, file: Path, work: Work, keys: Path | None = None) -> None:
    """Do it on the stick itself, or on the network of a gateway that runs."""
    if _is_stick(network):
        _run(network, keys, lambda pan: _show(work.on(pan)))
        return
    from gateway.cli.pan_remote import lines

    with _told():
        asyncio.run(_show(lines(network, work, file)))


async def _show(lines: AsyncIterator[Line]) -> None:
    async for line in lines:
        if line["type"] == "note":
            click.echo(f"metergate: {line['text']}", err=True)
        else:
            _say(line)


def _say(line: Line) -> None:
    click.echo(json.dumps(line, separators=(",", ":")))


def _install_code() -> str:
    """Asked for on a terminal, else a line of standard input."""
    asks = sys.stdin.isatty()
    text: str = click.prompt("install code", hide_input=True, err=True) if asks else sys.stdin.readline().strip()
    return text


def _run(
    url: str,
    keys: Path | None,
    do: Callable[[Pan], Awaitable[None]],
    parameters: str = "",
    code: InstallCode | None = None,
) -> None:
    from drivers.zigbee_se.driver import open_pan

    address = parse(_with(url, parameters) if parameters else url)
    context = surroundings("zigbee", map_name=None, keys=keys, zone=None)

    async def run() -> None:
        async with open_pan(address, context, code) as network:
            if network.esi.damaged:
                click.echo(f"metergate: {url}: {network.esi.damaged}", err=True)
            await do(network)

    with _told(url):
        asyncio.run(run())


@contextlib.contextmanager
def _told(where: str = "") -> Iterator[None]:
    """An error in one line, and its exit code."""
    try:
        yield
    except MeterError as error:
        click.echo(f"metergate: {error.at(where)}", err=True)
        sys.exit(exit_codes.of(error))


def _is_stick(network: str) -> bool:
    """The URL of a stick, and not the name of a network."""
    return ":" in network


def _with(url: str, parameters: str) -> str:
    return f"{url}{'&' if '?' in url else '?'}{parameters}"
