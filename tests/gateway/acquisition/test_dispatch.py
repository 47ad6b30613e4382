"""What is read goes through once: kept, judged and told in one commit, and nothing is told twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from drivers.reading import Column, Meter, MeterEvent, Obis, Reading, Record, Row, Series
from gateway.acquisition.conditions import observed
from gateway.acquisition.dispatch import Dispatch, Origin
from gateway.cim.obis_rules import Rules
from gateway.messages import codec
from gateway.store.outbox import Outbox
from gateway.store.store import Store, open_store

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
METER = Meter("EMH", "40817733")
ENERGY = Obis.parse("1-0:1.8.0")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened, _ = open_store(tmp_path / "store.sqlite")
    yield opened
    opened.close()


@pytest.fixture
def dispatch(store: Store) -> Dispatch:
    return Dispatch(store, ["mdm"], Rules.load(), "bench")


def energy(value: str, at: datetime, meter: Meter = METER) -> list[Record]:
    return [meter, Reading(meter.key, ENERGY, "", Decimal(value), "kWh", at, time=at)]


def sent(store: Store) -> list[Any]:
    """The payloads in the outbox, in order; taken out of it."""
    outbox = Outbox(store)
    waiting = outbox.next("mdm", 100).result()
    outbox.delivered([message.number for message in waiting]).result()
    return [codec.read(message.body).message.payload.content[0] for message in waiting]


def qualities(payload: Any) -> list[list[str]]:
    return [
        [quality.reading_quality_type for quality in one.reading_qualities]
        for meter in payload.meter_reading
        for one in meter.readings
    ]


async def test_a_counter_that_falls_is_kept_marked_and_told(
    store: Store, dispatch: Dispatch, oracle: Callable[[str], etree.XMLSchema]
) -> None:
    await dispatch.accept(energy("100", AT), AT, Origin("main"))
    await dispatch.accept(energy("3", AT + timedelta(hours=1)), AT + timedelta(hours=1), Origin("main"))
    await dispatch.accept(energy("101", AT + timedelta(hours=2)), AT + timedelta(hours=2), Origin("main"))
    first, fallen, event, last = sent(store)
    assert qualities(first) == [[]]
    assert qualities(fallen) == [["2.5.258"]]
    assert qualities(last) == [[]], "compared with the last that nobody doubted"
    (told,) = event.end_device_event
    assert told.end_device_event_type == "3.21.67.79"
    assert {"value": "3", "obis": "1-0:1.8.0*255"}.items() <= {
        d.name: d.value for d in told.end_device_event_details
    }.items()
    oracle("EndDeviceEvents").assertValid(etree.fromstring(codec.to_bytes(event)))


async def test_an_event_of_a_log_that_is_read_again_is_told_once(store: Store, dispatch: Dispatch) -> None:
    log = [
        METER,
        *(MeterEvent(METER.key, AT + timedelta(minutes=n), "0-0:99.98.0*255", "3", AT, "dlms") for n in range(3)),
    ]
    await dispatch.accept(log[:3], AT, Origin("main"))
    await dispatch.accept(log, AT, Origin("main"))
    await Dispatch(store, ["mdm"], Rules.load(), "bench").accept(log, AT, Origin("main"))
    counts = [len(payload.end_device_event) for payload in sent(store)]
    assert counts == [2, 1]


async def test_a_state_that_lasts_is_told_at_its_edges(store: Store, dispatch: Dispatch) -> None:
    for number, stands in enumerate((True, True, False, False, True)):
        at = AT + timedelta(hours=number)
        await dispatch.accept([METER, observed(METER.key, "meter silent", stands, at)], at, Origin("main"))
    assert len(sent(store)) == 3


async def test_intervals_that_are_here_are_not_told_again_and_changed_ones_are(
    store: Store, dispatch: Dispatch
) -> None:
    def series(*values: str) -> list[Record]:
        rows = tuple(Row(AT + timedelta(minutes=15 * n), (Decimal(value),)) for n, value in enumerate(values))
        columns = (Column(Obis.parse("1-0:1.29.0"), "kWh"),)
        return [METER, Series(METER.key, Obis.parse("1-0:99.1.0"), 900, columns, rows, AT)]

    await dispatch.accept(series("1", "2"), AT, Origin("main"))
    await dispatch.accept(series("1", "2", "3"), AT, Origin("main"))
    await dispatch.accept(series("1", "5", "3"), AT, Origin("main"))
    told = [
        [
            one.value
            for meter in payload.meter_reading
            for block in meter.interval_blocks
            for one in block.interval_readings
        ]
        for payload in sent(store)
    ]
    assert told == [["1", "2"], ["3"], ["5"]]


async def test_a_meter_that_was_exchanged_is_told_once_and_is_no_fallen_counter(
    store: Store, dispatch: Dispatch
) -> None:
    other = Meter("EMH", "40817734")
    await dispatch.accept(energy("100", AT), AT, Origin("main"))
    await dispatch.accept(energy("0.1", AT + timedelta(hours=1), other), AT + timedelta(hours=1), Origin("main"))
    await dispatch.accept(energy("0.2", AT + timedelta(hours=2), other), AT + timedelta(hours=2), Origin("main"))
    _, fresh, event, last = sent(store)
    assert (qualities(fresh), qualities(last)) == ([[]], [[]])
    (told,) = event.end_device_event
    assert "40817734 answers where 40817733 was" in {d.value for d in told.end_device_event_details}


async def test_a_serial_number_that_is_not_the_configured_one_is_told(store: Store, dispatch: Dispatch) -> None:
    await dispatch.accept(energy("1", AT), AT, Origin("main", serial="99"))
    kinds = [type(payload).__name__ for payload in sent(store)]
    assert kinds == ["MeterReadings", "EndDeviceEvents"]
