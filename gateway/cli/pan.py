"""``metergate pan``: the Zigbee network behind a stick, for the technician who has the stick in hand.

A stick has one owner: stop a gateway that runs on it first. Secrets (certificates, private keys) come from the credential store.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from drivers.errors import MeterError, NoAnswer, UsageError
from drivers.meter_url import parse
from gateway.cli import exit_codes
from gateway.cli.options import output_options, surroundings
from gateway.cli.printing import Printing

if TYPE_CHECKING:
    from drivers.zigbee_se.install_code import InstallCode
    from drivers.zigbee_se.instructions import Instruction
    from drivers.zigbee_se.network import Pan

_KEYS = click.option("--keys", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Key file (0600).")
#: Seconds after joining until the device and we have a key.
_KEY_S = 60.0


@click.group()
def pan() -> None:
    """The Zigbee Smart Energy network behind a stick (zigbee:/dev/ttyACM0): its state, devices, meters, prices, texts."""


@pan.command()
@click.argument("url")
@click.option("--channel", type=click.IntRange(11, 26), help="Default: the quietest.")
def form(url: str, channel: int | None) -> None:
    """Make a network on a stick that has none; one that has is left as it is."""
    parameters = "form=yes" + (f"&channel={channel}" if channel else "")
    _run(url, None, _status, parameters)


@pan.command()
@click.argument("url")
@click.option("--suite", type=click.IntRange(1, 2), default=1, show_default=True, help="Of key establishment.")
@_KEYS
def join(url: str, suite: int, keys: Path | None) -> None:
    """Take the stick into a utility's network, as a guest beside its meter (role=consumer), and agree on a key.

    The utility must have been told the stick's EUI64 and install code, and opened its network. The install code is asked for,
    or read from standard input: it is a secret and never an argument. A stick that is a member already agrees on its key anew.
    """
    code = _install_code()

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
@click.argument("url")
def status(url: str) -> None:
    """What the stick and its network are; no keys."""
    _run(url, None, _status)


@pan.command()
@click.argument("url")
def devices(url: str) -> None:
    """Every device of the network, and what it serves and asks for."""

    async def do(network: Pan) -> None:
        from drivers.zigbee_se.driver import settled

        await settled(network)
        for one in network.devices():
            _say(
                {
                    "type": "device",
                    "eui64": one.eui64.hex(),
                    "node_id": f"{one.node_id:04x}",
                    "model": one.model,
                    "interviewed": one.interviewed,
                    "serves": _clusters(one.endpoints),
                    "asks": _clusters(one.clients),
                    "refused": one.refused,
                    "unreadable": one.unreadable,
                }
            )

    _run(url, None, do)


@pan.command()
@click.argument("url")
@click.argument("device")
@click.option(
    "--seconds", type=click.IntRange(1, 254), default=180, show_default=True, help="So long the door is open."
)
@_KEYS
def permit(url: str, device: str, seconds: int, keys: Path | None) -> None:
    """Let one device in, by its EUI64; DEVICE may be the text of its QR code, which has both.

    The install code is asked for, or read from standard input: it is a secret and never an argument. Waits until the device
    has joined and a link key is established.
    """
    from drivers.zigbee_se.install_code import InstallCode, eui64
    from drivers.zigbee_se.key_establishment import CLUSTER

    code = InstallCode.parse(device) if "$I:" in device or "|" in device else _install_code()
    address = code.eui64 or eui64(device)

    async def do(network: Pan) -> None:
        happened: list[Any] = []
        network.on_happened = happened.append
        await network.permit(address, code, seconds)
        click.echo(f"the network is open for {address.hex()} for {seconds} s; start the device's joining", err=True)
        found = await network.joined(address, seconds)
        wants_key = bool(found.having(CLUSTER) or found.asking(CLUSTER))
        deadline = asyncio.get_running_loop().time() + _KEY_S
        while wants_key and address not in network.established:
            failed = [one.why for one in happened if one.what == "key failed" and one.device == address]
            if failed:
                raise NoAnswer(f"joined, but without a link key: {failed[-1]}", where=url, do="see docs/zigbee.md")
            if asyncio.get_running_loop().time() > deadline:
                raise NoAnswer("joined, but it did not begin key establishment", where=url, do="see docs/zigbee.md")
            await asyncio.sleep(0.1)
        await network.close_door()
        _say({"type": "joined", "eui64": address.hex(), "model": found.model, "link_key": wants_key})

    _run(url, keys, do)


@pan.command()
@click.argument("url")
@click.argument("device", required=False)
@click.option("--timeout", type=click.FloatRange(min=0.1), metavar="S", help="Give up on an answer after S seconds.")
@click.option("--zone", metavar="NAME", help="Zone of the meters' days.")
@_KEYS
@output_options
def read(
    url: str, device: str | None, timeout: float | None, zone: str | None, keys: Path | None, printing: Printing
) -> None:
    """Read every meter of the network, or those of one DEVICE (EUI64), once."""
    from drivers.registry import open_driver
    from gateway.cli.collecting import collect

    address = _with(url, f"device={device}") if device else url
    context = surroundings("zigbee", map_name=None, keys=keys, zone=zone, timeout=timeout)

    async def records() -> Any:
        async with open_driver(address, context) as driver:
            async for record in driver.registers():  # type: ignore[attr-defined]
                yield record

    sys.exit(printing.print(collect(records(), f"reading {url}"), f"reading {url}"))


@pan.command()
@click.argument("url")
@click.argument("amount")
@click.option("--currency", type=int, required=True, help="ISO 4217 number: 978 EUR, 826 GBP, 840 USD.")
@click.option("--label", default="", help="Rate label, at most 12 octets.")
@click.option("--minutes", type=click.IntRange(1, 65534), help="Default: until the next.")
@click.option("--device", help="EUI64; default: every device that takes prices.")
def price(url: str, amount: str, currency: int, label: str, minutes: int | None, device: str | None) -> None:
    """Publish a price per kWh, from now on."""
    from drivers.zigbee_se.instructions import Price

    try:
        value = Decimal(amount)
    except InvalidOperation:
        raise UsageError(f"{amount!r} is no price", do="write it with a point: 0.2431") from None

    def make(number: int) -> Instruction:
        return Price(issuer_event_id=number, price=value, currency=currency, rate_label=label, duration_min=minutes)

    _tell(url, device, make)


@pan.command()
@click.argument("url")
@click.argument("text")
@click.option("--urgency", type=click.Choice(["low", "medium", "high", "critical"]), default="low", show_default=True)
@click.option("--confirm", is_flag=True, help="Ask the person who reads it to confirm.")
@click.option("--minutes", type=click.IntRange(1, 65534), help="Default: until the next.")
@click.option("--device", help="EUI64; default: every device that shows texts.")
@click.option("--wait", type=click.IntRange(0, 3600), default=0, metavar="S", help="Wait for the confirmation.")
def message(
    url: str, text: str, urgency: str, confirm: bool, minutes: int | None, device: str | None, wait: int
) -> None:
    """Show a text on the displays; with --confirm and --wait, until it is confirmed."""
    from drivers.zigbee_se.instructions import Message

    level = ["low", "medium", "high", "critical"].index(urgency)

    def make(number: int) -> Instruction:
        return Message(issuer_event_id=number, text=text, urgency=level, confirm=confirm, duration_min=minutes)

    _tell(url, device, make, wait)


def _tell(url: str, device: str | None, make: Callable[[int], Instruction], wait_s: int = 0) -> None:
    """Tell one device, or all that take it; with ``wait_s``, print what they answer meanwhile."""
    from drivers.zigbee_se.install_code import eui64

    only = eui64(device) if device else None

    async def do(network: Pan) -> None:
        from drivers.zigbee_se.driver import settled

        answered = asyncio.Event()

        def event(one: Any) -> None:
            _say({"type": "event", "meter": one.meter, "log": one.log, "code": one.code, "details": dict(one.details)})
            answered.set()

        network.on_event = event
        await settled(network)
        instruction = make(network.next_event_id())
        targets = [one for one in network.devices() if one.asking(instruction.cluster)]
        if only is not None:
            targets = [network.device(only)]
        if not targets:
            raise NoAnswer(f"no device of this network takes a {instruction.command}", where=url)
        fields = network.remember(instruction)
        failed: list[MeterError] = []
        for one in targets:
            try:
                await network.tell(one.eui64, instruction, fields=fields)
                _say({"type": "told", "eui64": one.eui64.hex(), "what": instruction.command})
            except MeterError as error:
                failed.append(error)
                click.echo(f"metergate: {one.eui64.hex()}: {error}", err=True)
        if len(failed) == len(targets):
            raise failed[0]
        if wait_s:
            try:
                await asyncio.wait_for(answered.wait(), wait_s)
            except TimeoutError:
                raise NoAnswer(f"not confirmed within {wait_s} s", where=url) from None

    _run(url, None, do)


async def _status(network: Pan) -> None:
    _say({"type": "pan", **network.status()})


def _install_code() -> InstallCode:
    """Asked for on a terminal, else a line of standard input."""
    from drivers.zigbee_se.install_code import InstallCode

    asks = sys.stdin.isatty()
    return InstallCode.parse(click.prompt("install code", hide_input=True, err=True) if asks else sys.stdin.readline())


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

    try:
        asyncio.run(run())
    except MeterError as error:
        click.echo(f"metergate: {error}", err=True)
        sys.exit(exit_codes.of(error))


def _with(url: str, parameters: str) -> str:
    return f"{url}{'&' if '?' in url else '?'}{parameters}"


def _clusters(endpoints: dict[int, tuple[int, ...]]) -> dict[str, list[str]]:
    return {str(number): [f"{cluster:04x}" for cluster in clusters] for number, clusters in endpoints.items()}


def _say(line: dict[str, Any]) -> None:
    click.echo(json.dumps(line, separators=(",", ":")))
