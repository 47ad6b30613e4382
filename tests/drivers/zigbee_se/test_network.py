"""The whole flow over an emulated stick: form, join by install code, key establishment, read, profile, tell, and be told."""

from __future__ import annotations

import asyncio
import threading
from decimal import Decimal
from typing import Any

import pytest

pytest.importorskip("bellows", reason="the extra zigbee is not installed")

from drivers.driver import Context
from drivers.errors import MeterError
from drivers.reading import Meter, Reading, Series
from drivers.zigbee_se import application
from drivers.zigbee_se.devices import Listener
from drivers.zigbee_se.install_code import InstallCode
from drivers.zigbee_se.instructions import LoadControl, Message, Price
from drivers.zigbee_se.meters import meters
from tests.drivers.zigbee_se.watched import CODE, METER, join, opened


async def test_a_network_on_a_channel_of_its_own_choice_hears_each_frame_once(emulated: Any, bench_keys: Any) -> None:
    """zigpy starts such a network twice when it forms it; bellows would then hand on every frame twice."""
    house = emulated()
    async with opened(house, bench_keys, channel=None, form=True) as watched:
        await join(watched, house, "meter", METER, CODE)
        await asyncio.sleep(1)
        happened = [(one.what, one.device) for one in watched.happened]
        assert happened.count(("key established", METER)) == 1
        assert happened.count(("joined", METER)) == 1


@pytest.mark.parametrize(
    "version", ["13", "8", pytest.param("14", marks=pytest.mark.slow), pytest.param("18", marks=pytest.mark.slow)]
)
async def test_from_an_empty_stick_to_a_profile(emulated: Any, bench_keys: Any, version: str) -> None:
    house = emulated(f"ezsp={version}")
    async with opened(house, bench_keys, form=True) as watched:
        await join(watched, house, "meter", METER, CODE)
        found = await meters(watched.pan, Context(), "zigbee:stick")
        first, mirror = [await one.registers() for one in found]
        assert isinstance(first[0], Meter)
        assert isinstance(mirror[0], Meter)
        assert (first[0].key, mirror[0].key, mirror[0].behind) == ("BENCH000101", "BENCH000102", "BENCH000101")
        values = {str(one.obis): one.value for one in (*first, *mirror) if isinstance(one, Reading)}
        assert values["1-0:1.8.0*255"] == Decimal("25873.421")
        assert values["1-0:16.7.0*255"] == Decimal("-1.234")
        assert values["7-0:3.0.0*255"] == Decimal("8123.456")
        series = [one async for one in found[0].profile(None, None)]
        assert all(isinstance(one, Series) and one.interval_s == 900 for one in series)
        assert watched.pan.status()["refused"] == "0"


async def test_another_device_and_a_wrong_code_stay_out(emulated: Any, bench_keys: Any) -> None:
    house = emulated()
    async with opened(house, bench_keys, form=True) as watched:
        await watched.pan.permit(METER, InstallCode(bytes(16)))
        assert not (await house.do("join", "meter"))["joined"]
        await watched.pan.permit(METER, CODE)
        assert not (await house.do("join", "water"))["joined"]


async def test_an_unencrypted_report_is_refused_and_counted(emulated: Any, bench_keys: Any) -> None:
    """Fails when the encryption gate is taken out."""
    house = emulated("formed")
    async with opened(house, bench_keys) as watched:
        await watched.until(lambda: [one for one in watched.pan.devices() if one.eui64 == METER and one.interviewed])
        arrived: list[Any] = []
        with watched.pan.heard_by(Listener(frame=lambda frame, _: arrived.append(frame))):
            await house.do("plain", "meter")
            await watched.until(lambda: watched.pan.device(METER).refused)
        assert [one for one in arrived if not one.encrypted] == []


async def test_a_device_of_the_profile_is_interviewed_to_its_model(emulated: Any, bench_keys: Any) -> None:
    """Fails when the profile fix is taken out: Basic answers on the profile 0x0109, which zigpy does not read."""
    house = emulated("formed")
    async with opened(house, bench_keys) as watched:
        await watched.until(lambda: [one for one in watched.pan.devices() if one.model == "Bench SE electricity"])


