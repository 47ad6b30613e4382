"""An open network over the emulated stick, and what it told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from drivers.driver import Context
from drivers.reading import MeterEvent, Reading
from drivers.zigbee_se.devices import Happened, Listener
from drivers.zigbee_se.install_code import InstallCode
from drivers.zigbee_se.meters import meters
from drivers.zigbee_se.network import Pan

METER, CODE = bytes.fromhex("0022a30000000101"), InstallCode(bytes.fromhex("83FED3407A939723A5C639B26916D505"))
WATER, WATER_CODE = bytes.fromhex("0022a30000000201"), InstallCode(bytes.fromhex("0102030405060708090A0B0C"))


class Watched:
    """An open network and what it told."""

    def __init__(self, pan: Pan) -> None:
        self.pan = pan
        self.happened: list[Happened] = []
        self.events: list[MeterEvent] = []
        self.listener = Listener(event=self.events.append, happened=self.happened.append)

    async def until(self, what: Callable[[], Any], within_s: float = 40) -> Any:
        for _ in range(int(within_s / 0.05)):
            if found := what():
                return found
            await asyncio.sleep(0.05)
        raise AssertionError([(one.what, one.why) for one in self.happened])


@asynccontextmanager
async def opened(house: Any, keys: Any, channel: int | None = 20, **more: Any) -> AsyncIterator[Watched]:
    pan = Pan(
        str(house.link),
        Context(keys=keys),
        channel=channel,
        database=house.folder / "devices.db",
        memory=house.folder / "esi.json",
        **more,
    )
    watched = Watched(pan)
    with pan.heard_by(watched.listener):
        async with pan:
            yield watched


async def join(watched: Watched, house: Any, name: str, eui64: bytes, code: InstallCode) -> None:
    await watched.pan.permit(eui64, code)
    assert (await house.do("join", name))["joined"]
    await watched.pan.joined(eui64, 40)
    await watched.until(lambda: eui64 in watched.pan.established)


async def interviewed(watched: Watched, *devices: bytes) -> None:
    """Wait until these devices were asked what they are."""
    await watched.until(lambda: set(devices) <= {one.eui64 for one in watched.pan.devices() if one.interviewed})


async def reads(watched: Watched, device: bytes) -> bool:
    """Whether a device gives readings."""
    (first, *_) = await meters(watched.pan, Context(), "zigbee:stick", device)
    return any(isinstance(one, Reading) for one in await first.registers())
