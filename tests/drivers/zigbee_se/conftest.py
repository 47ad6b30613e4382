"""Frames and their expected values, as a table."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from drivers.zigbee_se import payload
from drivers.zigbee_se.zcl import Frame

FILE = Path(__file__).parents[2] / "vectors" / "zigbee_se" / "frames.jsonl"


@dataclass(frozen=True)
class Vector:
    """One frame of the table."""

    name: str
    cluster: int
    data: bytes
    expected: dict[str, Any]

    @property
    def frame(self) -> Frame:
        return Frame.parse(self.data)

    def fields(self) -> dict[str, Any]:
        """The fields of its cluster command."""
        frame = self.frame
        command = payload.command(self.cluster, "server" if frame.to_client else "client", frame.command)
        assert command is not None
        return payload.decode(command, frame.payload)


VECTORS = {
    row["id"]: Vector(row["id"], int(row["cluster"], 16), bytes.fromhex(row["zcl_hex"]), row["expected"])
    for row in map(json.loads, FILE.read_text().splitlines())
}


@pytest.fixture(scope="session")
def vectors() -> dict[str, Vector]:
    return VECTORS


class House:
    """The emulated stick and the devices behind it, in a process of their own, with what a test does to them."""

    def __init__(self, folder: Path, *faults: str, profile: str = "house") -> None:
        self.folder = folder
        self.link = folder / "stick"
        command = [sys.executable, "-m", "gateway.cli", "emulate", f"zigbee-stick/{profile}", "--link", str(self.link)]
        command += ["--speed", "max"] + [part for fault in faults for part in ("--fault", fault)]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self._process.stdout.readline()

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(10)
        assert self._process.stdout is not None
        self._process.stdout.close()

    async def do(self, action: str, device: str = "", /, **more: Any) -> dict[str, Any]:
        reader, writer = await asyncio.open_unix_connection(f"{self.link}.control")
        writer.write(json.dumps({"do": action, "device": device, **more}).encode() + b"\n")
        answer: dict[str, Any] = json.loads(await reader.readline())
        writer.close()
        await writer.wait_closed()
        assert answer["ok"], answer
        return answer


class BenchKeys:
    """The certificates of the bench's own authority, as a credential store has them."""

    def __init__(self, eui64: str) -> None:
        command = [sys.executable, "-m", "hil.zigbee.certificates", eui64]
        self._printed = json.loads(subprocess.run(command, capture_output=True, check=True, text=True).stdout)

    def get(self, name: str) -> bytes | None:
        owner, _, what = name.rpartition("/")
        assert len(owner) == 16
        suite, _, part = what.partition("-")
        names = {"certificate": "certificate", "private": "private_key", "authority": "authority"}
        return bytes.fromhex(self._printed[f"suite_{suite[2:]}"][names[part]])


@pytest.fixture
def emulated(tmp_path: Path) -> Iterator[Callable[..., House]]:
    running: list[House] = []

    def start(*faults: str, profile: str = "house") -> House:
        running.append(House(tmp_path, *faults, profile=profile))
        return running[-1]

    yield start
    for house in running:
        house.stop()


@pytest.fixture(scope="session")
def bench_keys() -> BenchKeys:
    return BenchKeys("00124b00deadbe01")
