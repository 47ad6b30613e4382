"""The head end's door: stored readings of one meter-day per second, and what the door adds to reading a meter now.

A real gateway is asked by the socket of its machine; the meter is an emulated one on TCP. Both latencies are of the same run:
the driver's own is measured in this process, on the same meter, right before.
"""

from __future__ import annotations

import asyncio
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
from row import Row

from drivers.driver import Context
from drivers.meter_url import parse
from drivers.registry import open_driver
from hil.head_end import read
from hil.head_end.asking import request

CONFIG = """
[gateway]
name = "bench-1"
state = "{state}"
[headend]
[[meter]]
name = "main"
url = "{url}"
[[meter.read]]
what = "profile"
profile = "1-0:99.1.0"
every = "1d"
"""
GET = """<GetMeterReadings xmlns="http://iec.ch/TC57/2011/GetMeterReadings#">
<EndDevice><Names><name>main</name></Names></EndDevice></GetMeterReadings>"""
#: Added to the time of the driver itself, milliseconds (promised).
MOST_ADDED_MS = 20.0
_REQUESTS, _READS = 100, 15


def rows() -> Iterator[Row]:
    """The two figures."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "gateway.cli", "emulate", "dlms/household", "--speed", "max"]
        emulator = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert emulator.stdout is not None
        url = f"dlms://{emulator.stdout.readline().strip()}?client=16"
        file = Path(folder) / "metergate.toml"
        file.write_text(CONFIG.format(state=Path(folder) / "state", url=url))
        gateway = subprocess.Popen(
            [sys.executable, "-m", "gateway.cli", "run", "-c", str(file)], stderr=subprocess.DEVNULL
        )
        try:
            with httpx.Client(
                transport=httpx.HTTPTransport(uds=str(Path(folder) / "state/requests.sock")), timeout=120
            ) as client:
                yield from _measured(client, url)
        finally:
            gateway.kill()
            emulator.kill()


def _measured(client: httpx.Client, url: str) -> Iterator[Row]:
    end = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    times = f"<StartTime>{(end - timedelta(days=1)).isoformat()}</StartTime><EndTime>{end.isoformat()}</EndTime>"
    deadline = time.monotonic() + 60
    while True:
        try:
            # The first brings the day from the meter into the store.
            intervals = _ask(client, times + GET)
            break
        except httpx.TransportError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
    began = time.perf_counter()
    for _ in range(_REQUESTS):
        _ask(client, times + GET)
    per_second = _REQUESTS / (time.perf_counter() - began)
    yield Row(f"stored readings of one meter-day ({intervals} values), a request", per_second, "requests/s")
    own, asked = [], []
    for _ in range(_READS):
        began = time.perf_counter()
        asyncio.run(_read(url))
        own.append(time.perf_counter() - began)
        began = time.perf_counter()
        _ask(client, GET)
        asked.append(time.perf_counter() - began)
    added = statistics.median(asked) - statistics.median(own)
    yield Row(
        f"added to an on-request read (own time {statistics.median(own) * 1000:.1f} ms)",
        added * 1000,
        "ms",
        MOST_ADDED_MS,
    )


async def _read(url: str) -> None:
    async with open_driver(parse(url), Context()) as driver:
        async for _ in driver.registers():  # type: ignore[attr-defined]
            pass


def _ask(client: httpx.Client, inside: str) -> int:
    name = str(uuid.uuid4())
    body = request(
        "get",
        "MeterReadings",
        source="local",
        message_id=name,
        correlation_id=name,
        at=datetime.now(UTC),
        inside=inside,
    )
    answer = read(client.post("http://gateway/messages", content=body).content)
    if answer.result != "OK":
        raise RuntimeError(answer.body.decode())
    return answer.intervals + answer.readings
