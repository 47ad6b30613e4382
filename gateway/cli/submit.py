"""``metergate submit``: what a person read goes the same way as what the gateway reads itself."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import click

from drivers.errors import UsageError
from drivers.reading import Doubt, Meter, Obis, Reading, Record
from gateway.cli.configured import config_option

if TYPE_CHECKING:
    from gateway.config.model import Config, MeterTable

_DIAL = re.compile(r"([^=]+)=([0-9]{1,30}(?:\.[0-9]{1,30})?)\*(\S+)\Z")


@click.command()
@config_option
@click.argument("readings", default="-", metavar="[FILE|-]")
@click.option("--place", required=True, metavar="NAME", help="The meter's name in the configuration.")
@click.option("--reader", required=True, metavar="NAME", help="Who read it: it is said in the message.")
@click.option("--reason", default="inquiry", show_default=True, metavar="KIND", help="Why: a ReadingReasonKind.")
@click.option("--dial", "dials", multiple=True, metavar="OBIS=VALUE*UNIT", help="A value typed in from a dial.")
@click.option("--at", metavar="TIME", help="When the dial was read, ISO 8601. Default: now.")
def submit(
    file: Path, readings: str, place: str, reader: str, reason: str, dials: tuple[str, ...], at: str | None
) -> None:
    """Submit readings that a person took: validated, stored and delivered as the gateway's own.

    FILE holds the JSON lines of `metergate read` or `decode`, from a probe or from a round; - is standard input. With --dial
    nothing is read from there. A gateway that runs on the same store delivers them.
    """
    from gateway.cli.submitting import hand_in, meter_at
    from gateway.config.load import load
    from gateway.json_records import parse

    configured = load(file)
    meter = meter_at(configured.config, place)
    if dials:
        records = _typed(meter, dials, at, configured.config)
    elif readings == "-":
        records = parse(sys.stdin, "stdin")
    else:
        try:
            records = parse(Path(readings).read_text().splitlines(), readings)
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"cannot be read ({error})", where=readings) from error
    if not any(isinstance(record, Meter) for record in records):
        raise UsageError("no line says which meter was read", do="submit what `metergate read` printed, whole")
    hand_in(configured, meter, records, reader, reason)


def _typed(meter: MeterTable, dials: Sequence[str], at: str | None, config: Config) -> list[Record]:
    """Values from a dial: the serial number is the configuration's, the time the reader's."""
    from gateway.cli.times import moment

    read_at = moment("--at", at, meter.zone or config.gateway.zone) or datetime.now(UTC)
    who = Meter(serial=meter.serial or meter.name, source="a person")
    found: list[Record] = [who]
    for dial in dials:
        match = _DIAL.match(dial)
        try:
            if match is None:
                raise ValueError(f"{dial!r} is not OBIS=VALUE*UNIT")
            obis = Obis.parse(match[1])
        except ValueError as error:
            raise UsageError(f"--dial: {error}", do="write e.g. --dial 1-0:1.8.0=12345.6*kWh") from None
        found.append(
            Reading(
                who.key,
                obis,
                dial,
                Decimal(match[2]),
                match[3],
                read_at,
                read_at,
                doubts=(Doubt.MANUAL,),
                checked=False,
            )
        )
    return found
