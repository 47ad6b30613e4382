"""``metergate submit``: what a person read goes the same way as what the gateway reads itself."""

from __future__ import annotations

import asyncio
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
    from gateway.cli.output.json_records import parse
    from gateway.config.load import load, state_of

    configured = load(file)
    meter = _meter(configured.config, place)
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
    accepted, left_out = asyncio.run(_accept(configured.config, state_of(configured), meter, records, reader, reason))
    for line in left_out:
        click.echo(line, err=True)
    click.echo(f"{accepted} messages are in the outbox", err=True)


def _meter(config: Config, place: str) -> MeterTable:
    import difflib

    for meter in config.meter:
        if meter.name == place:
            return meter
    near = difflib.get_close_matches(place, [meter.name for meter in config.meter], 1)
    raise UsageError(
        f"no meter is called {place!r}", do=f"did you mean {near[0]!r}?" if near else "see the configuration"
    )


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


async def _accept(
    config: Config, store_file: Path, meter: MeterTable, records: Sequence[Record], reader: str, reason: str
) -> tuple[int, list[str]]:
    from gateway.acquisition.dispatch import Dispatch, Origin
    from gateway.cim.obis_rules import Rules
    from gateway.messages.compose import MeterFacts
    from gateway.messages.profiles.kinds import ReadingReasonKind
    from gateway.messages.profiles.parts import Identified
    from gateway.store.store import open_store

    try:
        kind = ReadingReasonKind(reason)
    except ValueError:
        raise UsageError(f"no reason {reason!r}", do=f"one of {', '.join(ReadingReasonKind)}") from None
    usage_point = Identified(mrid=meter.usage_point) if meter.usage_point else None
    store_file.parent.mkdir(parents=True, exist_ok=True)
    store, _ = open_store(store_file)
    try:
        dispatch = Dispatch(
            store, [sink.name for sink in config.sink], Rules.load(config.gateway.dialect), config.gateway.name
        )
        origin = Origin(
            meter.name, meter.serial, MeterFacts(usage_point=usage_point), reason=kind, source=f"read by {reader}"
        )
        accepted = await dispatch.accept(records, datetime.now(UTC), origin)
    finally:
        store.close()
    return accepted.messages, [
        f"not in the message: {one.obis or ''} {one.raw} ({one.reason})" for one in accepted.left_out
    ]
