"""zigpy and bellows, the programs of others, on the emulated stick."""

from __future__ import annotations

import asyncio
import json
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from hil.catalogue import data_file

#: The endpoint of a gateway: an energy services interface of the Smart Energy profile.
ESI = {
    "endpoint": 10,
    "profile": 0x0109,
    "device_type": 0x0500,
    "device_version": 0,
    "input_clusters": [0x0000, 0x0003, 0x0700, 0x0701, 0x0703, 0x0800],
    "output_clusters": [0x0702, 0x0800],
}


class Packets:
    """What bellows handed to its application: every packet, as it came from the stick."""

    def __init__(self, app: Any) -> None:
        self.app = app
        self.seen: list[Any] = []
        self._come = asyncio.Event()
        self._sequence = 0

    def add(self, packet: Any) -> None:
        self.seen.append(packet)
        self._come.set()

    async def first(self, wanted: Callable[[Any], bool], after: int = 0) -> Any:
        """The first packet, from number ``after`` on, that is wanted; within 20 s."""
        async with asyncio.timeout(20):
            while True:
                for packet in self.seen[after:]:
                    if wanted(packet):
                        return packet
                self._come.clear()
                await self._come.wait()

    async def send(self, node_id: int, cluster: int, data: bytes, *, endpoint: int = 1, encrypted: bool) -> None:
        """Send a ZCL frame of the Smart Energy profile from the gateway's endpoint."""
        import zigpy.types as t

        self._sequence = (self._sequence + 1) & 0xFF
        await self.app.send_packet(
            t.ZigbeePacket(
                src=t.AddrModeAddress(addr_mode=t.AddrMode.NWK, address=0),
                src_ep=ESI["endpoint"],
                dst=t.AddrModeAddress(addr_mode=t.AddrMode.NWK, address=node_id),
                dst_ep=endpoint,
                tsn=self._sequence,
                profile_id=0x0109,
                cluster_id=cluster,
                data=t.SerializableBytes(data),
                tx_options=t.TransmitOptions.ACK
                | (t.TransmitOptions.APS_Encryption if encrypted else t.TransmitOptions.NONE),
            )
        )

    async def ask(self, node_id: int, cluster: int, data: bytes, *, endpoint: int = 1, encrypted: bool = True) -> Any:
        """Send, and the next packet of that device on that cluster."""
        before = len(self.seen)
        await self.send(node_id, cluster, data, endpoint=endpoint, encrypted=encrypted)
        return await self.first(lambda p: p.src.address == node_id and p.cluster_id == cluster, before)


@pytest.fixture
async def zigpy_on() -> AsyncIterator[Callable[[str], Awaitable[Any]]]:
    """Starts bellows' application on a stick, unchanged but for a record of its packets; ends it after the test."""
    application = pytest.importorskip("bellows.zigbee.application")

    class Application(application.ControllerApplication):  # type: ignore[misc, name-defined]
        def packet_received(self, packet: Any) -> None:
            self.packets.add(packet)
            super().packet_received(packet)

    started: list[Any] = []

    async def start(path: str) -> Any:
        app = Application(
            {
                "device": {"path": path, "baudrate": 115200, "flow_control": None},
                "database_path": None,
                "ota": {"enabled": False},
                "topology_scan_enabled": False,
                "backup_enabled": False,
                "use_thread": False,
                "additional_endpoints": [dict(ESI)],
            }
        )
        app.packets = Packets(app)
        started.append(app)
        await app.startup(auto_form=True)
        return app

    yield start
    for app in started:
        await app.shutdown()


@pytest.fixture
def control() -> Callable[..., dict[str, Any]]:
    """Asks the control socket of a stick for one thing."""

    def ask(link: Path, **request: Any) -> dict[str, Any]:
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(20)
            client.connect(f"{link}.control")
            client.sendall(json.dumps(request).encode() + b"\n")
            with client.makefile() as answers:
                answer: dict[str, Any] = json.loads(answers.readline())
        return answer

    return ask


def _neighbour(name: str) -> ModuleType:
    """A module beside this file: tests are no package."""
    spec = spec_from_file_location(f"zigbee_{name}", Path(__file__).with_name(f"{name}.py"))
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def gateway() -> Callable[..., Any]:
    """Makes a gateway of EZSP octets on a house, by the name of its file."""
    kind = _neighbour("gateway").Gateway
    return lambda name, *arguments, **named: kind(data_file(f"zigbee-stick/{name}"), *arguments, **named)


@pytest.fixture
def house(gateway: Callable[..., Any]) -> Any:
    """The house, with everybody in its network under a link key, and quiet."""
    made = gateway("house", formed=True)
    made.heard.clear()
    return made
