"""Emulated devices in the test's own loop, so that a test can look at what they heard."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from drivers.modbus import memory
from hil.faults import Faults
from hil.modbus.device import Device
from hil.modbus.faults import FAULTS
from hil.modbus.pty_server import PtyServer
from hil.modbus.station import Station
from hil.modbus.tcp_server import TcpServer
from hil.pty_line import PtyLine
from hil.wire import wire


def plain_device() -> Device:
    """Every register of both tables from 0 to 299: a holding register is its own address, an input register 1000 more."""
    return Device({"holding": {at: at for at in range(300)}, "input": {at: 1000 + at for at in range(300)}})


@dataclass
class Served:
    """What a client opens, and what stands behind it."""

    where: str
    station: Station
    line: PtyLine | None = None
    server: TcpServer | None = None


@pytest.fixture
async def serve(tmp_path: Path) -> AsyncIterator[Callable[..., object]]:
    """``await serve(device, {"fault": "value"}, baud=.., tcp="mbap"|"rtu")`` -> Served. ``device`` may be a dict of units."""
    async with AsyncExitStack() as stack:

        async def start(
            device: Device | Mapping[int, Device] | None = None,
            faults: Mapping[str, str] | None = None,
            *,
            baud: int = 115200,
            tcp: str = "",
            turnaround_s: float = 0.001,
            character_bits: int = 10,
        ) -> Served:
            device = device or plain_device()
            units = dict(device) if isinstance(device, Mapping) else {1: device}
            asked = Faults(faults or {}, FAULTS)
            station = Station(units, asked, turnaround_s)
            if tcp:
                server = TcpServer(station, tcp)
                host, port = await server.start("127.0.0.1", 0)
                stack.push_async_callback(server.close)
                return Served(f"{host}:{port}", station, server=server)
            line = PtyLine(baud, wire(asked, character_bits=character_bits), tmp_path / "meter")
            stack.callback(line.close)
            task = asyncio.get_running_loop().create_task(PtyServer(line, station).run())
            stack.callback(task.cancel)
            return Served(str(tmp_path / "meter"), station, line=line)

        yield start


@pytest.fixture(autouse=True)
def nothing_learned() -> Iterator[None]:
    """A pty's number comes again in the next test; what was learned of its device must not."""
    yield
    memory.forget()
