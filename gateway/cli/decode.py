"""``metergate decode FILE``: the same as ``read``, from captured bytes."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from drivers.driver import Context
from drivers.errors import MeterError, UsageError
from drivers.reading import Record
from gateway.cli.options import output_options, reading_options, surroundings
from gateway.cli.printing import Printing


@click.command()
@click.argument("file", default="-")
@click.option("--as", "kind", default="auto", metavar="KIND", help="What the bytes are; auto looks for itself.")
@reading_options
@output_options
def decode(file: str, kind: str, map_name: str | None, keys: Path | None, zone: str | None, printing: Printing) -> None:
    """Read captured bytes, with no port.

    FILE holds raw bytes or a trace of `metergate read --trace`; - is standard input.
    """
    context = surroundings(kind, map_name=map_name, keys=keys, zone=zone)
    sys.exit(printing.print(collect(file, kind, context), f"decoding {file}"))


def collect(file: str, kind: str, context: Context) -> tuple[list[Record], MeterError | None]:
    """What the bytes hold, and the error that ended it early, if one did."""
    from drivers.registry import decoder

    found: list[Record] = []
    try:
        data = _bytes(file)
        source = "stdin" if file == "-" else file
        found.extend(decoder(kind, data).decode(data, source, context))
    except MeterError as error:
        return found, error.at(file)
    return found, None


def _bytes(file: str) -> bytes:
    from drivers.link.trace import is_trace, received

    if file == "-":
        return sys.stdin.buffer.read()
    path = Path(file)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UsageError(f"cannot be read ({error.strerror})", where=file) from error
    return received(path) if is_trace(data) else data
