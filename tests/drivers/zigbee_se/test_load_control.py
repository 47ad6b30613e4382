"""Load controls: opted out of, cancelled, randomised, of every class; and given again to a device that starts anew."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import Any

import pytest

pytest.importorskip("bellows", reason="the extra zigbee is not installed")

from drivers.zigbee_se.instructions import CancelLoadControl, LoadControl, Price
from tests.drivers.zigbee_se.watched import Watched, interviewed, opened

DISPLAY, SWITCH, THERMOSTAT = (bytes.fromhex(f"0022a30000000{one}01") for one in (3, 4, 5))
RECEIVED, OPTED_OUT, CANCELLED = "1", "4", "6"


async def reported(watched: Watched, device: bytes, code: str) -> None:
    await watched.until(lambda: [one for one in watched.events if (one.meter, one.code) == (device.hex(), code)])


async def test_an_owner_opts_out_and_it_is_said_whose_event_it_was(emulated: Any, bench_keys: Any) -> None:
    house = emulated("formed")
    async with opened(house, bench_keys) as watched:
        await interviewed(watched, SWITCH, THERMOSTAT)
        event = LoadControl(issuer_event_id=7, device_class=0x0FFF, duration_min=5, criticality=4, randomise_start=True)
        for device in (SWITCH, THERMOSTAT):
            await watched.pan.tell(device, event, "DR-7")
        await reported(watched, THERMOSTAT, OPTED_OUT)
        await reported(watched, SWITCH, RECEIVED)
        (held,) = (await house.do("state", "switch"))["events"]
        # Bit 0 of EventControl: the start is randomised.
        assert (held["classes"], held["control"]) == (0x0FFF, 1)
        await house.do("opt-out", "switch", event=7)
        await reported(watched, SWITCH, OPTED_OUT)
        assert {one.details["issuerTrackingID"] for one in watched.events} == {"DR-7"}


async def test_a_cancelled_event_is_reported_and_not_given_again(emulated: Any, bench_keys: Any) -> None:
    house = emulated("formed")
    async with opened(house, bench_keys) as watched:
        await interviewed(watched, SWITCH)
        # The pump is of class 0x0010; another class is not for it.
        await watched.pan.tell(
            SWITCH, LoadControl(issuer_event_id=8, device_class=0x0FEF, duration_min=5, criticality=1)
        )
        await watched.pan.tell(
            SWITCH, LoadControl(issuer_event_id=9, device_class=0x0010, duration_min=5, criticality=1), "DR-9"
        )
        await reported(watched, SWITCH, RECEIVED)
        await watched.pan.tell(SWITCH, CancelLoadControl(issuer_event_id=9, device_class=0x0010))
        await reported(watched, SWITCH, CANCELLED)
        state = await house.do("state", "switch")
        assert [one["number"] for one in state["events"]] == [9]
        assert watched.events[-1].details["issuerTrackingID"] == "DR-9"
        before = len(watched.events)
        await house.do("restart", "switch")
        await asyncio.sleep(1)
        state = await house.do("state", "switch")
        assert len(watched.events) == before
        assert [number for number, _ in state["reported"]] == [9] * len(state["reported"])


async def test_a_device_that_was_away_and_one_that_starts_anew_get_what_they_missed(
    emulated: Any, bench_keys: Any
) -> None:
    """Also from a gateway that was started again in between."""
    house = emulated("formed")
    async with opened(house, bench_keys) as watched:
        await interviewed(watched, DISPLAY)
        await house.do("off", "display")
        watched.pan.remember(Price(issuer_event_id=5, price=Decimal("0.31"), currency=978, rate_label="NIGHT"))
    async with opened(house, bench_keys) as watched:
        await interviewed(watched, DISPLAY)
        await house.do("on", "display")
        await house.do("restart", "display")
        for _ in range(200):
            state = await house.do("state", "display")
            if state["prices"]:
                break
        assert "NIGHT" in str(state["prices"])