async def test_without_the_profile_fix_zigpy_ignores_the_device(
    emulated: Any, bench_keys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The fix is still needed: when this fails, zigpy reads 0x0109 itself and ``let_through`` can go."""
    monkeypatch.setattr(application.SeApplication, "let_through", lambda self, packet: packet)
    house = emulated("formed")
    async with opened(house, bench_keys) as watched:
        await watched.until(lambda: watched.pan.devices())
        await asyncio.sleep(2)
        assert [one for one in watched.pan.devices() if one.model] == []


async def test_prices_texts_and_load_controls_are_told_and_answered(emulated: Any, bench_keys: Any) -> None:
    house = emulated("formed")
    display, switch = bytes.fromhex("0022a30000000301"), bytes.fromhex("0022a30000000401")
    async with opened(house, bench_keys) as watched:
        pan = watched.pan
        await watched.until(lambda: {display, switch} <= {one.eui64 for one in pan.devices() if one.interviewed})
        await pan.tell(display, Price(issuer_event_id=1, price=Decimal("0.123"), currency=840, rate_label="PEAK"), "P1")
        await pan.tell(display, Message(issuer_event_id=2, text="Peak today", confirm=True, duration_min=30), "M1")
        state = await house.do("state", "display")
        assert state["prices"]
        assert "Peak today" in str(state["messages"])
        await pan.tell(switch, LoadControl(issuer_event_id=3, device_class=0x0FFF, duration_min=5, criticality=4), "D1")
        await watched.until(lambda: [one for one in watched.events if one.log == "ReportEventStatus"])
        await house.do("confirm", "display")
        await watched.until(lambda: [one for one in watched.events if one.log == "MessageConfirmation"])
        tracked = {one.log: one.details["issuerTrackingID"] for one in watched.events}
        assert tracked == {"ReportEventStatus": "D1", "MessageConfirmation": "M1"}


def left_behind(before: set[threading.Thread]) -> list[str]:
    """Threads that would keep the process from its end."""
    since = set(threading.enumerate()) - before
    return [one.name for one in since if not one.daemon and "asyncio" not in one.name]


@pytest.mark.slow
async def test_an_end_that_is_interrupted_holds_nothing_up(
    emulated: Any, bench_keys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The network is closed while the application of a lost stick is being stopped."""
    end = application.SeApplication.shutdown
    ending = asyncio.Event()

    async def slowly(self: Any, **more: Any) -> None:
        ending.set()
        await asyncio.sleep(1)
        await end(self, **more)

    house = emulated("formed")
    before = set(threading.enumerate())
    async with opened(house, bench_keys) as watched:
        await watched.until(lambda: watched.pan.devices())
        monkeypatch.setattr(application.SeApplication, "shutdown", slowly)
        await house.do("stick", what="unplug")
        await asyncio.wait_for(ending.wait(), 30)
    await asyncio.sleep(0.5)
    assert left_behind(before) == []


@pytest.mark.slow
@pytest.mark.parametrize("after_s", [0.0, 0.3, 1.5])
async def test_a_stick_that_goes_as_it_is_closed_holds_nothing_up(
    emulated: Any, bench_keys: Any, after_s: float
) -> None:
    """A start that is interrupted would leave a thread behind, and the process could not end."""
    house = emulated("formed")
    before = set(threading.enumerate())
    async with opened(house, bench_keys) as watched:
        await watched.until(lambda: watched.pan.devices())
        await house.do("stick", what="unplug")
        await asyncio.sleep(after_s)
        loop = asyncio.get_running_loop()
        began = loop.time()
    assert loop.time() - began < 12
    await asyncio.sleep(0.5)
    assert left_behind(before) == []


@pytest.mark.slow
async def test_a_start_that_is_interrupted_holds_nothing_up(emulated: Any, bench_keys: Any) -> None:
    house = emulated("formed")
    before = set(threading.enumerate())
    for delay in (0.02, 0.05, 0.1, 0.2):

        async def start() -> None:
            async with opened(house, bench_keys):
                await asyncio.sleep(60)

        task = asyncio.create_task(start())
        await asyncio.sleep(delay)
        task.cancel()
        await asyncio.wait([task], timeout=12)
        assert task.done()
    await asyncio.sleep(0.5)
    assert left_behind(before) == []


@pytest.mark.slow
@pytest.mark.parametrize("what", ["reset", "hang", "dead", "fatal", "unplug"])
async def test_a_stick_that_fails_is_seen_and_built_anew(emulated: Any, bench_keys: Any, what: str) -> None:
    house = emulated("formed")
    async with opened(house, bench_keys) as watched:
        await watched.until(lambda: [one for one in watched.pan.devices() if one.eui64 == METER and one.interviewed])
        loop = asyncio.get_running_loop()
        began = loop.time()
        await house.do("stick", what=what)
        await watched.until(lambda: [one for one in watched.happened if one.what == "stick lost"], 40)
        assert loop.time() - began <= 30
        if what == "unplug":
            await asyncio.sleep(2)
            await house.do("stick", what="plug")
        await watched.until(lambda: watched.pan.rebuilt, 60)
        for _ in range(20):
            try:
                (first, *_) = await meters(watched.pan, Context(), "zigbee:stick", METER)
                assert [one for one in await first.registers() if isinstance(one, Reading)]
                break
            except MeterError:
                await asyncio.sleep(0.5)
        else:
            raise AssertionError("no reading after the stick came back")
