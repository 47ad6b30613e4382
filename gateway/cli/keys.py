"""``metergate keys``: the secrets of meters, in a file that only its owner can read. No verb ever shows one."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import click

from drivers.errors import MeterError, NotSupported, UsageError
from drivers.meter_url import parse
from gateway.cli import exit_codes

_FILE = click.Path(dir_okay=False, path_type=Path)
#: What is asked of a meter's secrets: names behind the slash, and what they are.
WHICH = {
    "lls": "password of low level security",
    "hls": "secret of high level security",
    "ek": "global unicast encryption key",
    "ak": "authentication key",
    "master": "master key (KEK)",
    "sign": "our private key for signatures",
    "verify": "the meter's public key for signatures",
    "agree": "our private key for key agreement",
    "agree_meter": "the meter's public key for key agreement",
    "cs1-certificate": "Zigbee SE certificate of a stick, suite 1",
    "cs1-private": "Zigbee SE private key of a stick, suite 1",
    "cs1-authority": "Zigbee SE public key of the certificate authority, suite 1",
    "cs2-certificate": "Zigbee SE certificate of a stick, suite 2",
    "cs2-private": "Zigbee SE private key of a stick, suite 2",
    "cs2-authority": "Zigbee SE public key of the certificate authority, suite 2",
}


@click.group()
def keys() -> None:
    """Secrets of meters: <meter>/<which> = hex:... or text:...; `default` stands for every meter without its own."""


@keys.command("list")
@click.argument("file", type=_FILE)
def list_(file: Path) -> None:
    """Print the names in a key file, and what each is; never a secret."""
    from gateway.keys import load

    for name in load(file).names():
        click.echo(f"{name}\t{WHICH.get(name.rpartition('/')[2], 'not used by any driver')}")


@keys.command("set")
@click.argument("file", type=_FILE)
@click.argument("name")
def set_(file: Path, name: str) -> None:
    """Put the secret NAME (such as MGT-12345678/ek) into a key file; it is asked for, or read from standard input.

    The file is made with mode 0600. The secret is written hex:0011... or text:...; bare hexadecimal is taken as hex.
    """
    meter, _, which = name.rpartition("/")
    if not meter or which not in WHICH:
        raise UsageError(
            f"{name!r} is no name of a secret", do=f"write <meter>/<which>, which being {', '.join(WHICH)}"
        )
    given = (
        click.prompt(f"{name} ({WHICH[which]})", hide_input=True, err=True)
        if sys.stdin.isatty()
        else sys.stdin.readline().strip()
    )
    _write(file, name, _spelled(given))
    click.echo(f"metergate: {name} is set in {file}", err=True)


def _spelled(given: str) -> str:
    """The secret as the file has it. Raises UsageError, without showing it."""
    if given.startswith(("hex:", "text:")):
        return given
    try:
        if given and len(given) % 2 == 0 and len(given) >= 16:
            bytes.fromhex(given)
            return f"hex:{given}"
    except ValueError:
        pass
    raise UsageError("that is no secret as written", do="write hex:00112233... or text:...")


def _write(file: Path, name: str, secret: str) -> None:
    """Set one line, in a new file that takes the place of the old at once. Raises UsageError."""
    from gateway.keys import load

    lines: list[str] = []
    if file.exists():
        load(file)  # says what is wrong with it before anything is written
        lines = [line for line in file.read_text().splitlines() if _name_of(line) != name]
    lines.append(f'"{name}" = "{_escaped(secret)}"')
    fresh = file.with_name(f".{file.name}.new")
    try:
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as made:
            made.write("\n".join(lines) + "\n")
            made.flush()
            os.fsync(made.fileno())
        load(fresh)
        fresh.replace(file)
    except OSError as error:
        raise UsageError(f"the key file cannot be written ({error.strerror})", where=str(file)) from error
    finally:
        fresh.unlink(missing_ok=True)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _name_of(line: str) -> str:
    """The name that a line sets; empty for a comment."""
    key, equals, _ = line.partition("=")
    return key.strip().strip("\"'") if equals and not line.lstrip().startswith("#") else ""


@keys.command("test")
@click.argument("url")
@click.option("--keys", "file", type=_FILE, metavar="FILE", help="Key file (0600).")
@click.option("--timeout", type=click.FloatRange(min=0.1), metavar="S", help="Give up after S seconds.")
def test(url: str, file: Path | None, timeout: float | None) -> None:
    """Associate with the meter at URL as it says, and tell whether the keys were accepted, and if not, which is wrong."""
    from gateway.cli.options import surroundings

    context = surroundings(parse(url).scheme, map_name=None, keys=file, zone=None, timeout=timeout)

    async def associate() -> str:
        from drivers.driver import Identifies
        from drivers.registry import open_driver

        async with open_driver(url, context) as driver:
            if not isinstance(driver, Identifies):
                raise NotSupported("this driver signs on with no keys", where=url)
            return (await driver.identify()).key

    try:
        meter = asyncio.run(associate())
    except MeterError as error:
        click.echo(f"metergate: keys test {error}", err=True)
        sys.exit(exit_codes.of(error))
    click.echo(f"Meter {meter} accepts the keys")
