"""From what was read to the outbox: records become messages, and a message is accepted when it is on the disk."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from drivers.reading import NotUnderstood, Record
from gateway.cim.obis_rules import Rules
from gateway.messages.codec import to_bytes
from gateway.messages.compose import MeterFacts, meter_readings
from gateway.messages.compose_events import end_device_events
from gateway.messages.exchange import event
from gateway.store.outbox import MessageClass, Outbox


@dataclass(frozen=True, slots=True)
class Accepted:
    """How many messages are in the outbox now because of it, and what could not be said in one."""

    messages: int
    left_out: tuple[NotUnderstood, ...]


class Dispatch:
    """Puts what was read into the outbox for every sink. ``wake`` is called when something is there."""

    def __init__(
        self, outbox: Outbox, sinks: Sequence[str], rules: Rules, source: str, wake: Callable[[], None] = lambda: None
    ) -> None:
        self._outbox = outbox
        self._sinks = tuple(sinks)
        self._rules = rules
        self._source = source
        self._wake = wake

    async def accept(
        self,
        records: Sequence[Record],
        at: datetime,
        *,
        facts: Mapping[str, MeterFacts] | None = None,
        correlation_id: str | None = None,
    ) -> Accepted:
        """Make the messages of one read and wait until they are on the disk. Raises StoreError."""
        composed = meter_readings(records, self._rules, facts=facts)
        told = end_device_events(records)
        messages = 0
        if tuple(composed.message.meter_reading):
            messages += await self._put(composed.message, MessageClass.TELEMETRY, at, correlation_id)
        if told.message.end_device_event:
            messages += await self._put(told.message, MessageClass.EVENT, at, correlation_id)
        if messages:
            self._wake()
        return Accepted(messages, (*composed.left_out, *told.left_out))

    async def _put(self, payload: object, kind: MessageClass, at: datetime, correlation_id: str | None) -> int:
        message = event(payload, at=at, source=self._source, correlation_id=correlation_id)
        message_id = message.header.message_id
        assert message_id is not None  # noqa: S101 - event() names every message
        taken = self._outbox.accept(self._sinks, message_id, kind, to_bytes(message), at)
        return await asyncio.wrap_future(taken)
