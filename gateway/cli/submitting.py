"""What a person read goes into the store: validated, kept and told as the gateway's own, with its reason and reader said."""

from __future__ import annotations

import asyncio
import difflib
from collections.abc import Sequence
from datetime import UTC, datetime

import click

from drivers.errors import UsageError
from drivers.reading import Record
from gateway.acquisition.dispatch import Accepted, Dispatch, Origin
from gateway.cim.obis_rules import Rules
from gateway.config.load import Configured, state_of
from gateway.config.model import Config, MeterTable
from gateway.messages.compose import MeterFacts
from gateway.messages.profiles.kinds import ReadingReasonKind
from gateway.messages.profiles.parts import Identified
from gateway.store.store import open_store


def meter_at(config: Config, place: str) -> MeterTable:
    """The meter of that name. Raises UsageError with the nearest."""
    for meter in config.meter:
        if meter.name == place:
            return meter
    near = difflib.get_close_matches(place, [meter.name for meter in config.meter], 1)
    raise UsageError(
        f"no meter is called {place!r}", do=f"did you mean {near[0]!r}?" if near else "see the configuration"
    )


def reason_of(text: str) -> ReadingReasonKind:
    """Raises UsageError for what is no reason."""
    try:
        return ReadingReasonKind(text)
    except ValueError:
        raise UsageError(f"no reason {text!r}", do=f"one of {', '.join(ReadingReasonKind)}") from None


def hand_in(configured: Configured, meter: MeterTable, records: Sequence[Record], reader: str, reason: str) -> None:
    """Submit, and say on stderr what came of it. Raises UsageError, StoreError."""
    accepted = asyncio.run(_accept(configured, meter, records, reader, reason_of(reason)))
    for one in accepted.left_out:
        click.echo(f"not in the message: {one.obis or ''} {one.raw} ({one.reason})", err=True)
    click.echo(f"{accepted.messages} messages are in the outbox", err=True)


async def _accept(
    configured: Configured, meter: MeterTable, records: Sequence[Record], reader: str, reason: ReadingReasonKind
) -> Accepted:
    config, file = configured.config, state_of(configured)
    usage_point = Identified(mrid=meter.usage_point) if meter.usage_point else None
    file.parent.mkdir(parents=True, exist_ok=True)
    store, _ = open_store(file)
    try:
        sinks = [sink.name for sink in config.sink]
        dispatch = Dispatch(store, sinks, Rules.load(config.gateway.dialect), config.gateway.name)
        origin = Origin(
            meter.name,
            meter.serial,
            MeterFacts(usage_point=usage_point),
            {one.obis: one.limit() for one in meter.limit},
            reason=reason,
            source=f"read by {reader}",
        )
        return await dispatch.accept(records, datetime.now(UTC), origin)
    finally:
        store.close()
