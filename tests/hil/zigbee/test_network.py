"""bellows, unchanged, forms a network on the emulated stick, and finds it again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest


@pytest.mark.parametrize(
    "version", [13, pytest.param(8), pytest.param(14, marks=pytest.mark.slow), pytest.param(18, marks=pytest.mark.slow)]
)
async def test_a_network_is_formed_and_found_again(
    version: int, emulator: Callable[..., Any], zigpy_on: Callable[[str], Awaitable[Any]]
) -> None:
    stick = emulator("zigbee-stick", "--speed", "max", "--fault", f"ezsp={version}")
    formed = await zigpy_on(stick.path)
    network = formed.state.network_info
    assert formed._ezsp.ezsp_version == version
    assert str(formed.state.node_info.ieee) == "00:12:4b:00:de:ad:be:01"
    assert network.pan_id not in (0, 0xFFFF)
    await formed.shutdown()

    found = (await zigpy_on(stick.path)).state.network_info
    for name in ("pan_id", "extended_pan_id", "channel", "network_key", "tc_link_key", "nwk_update_id"):
        assert getattr(found, name) == getattr(network, name), name
