"""A head end that is away for seven days, fifty meters, a read every quarter of an hour; only the time is not real."""

from __future__ import annotations

import asyncio
import os
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Self

import pytest

from drivers.reading import Meter, Obis, Reading, Record
from gateway.acquisition.dispatch import Dispatch, Origin
from gateway.backoff import Backoff
from gateway.cim.obis_rules import Rules
from gateway.sinks.delivery import Delivery
from gateway.sinks.sink import Delivered, Outcome, Retry
from gateway.store.outbox import Outbox, Quota, Waiting
from gateway.store.store import open_store

BEGIN = datetime(2026, 3, 24, tzinfo=UTC)  # with the night of the clock change in it
QUARTER = timedelta(minutes=15)
METERS = [Meter("EMH", f"{number:08}") for number in range(50)]
REGISTERS = [Obis.parse(f"1-0:{code}") for code in ("1.8.0", "32.7.0")]
UNITS = ("kWh", "V")
QUOTA = Quota(500 * 10**6, timedelta(days=60))


class HeadEnd:
    """Away until told otherwise. Of what it gets it keeps, for each meter, the count and the last time."""

    name = "mdm"

    def __init__(self) -> None:
        self.away = True
        self.asked = 0
        self.got: dict[str, int] = {}
        self.last: dict[str, str] = {}
        self.ids: set[str] = set()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None: ...

    async def deliver(self, message: Waiting) -> Outcome:
        await asyncio.sleep(0)
        self.asked += 1
        if self.away:
            return Retry("away")
        body = message.body.decode()
        serial = re.findall(r"<(?:\w+:)?name>(\d{8})<", body)[0]
        at = max(re.findall(r"<(?:\w+:)?timeStamp>([^<]+)<", body))
        assert at > self.last.get(serial, ""), f"{serial}: {at} after {self.last[serial]}"
        self.last[serial] = at
        self.got[serial] = self.got.get(serial, 0) + 1
        self.ids.add(message.message_id)
        return Delivered()


def read_of(meter: Meter, slot: int, at: datetime) -> list[Record]:
    values = (Decimal(slot) / 4 + 1000, Decimal("230.1"))
    return [
        meter,
        *(
            Reading(meter.key, obis, "", value, unit, at, time=at)
            for obis, value, unit in zip(REGISTERS, values, UNITS, strict=True)
        ),
    ]


def resident() -> int:
    """Bytes of memory that this process holds now."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.parametrize(
    ("days", "meters"), [(0.25, 5), pytest.param(7, 50, marks=[pytest.mark.slow, pytest.mark.timeout(900)])]
)
async def test_drains_completely_in_order_with_memory_bounded(tmp_path: Path, days: float, meters: int) -> None:
    store, _ = open_store(tmp_path / "store.sqlite")
    outbox, head_end = Outbox(store), HeadEnd()
    delivery = Delivery(outbox, head_end, backoff=Backoff(0.01, 0.2))
    dispatch = Dispatch(store, ["mdm"], Rules.load(), "g", delivery.wake)
    task = asyncio.create_task(delivery.run())
    slots, before, most = int(days * 96), 0, 0
    for slot in range(slots):
        at = BEGIN + slot * QUARTER
        for meter in METERS[:meters]:
            taken = await dispatch.accept(read_of(meter, slot, at), at, Origin(meter.serial))
            assert taken.messages == 1
        assert await asyncio.wrap_future(outbox.keep_within(QUOTA, at)) == 0
        if slot == slots // 10:
            before = resident()
    most = resident()
    assert head_end.asked > 0
    assert head_end.got == {}
    head_end.away = False
    while len(head_end.ids) < slots * meters:
        most = max(most, resident())
        assert not task.done()
        await asyncio.sleep(0.05)
    while await asyncio.wrap_future(outbox.next("mdm", 1)):
        await asyncio.sleep(0.01)
    task.cancel()
    store.close()
    assert head_end.got == {meter.serial: slots for meter in METERS[:meters]}
    assert most - before < 32 * 2**20, f"{(most - before) / 2**20:.1f} MiB more"
