"""An outage and a tamper of twenty meters are one message each, durable before anyone is told that it is taken."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from drivers.reading import Meter, MeterEvent, Obis, Reading, Record
from gateway.acquisition.dispatch import Dispatch, Origin
from gateway.cim.obis_rules import Rules
from gateway.messages import codec
from gateway.store.outbox import Outbox
from gateway.store.store import Store, open_store

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened, _ = open_store(tmp_path / "store.sqlite")
    yield opened
    opened.close()


@pytest.fixture
def dispatch(store: Store) -> Dispatch:
    return Dispatch(store, ["mdm"], Rules.load(), "bench")


def happened(number: int, code: str, at: datetime = AT) -> list[Record]:
    meter = Meter("EMH", f"4711{number:04}")
    return [meter, MeterEvent(meter.key, at, "0-0:99.98.0", code, at, "dlms.idis")]


def waiting(store: Store) -> list[bytes]:
    return [message.body for message in Outbox(store).next("mdm", 100).result()]


def events(body: bytes) -> list[Any]:
    (payload,) = codec.read(body).message.payload.content
    return list(payload.end_device_event)


@pytest.mark.parametrize(("code", "event_type"), [("1", "3.26.0.85"), ("2", "3.26.0.216"), ("40", "3.12.29.212")])
async def test_twenty_meters_are_one_message(
    store: Store, dispatch: Dispatch, oracle: Callable[[str], etree.XMLSchema], code: str, event_type: str
) -> None:
    accepted = await asyncio.gather(
        *(dispatch.accept(happened(number, code), AT, Origin(f"place-{number}")) for number in range(20))
    )
    assert sum(one.messages for one in accepted) == 1
    (body,) = waiting(store)
    found = events(body)
    assert {one.end_device_event_type for one in found} == {event_type}
    assert len({name.name for one in found for name in one.assets.names if name.name.startswith("4711")}) == 20
    root = etree.fromstring(body)
    oracle("Message").assertValid(root)
    oracle("EndDeviceEvents").assertValid(root.find("{*}Payload")[0])


async def test_nobody_is_told_before_it_is_on_the_disk(store: Store, dispatch: Dispatch) -> None:
    task = asyncio.create_task(dispatch.accept(happened(1, "1"), AT, Origin("place-1")))
    await asyncio.sleep(0.2)
    assert not task.done()
    assert waiting(store) == []
    await task
    assert len(waiting(store)) == 1


async def test_the_same_place_twice_is_two_messages_and_no_event_twice(store: Store, dispatch: Dispatch) -> None:
    twice = [dispatch.accept(happened(1, "1", AT + timedelta(seconds=late)), AT, Origin("p")) for late in (0, 0, 1)]
    await asyncio.gather(*twice)
    found = [one.mrid for body in waiting(store) for one in events(body)]
    assert len(found) == len(set(found)) == 2


async def test_readings_and_old_entries_of_logs_wait_for_nobody(store: Store, dispatch: Dispatch) -> None:
    meter = Meter("EMH", "1")
    value = Reading(meter.key, Obis.parse("1-0:1.8.0"), "", Decimal(1), "kWh", AT, time=AT)
    async with asyncio.timeout(1.5):
        await dispatch.accept([meter, value], AT, Origin("a"))
        await dispatch.accept(happened(2, "1", AT - timedelta(hours=3)), AT, Origin("b"))
    assert len(waiting(store)) == 2


async def test_a_store_that_takes_nothing_is_said_to_all(store: Store, dispatch: Dispatch) -> None:
    store.close()
    results = await asyncio.gather(
        *(dispatch.accept(happened(number, "1"), AT, Origin(f"p-{number}")) for number in range(3)),
        return_exceptions=True,
    )
    assert len({type(one).__name__ for one in results}) == 1
    assert all(isinstance(one, Exception) for one in results)
