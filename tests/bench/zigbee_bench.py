"""What a read over the stick costs, and how soon a network that is formed gives its first reading."""

from __future__ import annotations

import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from row import Row

from drivers.driver import Context
from drivers.zigbee_se.network import Pan

METER, METERING, DELIVERED = bytes.fromhex("0022a30000000101"), 0x0702, 0x0000
READS, STARTS = 300, 5


def rows() -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        link = folder / "stick"
        command = [sys.executable, "-m", "gateway.cli", "emulate", "zigbee-stick/house", "--link", str(link)]
        with subprocess.Popen([*command, "--fault", "formed"], stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            process.stdout.readline()
            times = asyncio.run(_reads(link, folder / "zigbee.db"))
            yield Row("one attribute over the pty at 115200 Bd, median", statistics.median(times) * 1e3, "ms", 25)
            yield Row("one attribute over the pty at 115200 Bd, p95", statistics.quantiles(times, n=20)[-1] * 1e3, "ms")
            url = f"zigbee:{link}?database={folder / 'zigbee.db'}&device={METER.hex()}"
            starts = [_first_reading(url, folder) for _ in range(STARTS)]
            yield Row("process start to first reading, network formed, median", statistics.median(starts), "s", 3)
            process.terminate()


async def _reads(link: Path, database: Path) -> list[float]:
    times = []
    async with Pan(str(link), Context(), database=database) as pan:
        while not any(one.eui64 == METER and one.interviewed for one in pan.devices()):
            await asyncio.sleep(0.1)
        for _ in range(READS):
            began = time.perf_counter()
            await pan.read(METER, 1, METERING, [DELIVERED])
            times.append(time.perf_counter() - began)
    return times


def _first_reading(url: str, folder: Path) -> float:
    """Seconds from the start of `metergate read` to the first reading it prints."""
    command = [sys.executable, "-m", "gateway.cli", "read", url, "--format", "json"]
    environment = {**os.environ, "METERGATE_STATE": str(folder)}
    began = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if '"reading"' in line:
                found = time.perf_counter() - began
                break
        else:
            raise AssertionError("no reading")
        process.stdout.read()
    return found
