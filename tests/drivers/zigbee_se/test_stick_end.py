"""A stick whose firmware has the library of key establishment agrees on keys itself: no secret of it comes to us."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

pytest.importorskip("bellows", reason="the extra zigbee is not installed")

from drivers.errors import KeyRejected
from tests.drivers.zigbee_se.watched import CODE, METER, WATER, WATER_CODE, interviewed, join, opened, reads


async def key_in_stick(house: Any, device: bytes) -> str:
    link_keys: dict[str, str] = (await house.do("state", "stick"))["link_keys"]
    return link_keys[device.hex()]


@pytest.mark.parametrize("version", [13, *(pytest.param(one, marks=pytest.mark.slow) for one in (8, 14, 18))])
async def test_the_stick_agrees_on_keys_begun_by_the_device_and_by_us(emulated: Any, version: int) -> None:
    house = emulated("library", f"ezsp={version}")
    async with opened(house, None, form=True) as watched:
        await join(watched, house, "meter", METER, CODE)
        first = await key_in_stick(house, METER)
        assert first == (await house.do("state", "meter"))["link_key"]
        assert await reads(watched, METER)
        await watched.pan.establish(METER, 1)
        second = await key_in_stick(house, METER)
        assert second == (await house.do("state", "meter"))["link_key"] != first
        assert await reads(watched, METER)


async def test_the_second_suite(emulated: Any) -> None:
    house = emulated("library")
    async with opened(house, None, form=True) as watched:
        await join(watched, house, "water", WATER, WATER_CODE)
        assert await key_in_stick(house, WATER) == (await house.do("state", "water"))["link_key"]
        assert await reads(watched, WATER)


async def test_a_stick_without_the_library_says_where_certificates_go(emulated: Any) -> None:
    house = emulated("formed")
    async with opened(house, None) as watched:
        await interviewed(watched, METER)
        with pytest.raises(KeyRejected, match="no certificate of suite 1 for this stick, nor in it") as refused:
            await watched.pan.establish(METER, 1)
        assert "00124b00deadbe01/cs1-certificate" in refused.value.do


async def test_keys_of_the_credential_store_go_before_those_in_the_stick(emulated: Any, bench_keys: Any) -> None:
    house = emulated("library", "formed")
    async with opened(house, bench_keys) as watched:
        await interviewed(watched, METER)
        await watched.pan.establish(METER, 1)
        assert "00a4" not in (await house.do("state", "stick"))["commands"]


async def test_a_stick_has_room_for_one_exchange_and_the_second_waits(emulated: Any) -> None:
    house = emulated("library", "formed")
    async with opened(house, None) as watched:
        await interviewed(watched, METER, WATER)
        await asyncio.gather(watched.pan.establish(METER, 1), watched.pan.establish(WATER, 2))
        for name, device in (("meter", METER), ("water", WATER)):
            assert await key_in_stick(house, device) == (await house.do("state", name))["link_key"]
            assert await reads(watched, device)


async def test_a_device_that_confirms_wrongly_leaves_no_key_and_room_for_the_next(emulated: Any) -> None:
    house = emulated("library", "formed")
    async with opened(house, None) as watched:
        await interviewed(watched, METER)
        before = await key_in_stick(house, METER)
        await house.do("spoil", "meter", what="wrong")
        with pytest.raises(KeyRejected, match="not come to the same key"):
            await watched.pan.establish(METER, 1)
        assert await key_in_stick(house, METER) == before
        await watched.pan.establish(METER, 1)
        assert await key_in_stick(house, METER) != before


async def test_who_comes_while_the_stick_computes_for_another_is_told_to_come_again(emulated: Any) -> None:
    house = emulated("library")
    async with opened(house, None, form=True) as watched:
        await join(watched, house, "meter", METER, CODE)
        await house.do("spoil", "meter", what="silent")
        waits = asyncio.create_task(watched.pan.establish(METER, 1))
        await watched.pan.permit(WATER, WATER_CODE)
        assert (await house.do("join", "water"))["joined"]
        await watched.until(lambda: [one.why for one in watched.happened if one.what == "key failed"])
        (failed,) = (one for one in watched.happened if one.what == "key failed")
        assert failed.device == WATER
        assert "computes for another device" in failed.why
        # SE 1.4, C.3.1.2.3.2: no resources.
        assert "terminated by the other end: 4" in (await house.do("state", "water"))["agreements"]
        waits.cancel()
        await asyncio.wait([waits])
