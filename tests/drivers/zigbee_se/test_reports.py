"""Meters that report are listened to, meters that cannot are polled; a status bit is an event once it changes."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import Any

import pytest

pytest.importorskip("bellows", reason="the extra zigbee is not installed")

from drivers.driver import Context
from drivers.reading import MeterEvent, Reading, Record
from drivers.zigbee_se.listening import listen
from drivers.zigbee_se.meters import meters
from tests.drivers.zigbee_se.watched import METER, interviewed, opened

WATER = bytes.fromhex("0022a30000000201")
DEMAND, STATUS, VOLUME = 0x0400, 0x0200, 0x0000


@pytest.mark.slow
async def test_what_changes_is_reported_and_what_is_not_reported_is_polled(emulated: Any, bench_keys: Any) -> None:
    house = emulated("formed")
    async with opened(house, bench_keys) as watched:
        await interviewed(watched, METER, WATER)
        found = await meters(watched.pan, Context(), "zigbee:stick")
        heard: list[Record] = []

        async def hear() -> None:
            async for record in listen(watched.pan, found, Context(), poll_s=1.0):
                heard.append(record)

        task = asyncio.create_task(hear())

        def values(obis: str) -> list[Decimal]:
            return [one.value for one in heard if isinstance(one, Reading) and str(one.obis) == obis]

        await watched.until(lambda: values("8-0:1.0.0*255"))
        await house.do("set", "meter", endpoint=1, attribute=DEMAND, value=4321)
        await watched.until(lambda: values("1-0:16.7.0*255")[-1:] == [Decimal("4.321")])
        await house.do("set", "water", endpoint=1, attribute=VOLUME, value=0x123499)
        await watched.until(lambda: values("8-0:1.0.0*255")[-1:] == [Decimal("1234.99")])
        for word in (0, 4):
            await house.do("set", "meter", endpoint=1, attribute=STATUS, value=word)
            await asyncio.sleep(11)
        await watched.until(lambda: [one for one in heard if isinstance(one, MeterEvent)])
        events = [one for one in heard if isinstance(one, MeterEvent)]
        assert [(one.table, one.code, one.details["state"]) for one in events] == [
            ("zigbee.status.electricity", "2", "set")
        ]
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
