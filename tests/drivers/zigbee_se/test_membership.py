"""Devices leave, come back and are removed; the other suite; the database; and the time they ask for."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

pytest.importorskip("bellows", reason="the extra zigbee is not installed")

from drivers.errors import NotSupported
from drivers.zigbee_se.zcl_time import moment
from tests.drivers.zigbee_se.watched import CODE, METER, WATER, WATER_CODE, interviewed, join, opened, reads


async def test_a_device_leaves_comes_back_and_is_let_in_again(emulated: Any, bench_keys: Any) -> None:
    house = emulated()
    async with opened(house, bench_keys, form=True) as watched:
        await join(watched, house, "meter", METER, CODE)
        assert await reads(watched, METER)
        await house.do("leave", "meter")
        await watched.until(lambda: ("left", METER) in [(one.what, one.device) for one in watched.happened])
        await house.do("rejoin", "meter")
        await interviewed(watched, METER)
        assert await reads(watched, METER)
        await watched.pan.remove(METER)
        await watched.until(lambda: METER not in {one.eui64 for one in watched.pan.devices()})
        with pytest.raises(NotSupported, match="not in this network"):
            watched.pan.device(METER)
        watched.pan.established.clear()
        await join(watched, house, "meter", METER, CODE)
        assert await reads(watched, METER)


async def test_the_second_suite_begun_by_the_device_and_by_us(emulated: Any, bench_keys: Any) -> None:
    house = emulated()
    async with opened(house, bench_keys, form=True) as watched:
        await join(watched, house, "water", WATER, WATER_CODE)
        first = (await house.do("state", "water"))["link_key"]
        assert await reads(watched, WATER)
        await watched.pan.establish(WATER, 2)
        state = await house.do("state", "water")
        assert state["established"]
        assert state["link_key"] != first
        assert await reads(watched, WATER)


async def test_who_is_in_the_database_is_read_without_being_asked_who_it_is(emulated: Any, bench_keys: Any) -> None:
    house = emulated()
    async with opened(house, bench_keys, form=True) as watched:
        await join(watched, house, "meter", METER, CODE)
    async with opened(house, bench_keys) as watched:
        assert [one.eui64 for one in watched.pan.devices() if one.interviewed] == [METER]
        assert await reads(watched, METER)


async def test_a_device_is_told_the_time_and_that_it_is_good(emulated: Any, bench_keys: Any) -> None:
    house = emulated("formed")
    async with opened(house, bench_keys) as watched:
        await interviewed(watched, METER)
        await house.do("time", "meter")
        for _ in range(100):
            said = bytes.fromhex((await house.do("state", "meter"))["time"])
            if said:
                break
        time, status = said[:8], said[8:]
        assert time[:4] == b"\0\0\0\xe2"
        told = moment(int.from_bytes(time[4:], "little"))
        assert told is not None
        assert abs((told - datetime.now(UTC)).total_seconds()) < 60
        # Attribute 1, SUCCESS, map8: master and synchronised.
        assert status == b"\1\0\0\x18\3"
