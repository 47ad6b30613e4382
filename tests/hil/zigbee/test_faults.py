"""What goes wrong at the stick: noise both ways, resets, a stick that hangs, one that is pulled out and comes back."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow

METER, METERING = 0x1A01, 0x0702
SERIAL = b"BENCH000101"


async def read_serial(app: Any, number: int) -> bytes:
    """MeterSerialNumber, under the link key; the sequence number of the answer is checked to be the question's."""
    before = len(app.packets.seen)
    number &= 0xFF
    await app.packets.send(METER, METERING, bytes((0x00, number, 0x00, 0x08, 0x03)), encrypted=True)
    packet = await app.packets.first(
        lambda p: p.src.address == METER and p.cluster_id == METERING and p.data.serialize()[1] == number, before
    )
    return bytes(packet.data.serialize())


async def keep_reading(app: Any, seconds: float) -> int:
    """Reads until the time is over. The number of reads; every value is checked."""
    count, end = 0, time.monotonic() + seconds
    while time.monotonic() < end:
        data = await read_serial(app, count)
        assert data[2:] == bytes((0x01, 0x08, 0x03, 0x00, 0x41, len(SERIAL))) + SERIAL
        count += 1
    return count


@pytest.mark.parametrize(
    ("version", "seconds"),
    [
        (13, 2),
        pytest.param(13, 40, marks=pytest.mark.slow),
        pytest.param(8, 40, marks=pytest.mark.slow),
    ],
)
async def test_noise_both_ways_bends_no_value(
    version: int, seconds: int, emulator: Callable[..., Any], zigpy_on: Callable[[str], Awaitable[Any]], tmp_path: Path
) -> None:
    link = tmp_path / "stick"
    faults = [f"ezsp={version}", "formed", "noise=3", "seed=7"]
    emulator("zigbee-stick", "--link", str(link), "--speed", "max", *[w for f in faults for w in ("--fault", f)])
    app = await zigpy_on(str(link))
    assert await keep_reading(app, seconds) > seconds


@pytest.mark.parametrize("what", ["reset", "fatal", "unplug"])
async def test_a_stick_that_starts_over_or_goes_is_noticed_at_once(
    what: str,
    emulator: Callable[..., Any],
    zigpy_on: Callable[[str], Awaitable[Any]],
    control: Callable[..., dict[str, Any]],
    tmp_path: Path,
) -> None:
    link = tmp_path / "stick"
    emulator("zigbee-stick", "--link", str(link), "--speed", "max", "--fault", "formed")
    app = await zigpy_on(str(link))
    lost = asyncio.Event()
    app.connection_lost = lambda _: lost.set()
    assert control(link, do="stick", what=what)["ok"]
    async with asyncio.timeout(20):
        await lost.wait()
    if what == "unplug":
        assert not os.path.lexists(link)
        assert control(link, do="stick", what="plug")["ok"]
        assert os.path.realpath(link).startswith("/dev/pts/")


@pytest.mark.slow
async def test_a_stick_that_hangs_acknowledges_and_answers_nothing(
    emulator: Callable[..., Any],
    zigpy_on: Callable[[str], Awaitable[Any]],
    control: Callable[..., dict[str, Any]],
    tmp_path: Path,
) -> None:
    link = tmp_path / "stick"
    emulator("zigbee-stick", "--link", str(link), "--speed", "max", "--fault", "formed")
    app = await zigpy_on(str(link))
    lost: list[Any] = []
    app.connection_lost = lost.append
    assert control(link, do="stick", what="hang")["ok"]
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(3):
            await app._ezsp.nop()
    # The serial link itself stands: what was sent was acknowledged, and a reset brings the stick back.
    assert not lost
    await app.disconnect()
    again = await zigpy_on(str(link))
    assert (await read_serial(again, 1)).endswith(SERIAL)


async def test_a_device_out_of_reach_is_a_delivery_that_failed(
    emulator: Callable[..., Any],
    zigpy_on: Callable[[str], Awaitable[Any]],
    control: Callable[..., dict[str, Any]],
    tmp_path: Path,
) -> None:
    exceptions = pytest.importorskip("zigpy.exceptions")
    link = tmp_path / "stick"
    emulator("zigbee-stick", "--link", str(link), "--speed", "max", "--fault", "formed")
    app = await zigpy_on(str(link))
    control(link, do="off", device="meter")
    with pytest.raises(exceptions.DeliveryError):
        await read_serial(app, 1)
    control(link, do="on", device="meter")
    assert (await read_serial(app, 2)).endswith(SERIAL)
