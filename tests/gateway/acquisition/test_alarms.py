"""Voltage outside its band and distortion: told once when it begins and once when it is over; a trembling value is told once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from drivers.reading import Doubt, Meter, Obis, Reading
from gateway.acquisition.alarms import can_alarm
from gateway.acquisition.dispatch import Dispatch, Origin
from gateway.acquisition.validation import Limit
from gateway.cim.obis_rules import Rules
from gateway.messages import codec
from gateway.store.outbox import Outbox
from gateway.store.store import Store, open_store

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
METER = Meter("EMH", "4711")
L1, DISTORTION, ENERGY = Obis.parse("1-0:32.7.0"), Obis.parse("1-0:52.7.124"), Obis.parse("1-0:1.8.0")
LIMITS = {
    L1: Limit(alarm_below=Decimal(207), alarm_above=Decimal(253), hysteresis=Decimal(2)),
    DISTORTION: Limit(alarm_above=Decimal(8), hysteresis=Decimal("0.5")),
    ENERGY: Limit(stuck_after=timedelta(hours=1)),
}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened, _ = open_store(tmp_path / "store.sqlite")
    yield opened
    opened.close()


async def told(
    store: Store, values: list[str], obis: Obis, unit: str, doubts: tuple[Doubt, ...] = ()
) -> list[list[Any]]:
    """The events of each read, one after the other, each with a gateway begun anew."""
    found = []
    for number, value in enumerate(values):
        dispatch = Dispatch(store, ["mdm"], Rules.load(), "bench")
        at = AT + timedelta(minutes=15 * number)
        reading = Reading(METER.key, obis, "", Decimal(value), unit, at, time=at, doubts=doubts)
        await dispatch.accept([METER, reading], at, Origin("main", limits=LIMITS))
        outbox = Outbox(store)
        waiting = outbox.next("mdm", 100).result()
        outbox.delivered([message.number for message in waiting]).result()
        payloads = [codec.read(message.body).message.payload.content[0] for message in waiting]
        found.append([one for payload in payloads for one in getattr(payload, "end_device_event", ())])
    return found


def types(events: list[list[Any]]) -> list[list[str]]:
    return [[one.end_device_event_type for one in each] for each in events]


async def test_a_voltage_that_falls_and_comes_back(store: Store) -> None:
    found = await told(store, ["230", "206.9", "205", "207.5", "208.9", "209", "230"], L1, "V")
    assert types(found) == [[], ["3.26.38.150"], [], [], [], ["3.26.38.292"], []]
    details = {one.name: one.value for one in found[1][0].end_device_event_details}
    assert (details["of"], details["value"], details["unit"]) == ("L1", "206.9", "V")


async def test_from_too_high_to_too_low_is_both(store: Store) -> None:
    found = await told(store, ["254", "200", "230"], L1, "V")
    assert [sorted(one) for one in types(found)] == [["3.26.38.93"], ["3.26.38.150", "3.26.38.293"], ["3.26.38.292"]]


async def test_distortion(store: Store) -> None:
    assert types(await told(store, ["7.9", "8.1", "7.6", "7.5"], DISTORTION, "%")) == [
        [],
        ["3.26.28.69"],
        [],
        ["3.26.28.71"],
    ]


async def test_a_value_in_doubt_says_nothing(store: Store) -> None:
    assert types(await told(store, ["150"], L1, "V", (Doubt.SUSPECT,))) == [[]]


async def test_a_counter_that_stands_is_said(store: Store) -> None:
    found = await told(store, ["100"] * 6 + ["101"], ENERGY, "kWh")
    assert types(found) == [[], [], [], [], [], ["3.21.67.79"], []]


@pytest.mark.parametrize(("obis", "can"), [("1-0:32.7.0", True), ("1-0:12.7.124", True), ("1-0:1.8.0", False), ("0-0:32.7.0", False), ("1-0:31.7.0", False)])  # fmt: skip
def test_what_there_are_events_for(obis: str, can: bool) -> None:
    assert can_alarm(Obis.parse(obis)) is can
