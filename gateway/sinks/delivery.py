"""From the outbox to a sink: in order, at least once, the same bytes at every try, and never faster than it can take.

One task a sink. A sink that is down holds up only its own queue. A message leaves the outbox after the sink said so,
so a crash in between sends it again under the same MessageID.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from gateway.backoff import Backoff
from gateway.sinks.sink import Delivered, Outcome, Refused, Retry, Sink
from gateway.store.outbox import Outbox, Waiting

#: Messages taken from the outbox at a time: bounds memory after a long outage.
_AT_A_TIME = 50


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
        backoff: Backoff | None = None,
        on_state: Callable[[str, str], None] = lambda sink, trouble: None,
        look_every_s: float = 60.0,
    ) -> None:
        self._outbox = outbox
        self._sink = sink
        self._backoff = backoff or Backoff()
        self._on_state = on_state
        self._look_every_s = look_every_s
        self._work = asyncio.Event()
        self.counts = Counts()

    def wake(self) -> None:
        """Something waits. Safe to call at any time from the loop's thread."""
        self._work.set()

    async def run(self) -> None:
        """Deliver until cancelled."""
        async with self._sink:
            while True:
                self._work.clear()
                messages = await asyncio.wrap_future(self._outbox.next(self._sink.name, _AT_A_TIME))
                if not messages:
                    await self._wait_for_work()
                elif (pause := await self._some(messages)) is not None:
                    await asyncio.sleep(pause)

    async def _wait_for_work(self) -> None:
        # The look at intervals is for what another process put there (metergate replay).
        try:
            async with asyncio.timeout(self._look_every_s):
                await self._work.wait()
        except TimeoutError:
            pass

    async def _some(self, messages: list[Waiting]) -> float | None:
        """Deliver in order. Returns how long to pause when one must be tried again."""
        delivered: list[int] = []
        pause = None
        try:
            for message in messages:
                outcome = await self._sink.deliver(message)
                if isinstance(outcome, Retry):
                    pause = await self._again(message, outcome)
                    break
                await self._settled(message, outcome, delivered)
        finally:
            # Also when cancelled: what the sink has must not be sent again only because we stop.
            if delivered:
                await asyncio.shield(asyncio.wrap_future(self._outbox.delivered(delivered)))
        return pause

    async def _settled(self, message: Waiting, outcome: Outcome, delivered: list[int]) -> None:
        self._backoff.reset()
        self._say("")
        if isinstance(outcome, Delivered):
            self.counts.delivered += 1
            delivered.append(message.number)
        elif isinstance(outcome, Refused):
            self.counts.refused += 1
            await asyncio.wrap_future(self._outbox.refuse(message.number, outcome.why))

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
