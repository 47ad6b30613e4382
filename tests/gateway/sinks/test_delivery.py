"""Delivery: in order, at least once, the same bytes, one trouble told once, and nothing lost when it is stopped."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import Future
from datetime import UTC, datetime
from typing import Self

import pytest

from gateway.backoff import Backoff
from gateway.sinks.delivery import Delivery
from gateway.sinks.sink import Delivered, Outcome, Refused, Retry
from gateway.store.errors import StoreFull
from gateway.store.outbox import MessageClass, Outbox, Waiting

NOON = datetime(2026, 3, 29, 12, tzinfo=UTC)


class Scripted:
    """A sink in memory that answers as told, then delivers."""

    name = "sink"

    def __init__(self, *outcomes: Outcome) -> None:
        self.outcomes = list(outcomes)
        self.got: list[tuple[str, bytes]] = []
        self.open = 0

    async def __aenter__(self) -> Self:
        self.open += 1
        return self

    async def __aexit__(self, *exc: object) -> None:
        self.open -= 1

    async def deliver(self, message: Waiting) -> Outcome:
        self.got.append((message.message_id, message.body))
        return self.outcomes.pop(0) if self.outcomes else Delivered()


async def fill(outbox: Outbox, *names: str) -> None:
    for name in names:
        await asyncio.wrap_future(outbox.accept(["sink"], name, MessageClass.TELEMETRY, name.encode(), NOON))


async def until_empty(outbox: Outbox, delivery: Delivery) -> None:
    task = asyncio.create_task(delivery.run())
    async with asyncio.timeout(10):
        while await asyncio.wrap_future(outbox.next("sink", 1)):
            await asyncio.sleep(0.005)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_in_order_and_the_trouble_told_once(outbox: Outbox) -> None:
    await fill(outbox, "a", "b", "c")
    sink = Scripted(Delivered(), Retry("down"), Retry("down"), Retry("down"))
    told: list[tuple[str, str]] = []
    delivery = Delivery(outbox, sink, backoff=Backoff(0.001, 0.002), on_state=lambda *state: told.append(state))
    await until_empty(outbox, delivery)
    assert sink.got == [("a", b"a"), *[("b", b"b")] * 4, ("c", b"c")]
    assert told == [("sink", "down"), ("sink", "")]
    assert (delivery.counts.delivered, delivery.counts.retried, sink.open) == (3, 3, 0)


async def test_a_refused_message_does_not_hold_up_the_rest(outbox: Outbox) -> None:
    await fill(outbox, "a", "b")
    await until_empty(outbox, Delivery(outbox, Scripted(Refused("400"))))
    (dead,) = await asyncio.wrap_future(outbox.dead_letters())
    assert (dead.message_id, dead.refused) == ("a", "400")


async def test_what_was_delivered_before_a_stop_is_not_sent_again(outbox: Outbox) -> None:
    await fill(outbox, "a", "b")

    class Stuck(Scripted):
        async def deliver(self, message: Waiting) -> Outcome:
            if message.message_id == "b":
                await asyncio.sleep(60)
            return await super().deliver(message)

    task = asyncio.create_task(Delivery(outbox, Stuck()).run())
    await asyncio.sleep(0.2)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert [message.message_id for message in await asyncio.wrap_future(outbox.next("sink", 9))] == ["b"]


async def test_it_wakes_for_new_work(outbox: Outbox) -> None:
    sink = Scripted()
    delivery = Delivery(outbox, sink)
    task = asyncio.create_task(delivery.run())
    await asyncio.sleep(0.05)
    await fill(outbox, "late")
    delivery.wake()
    async with asyncio.timeout(5):
        while not sink.got:
            await asyncio.sleep(0.005)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


def test_backoff_doubles_is_capped_spread_and_reset() -> None:
    backoff = Backoff(1, 60)
    waits = [backoff.next() for _ in range(5000)]
    assert all(0.5 * 2**n <= wait <= 2**n for n, wait in enumerate(waits[:6]))
    assert all(30 <= wait <= 60 for wait in waits[6:])
    assert len(set(waits[6:])) > 1000
    backoff.reset()
    assert backoff.next() <= 1


async def test_a_store_that_takes_nothing_ends_nothing_and_repeats_nothing(outbox: Outbox) -> None:
    await fill(outbox, "a", "b")
    sink, told = Scripted(), []
    delivery = Delivery(outbox, sink, backoff=Backoff(0.001, 0.002), on_state=lambda *state: told.append(state))
    strike_off, failures = outbox.delivered, 2

    def delivered(numbers: Sequence[int]) -> Future[None]:
        nonlocal failures
        if failures == 0:
            return strike_off(numbers)
        failures -= 1
        failed: Future[None] = Future()
        failed.set_exception(StoreFull("the disk takes nothing more"))
        return failed

    outbox.delivered = delivered  # type: ignore[method-assign]
    task = asyncio.create_task(delivery.run())
    async with asyncio.timeout(30):
        while len(told) < 2:
            await asyncio.sleep(0.005)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await asyncio.wrap_future(outbox.next("sink", 9)) == []
    assert [name for name, _ in sink.got] == ["a", "b"]
    assert told == [("sink", "the store: the disk takes nothing more"), ("sink", "")]
