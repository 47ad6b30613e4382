"""A technician's minute at a meter: a readout against what the wire allows, and its text into numbers."""

from __future__ import annotations

import asyncio
import itertools
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from readout import data_sets, identification
from row import Row

from drivers.driver import Context
from drivers.iec62056_21.block import frame
from drivers.iec62056_21.driver import Iec62056_21
from drivers.meter_url import parse
from drivers.reading import Reading
from hil.peers.environment import python

HERE = Path(__file__).resolve().parent
SIZE = 2048
START_BAUD = 300
BITS = 10
#: Sign-on `/?!` CR LF and option select ACK 0 Z 0 CR LF, in characters.
REQUEST, SELECT = 5, 6

OURS = """
from drivers.iec62056_21.data_set import parse
from drivers.iec62056_21.readout import find
def one(block):
    (readout,) = find(block)
    assert readout.check
    return sum(part.number is not None for part in parse(readout.text))
"""
#: Checks the BCC and gives texts; a Decimal of each is what a reader makes of them.
PEER = """
from iec62056_21.messages import ReadoutDataMessage
from decimal import Decimal
def one(block):
    sets = [s for line in ReadoutDataMessage.from_bytes(block).data_block.data_lines for s in line.data_sets]
    return sum(Decimal(s.value) is not None for s in sets if s.value)
"""
TIMED = """
import sys, time, timeit
block = sys.stdin.buffer.read()
runs = max(5, 100_000 // len(block))
print(min(timeit.repeat(lambda: one(block), timer=time.process_time, number=runs, repeat=40)) / runs, one(block))
"""


def rows() -> Iterator[Row]:
    yield from _parsing()
    yield from _reading()


def floor_s(baud: int, reaction_s: float, block: int) -> float:
    """What the wire takes: 5 + ident + 6 characters at 300 Bd, two reactions of the meter, ours, and the block."""
    ident = len(identification(baud, reaction_s * 1000)) + 2
    slow = (REQUEST + ident + SELECT) * BITS / START_BAUD
    return slow + 3 * reaction_s + block * BITS / baud


def _reading() -> Iterator[Row]:
    block = len(frame((data_sets(SIZE) + "\r\n!\r\n").encode()))
    for baud, reaction_ms, echo in itertools.product((2400, 9600, 19200), (20, 200), (False, True)):
        floor = floor_s(baud, reaction_ms / 1000, block)
        took = min(_read(baud, reaction_ms, echo) for _ in range(2))
        name = (
            f"{block} B block at {baud} Bd, T_r {reaction_ms} ms{', echo' if echo else ''}: time / floor {floor:.3f} s"
        )
        yield Row(name, took / floor, "×", 1.02)


def _read(baud: int, reaction_ms: int, echo: bool) -> float:
    command = [
        sys.executable,
        str(HERE / "readout.py"),
        str(SIZE),
        str(baud),
        str(reaction_ms),
        *(["echo"] if echo else []),
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as meter:
        assert meter.stdout is not None
        try:
            return asyncio.run(_timed(meter.stdout.readline().strip()))
        finally:
            meter.terminate()


async def _timed(port: str) -> float:
    async with Iec62056_21(parse(f"iec62056-21:{port}"), Context()) as driver:
        start = time.monotonic()
        found = [record async for record in driver.registers() if isinstance(record, Reading)]
        took = time.monotonic() - start
    assert len(found) > 60, len(found)
    assert all(reading.checked for reading in found)
    return took


def _parsing() -> Iterator[Row]:
    peer = python("iec62056-21")
    for size in (1200, 9500):
        block = frame((data_sets(size) + "\r\n!\r\n").encode())
        ours, theirs = [], []
        for _ in range(5):
            ours.append(_parse(Path(sys.executable), OURS, block))
            theirs.append(_parse(peer, PEER, block))
        name = f"{len(block)} B readout, {ours[0][1]} values, into Decimals: times faster than iec62056-21 0.0.2"
        yield Row(name, min(theirs)[0] / min(ours)[0], "×", 4, most=False)
        yield Row("of which ours", min(ours)[0] * 1e6, "µs")


def _parse(interpreter: Path, code: str, block: bytes) -> tuple[float, int]:
    done = subprocess.run(
        [str(interpreter), "-c", code + TIMED], input=block, capture_output=True, check=True, cwd=HERE.parents[1]
    )
    seconds, values = done.stdout.split()
    return float(seconds), int(values)
