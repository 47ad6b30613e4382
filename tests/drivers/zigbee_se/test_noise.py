"""Three frames of a hundred spoilt, lost or doubled, both ways, for forty seconds: no wrong value."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import Any

import pytest

pytest.importorskip("bellows", reason="the extra zigbee is not installed")

from drivers.driver import Context
from drivers.errors import MeterError
from drivers.reading import Reading
from drivers.zigbee_se.meters import meters
from tests.drivers.zigbee_se.watched import METER, interviewed, opened

#: What does not change by itself (hil/profiles/zigbee-stick/house.toml).
RIGHT = {"1-0:1.8.0*255": Decimal("25873.421"), "1-0:16.7.0*255": Decimal("-1.234"), "1-0:1.6.0*255": Decimal("7.350")}
SECONDS = 40


@pytest.mark.slow
@pytest.mark.parametrize("version", ["8", "13", "14", "18"])
async def test_no_wrong_value(emulated: Any, bench_keys: Any, version: str) -> None:
    house = emulated("formed", "noise=3", f"ezsp={version}")
    good, failed = 0, 0
    async with opened(house, bench_keys) as watched:
        await interviewed(watched, METER)
        loop = asyncio.get_running_loop()
        end = loop.time() + SECONDS
        while loop.time() < end:
            try:
                (first, *_) = await meters(watched.pan, Context(), "zigbee:stick", METER)
                values = {str(one.obis): one.value for one in await first.registers() if isinstance(one, Reading)}
            except MeterError:
                failed += 1
                continue
            assert {name: value for name, value in values.items() if RIGHT.get(name, value) != value} == {}
            good += 1
    assert good > 4 * failed
    assert good > 20
