"""A month of quarter hours over a paced serial line, beside what the line and the negotiation allow."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from row import Row

from drivers.dlms.cosem import Attribute, ClassId
from drivers.dlms.driver import Dlms
from drivers.dlms.hdlc_parameters import MOST_INFORMATION, MOST_WINDOW
from drivers.driver import Context
from drivers.meter_url import parse
from drivers.reading import Obis

METER = "dlms/hdlc-serial-fast"
PROFILE = Obis(1, 0, 99, 1, 0)
BAUD, BITS, REACTION_S = 115200, 10, 0.005
DAYS = 31
#: Octets of a frame around its information field: flags, format, four of the server's address and one of ours, control,
#: both check sequences; of one without a field: no second check sequence. A flag between two frames counts once.
AROUND, EMPTY = 2 + 2 + 5 + 1 + 2 + 2, 2 + 2 + 5 + 1 + 2
LLC, BLOCK_HEAD, MOST_PDU = 3, 10, 0xFFFF
#: Octets of the GET of a range: request and descriptor, selector, structure of four: the column, from, to, no columns.
GET = 13 + 1 + 2 + 2 + (3 + 8 + 2 + 3) + 2 * 14 + 2


def least(octets: int) -> tuple[int, float]:
    """Octets both ways, and seconds, of one GET whose answer has so many: whole frames, whole windows, no session around it."""
    blocks = -(-octets // (MOST_PDU - BLOCK_HEAD))
    answer = octets + blocks * (BLOCK_HEAD + LLC)
    frames = -(-answer // MOST_INFORMATION)
    windows = -(-frames // MOST_WINDOW)
    asked = AROUND + LLC + GET + (blocks - 1) * (AROUND + LLC + 8) + (windows - blocks) * EMPTY
    wire = answer + frames * AROUND + asked
    return wire, wire * BITS / BAUD + windows * REACTION_S


async def octets_of_the_buffer(port: str) -> int:
    async with Dlms(parse(f"dlms:{port}?baud={BAUD}"), Context()) as meter, meter._session() as reading:
        found = await reading.client.get(Attribute(ClassId.PROFILE_GENERIC, PROFILE, 2))
    assert isinstance(found, bytes)
    return len(found)


async def month(port: str, trace: Path | None = None) -> float:
    """Seconds of the whole: connecting, associating, who it is, what the profile holds, its rows, and the end."""
    until = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    began = time.perf_counter()
    async with Dlms(parse(f"dlms:{port}?baud={BAUD}"), Context(trace=trace)) as meter:
        series = [one async for one in meter.profile(PROFILE, until - timedelta(days=DAYS), until)]
    took = time.perf_counter() - began
    # The buffer holds so many; those of this hour are not asked for.
    assert sum(len(one.rows) for one in series) > DAYS * 96 - 4
    return took


def on_the_wire(trace: Path) -> int:
    lines = [json.loads(line) for line in trace.read_text().splitlines()]
    return sum(len(line.get("tx", "")) + len(line.get("rx", "")) for line in lines) // 2


def rows() -> Iterator[Row]:
    emulate = [sys.executable, "-m", "gateway.cli", "emulate", METER]
    with subprocess.Popen(emulate, stdout=subprocess.PIPE, text=True) as meter, tempfile.TemporaryDirectory() as folder:
        assert meter.stdout is not None
        port, trace = meter.stdout.readline().strip(), Path(folder) / "trace"
        try:
            octets, floor = least(asyncio.run(octets_of_the_buffer(port)))
            asyncio.run(month(port, trace))
            sent = on_the_wire(trace)
            took = min(asyncio.run(month(port)) for _ in range(3))
        finally:
            meter.terminate()
    what = f"{DAYS} days of quarter hours at {BAUD} Bd, fields of {MOST_INFORMATION}, window {MOST_WINDOW}"
    yield Row(f"{what}: time / floor {floor:.2f} s", took / floor, "×", 1.08)
    yield Row(f"{what}: octets on the wire / least {octets}", sent / octets, "×", 1.02)
