"""From the outbox to a sink: in order, at least once, the same bytes at every try, and never faster than it can take.

One task a sink. A sink that is down holds up only its own queue. A message leaves the outbox after the sink said so,
so a crash in between sends it again under the same MessageID.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass

from gateway.backoff import Backoff
from gateway.sinks.sink import Delivered, Refused, Retry, Sink
from gateway.store.errors import StoreError
from gateway.store.outbox import Outbox, Waiting


@dataclass(slots=True)
class Counts:
    """What happened at one sink since the start, and what it says now."""

    delivered: int = 0
    retried: int = 0
    refused: int = 0
    trouble: str = ""


class Delivery:
    """Empties one queue of the outbox into its sink. ``wake`` is called when something was accepted."""

    def __init__(
        self,
        outbox: Outbox,
        sink: Sink,
        *,
        batch: int = 50,
        backoff: Backoff | None = None,
        on_state: Callable[[str, str], None] = lambda sink, trouble: None,
        look_every_s: float = 60.0,
    ) -> None:
        self._outbox = outbox
        self._sink = sink
        # Taken at a time: bounds memory after a long outage, and what a crash sends again.
        self._batch = batch
        self._backoff = backoff or Backoff()
        self._on_state = on_state
        self._look_every_s = look_every_s
        self._work = asyncio.Event()
        # Delivered, and not struck off yet.
        self._delivered: list[int] = []
        self._store_backoff = Backoff(self._backoff.first, self._backoff.most)
        self._store_fails = False
        self.counts = Counts()

    def wake(self) -> None:
        """Something waits. Safe to call at any time from the loop's thread."""
        self._work.set()

    async def run(self) -> None:
        """Deliver until cancelled."""
        async with self._sink:
            try:
                while True:
                    if (pause := await self._round()) is not None:
                        await asyncio.sleep(pause)
            finally:
                # What the sink has must not be sent again only because we stop.
                with contextlib.suppress(StoreError):
                    await asyncio.shield(self._strike_off())

    async def _round(self) -> float | None:
        """Take what waits and deliver it, or wait for some. Returns how long to pause before the next."""
        self._work.clear()
        pause = None
        try:
            await self._strike_off()
            messages = await asyncio.wrap_future(self._outbox.next(self._sink.name, self._batch))
            if messages:
                pause = await self._some(messages)
                await self._strike_off()
        except StoreError as error:
            # The disk is full, say. What the sink has is struck off when there is room, and not sent again meanwhile.
            self._say(f"the store: {error}")
            self._store_fails = True
            return self._store_backoff.next()
        if self._store_fails:
            self._store_fails = False
            self._store_backoff.reset()
            self._say("")
        if not messages:
            await self._wait_for_work()
        return pause

    async def _wait_for_work(self) -> None:
        # The look at intervals is for what another process put there (metergate replay).
        try:
            async with asyncio.timeout(self._look_every_s):
                await self._work.wait()
        except TimeoutError:
            pass

    async def _some(self, messages: list[Waiting]) -> float | None:
        """Deliver in order. Returns how long to pause when one must be tried again."""
        for message in messages:
            outcome = await self._sink.deliver(message)
            if isinstance(outcome, Retry):
                return await self._again(message, outcome)
            self._backoff.reset()
            self._say("")
            if isinstance(outcome, Delivered):
                self.counts.delivered += 1
                self._delivered.append(message.number)
            elif isinstance(outcome, Refused):
                await asyncio.wrap_future(self._outbox.refuse(message.number, outcome.why))
                self.counts.refused += 1
        return None

    async def _strike_off(self) -> None:
        """Take what was delivered out of the outbox. Raises StoreError, and then it is still to be done."""
        if numbers := list(self._delivered):
            await asyncio.wrap_future(self._outbox.delivered(numbers))
            del self._delivered[: len(numbers)]

    async def _again(self, message: Waiting, outcome: Retry) -> float:
        self.counts.retried += 1
        self._say(outcome.why)
        await asyncio.wrap_future(self._outbox.tried([message.number]))
        pause = self._backoff.next()
        return pause if outcome.after_s is None else max(pause, outcome.after_s)

    def _say(self, trouble: str) -> None:
        """Tell a change of state once; repeats are counted only."""
        if trouble != self.counts.trouble:
            self.counts.trouble = trouble
            self._on_state(self._sink.name, trouble)
