"""The stick as a guest: it joins a utility's network by its own install code, agrees on a key with its meter and reads it."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("bellows", reason="the extra zigbee is not installed")

from drivers.driver import Context
from drivers.errors import NotSupported
from drivers.reading import Reading
from drivers.zigbee_se.install_code import InstallCode
from drivers.zigbee_se.meters import meters
from drivers.zigbee_se.network import Pan

ESI, CODE = bytes.fromhex("0013500100000701"), InstallCode(bytes.fromhex("966B9F3EF98AE605"))


def guest(house: Any, keys: Any, code: InstallCode | None = None) -> Pan:
    return Pan(
        str(house.link), Context(keys=keys), consumer=True, code=code, database=Path(house.folder / "devices.db")
    )


@pytest.mark.parametrize("version", ["13", pytest.param("8", marks=pytest.mark.slow)])
async def test_it_joins_establishes_a_key_and_reads(emulated: Any, bench_keys: Any, version: str) -> None:
    house = emulated(f"ezsp={version}", profile="utility")
    async with guest(house, bench_keys, CODE) as pan:
        await pan.joined(ESI, 40)
        await pan.establish(ESI, 1)
        (meter,) = await meters(pan, Context(), "zigbee:stick", ESI)
        values = {str(one.obis): one.value for one in await meter.registers() if isinstance(one, Reading)}
        assert values["1-0:16.7.0*255"] == Decimal("0.875")
        assert pan.status()["role"] == "consumer"
        with pytest.raises(NotSupported, match="guest"):
            await pan.permit(ESI, CODE)
    state = await house.do("state", "stick")
    assert state["trust_centre"] == ESI.hex()
    assert state["node_type"] == 2
    async with guest(house, bench_keys) as pan:
        await pan.joined(ESI, 40)
        (meter,) = await meters(pan, Context(), "zigbee:stick", ESI)
        assert [one for one in await meter.registers() if isinstance(one, Reading)]


async def test_without_a_code_it_says_how_to_join(emulated: Any, bench_keys: Any) -> None:
    with pytest.raises(NotSupported, match="no network"):
        async with guest(emulated(profile="utility"), bench_keys):
            pass


@pytest.mark.slow
async def test_another_code_does_not_let_it_in(emulated: Any, bench_keys: Any) -> None:
    house = emulated(profile="utility")
    with pytest.raises(NotSupported, match="let it in"):
        async with guest(house, bench_keys, InstallCode(bytes(8))):
            pass
