"""Modbus: a whole SDM630 on a paced line against what the line allows, and many devices over TCP at once.

The emulated meters run in processes of their own, at the real speed of their line; what is timed is one reading by the map.
"""

from __future__ import annotations

import asyncio
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from pymodbus.client import AsyncModbusSerialClient
from row import Row

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT))

from drivers.driver import Context  # noqa: E402
from drivers.modbus.driver import Modbus  # noqa: E402
from drivers.modbus.plan import FRAME_CHARACTERS, Cost, plan, silence_s  # noqa: E402
from drivers.modbus.reader import needed  # noqa: E402
from drivers.modbus.registers import Limits, ModbusMap, Timing  # noqa: E402
from drivers.registry import open_driver  # noqa: E402
from gateway.device_map.catalogue import meter_map  # noqa: E402

TURNAROUND_MS, BAUD, LIMIT = 20, 9600, 80
DEVICES = 32


@contextmanager
def emulated(*arguments: str) -> Iterator[str]:
    command = [sys.executable, "-m", "gateway.cli", "emulate", *arguments]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait(5)


#: The 52 input registers that a common reader of this meter (mbmd) asks for, one by one.
WANTED = {
    *range(0, 36, 2),
    52,
    56,
    *range(60, 64, 2),
    66,
    *range(70, 80, 2),
    *range(234, 240, 2),
    248,
    *range(342, 382, 2),
}


def sdm630() -> ModbusMap:
    """Those values of the map, with holes allowed and 80 registers a request, as the figures are promised for."""
    found = meter_map("modbus", "eastron/sdm630")
    assert isinstance(found, ModbusMap)
    wanted = [one for one in found.registers if one.table == "input" and one.address in WANTED]
    assert len(wanted) == 52
    plain = tuple(replace(one, group="") for one in wanted)
    nobody = replace(found.identity, serial_from="", model_from="", firmware_from="")
    return replace(
        found,
        registers=plain,
        groups=(),
        guards=(),
        identity=nobody,
        limits=Limits(LIMIT, LIMIT, found.limits.forbidden),
    )


def floor_s(found: ModbusMap, line: object) -> tuple[int, float]:
    """Requests of the plan, and the seconds that its bytes, silences and turnarounds take on the wire."""
    blocks = plan(needed(found, ()), found, Cost.serial(line, TURNAROUND_MS / 1000))  # type: ignore[arg-type]
    character = line.character_s  # type: ignore[attr-defined]
    wire = sum((FRAME_CHARACTERS + 2 * block.count) * character for block in blocks)
    between = len(blocks) * TURNAROUND_MS / 1000 + (len(blocks) - 1) * silence_s(line)  # type: ignore[arg-type]
    return len(blocks), wire + between


async def readings(url: str, found: ModbusMap, times: int) -> tuple[list[float], float]:
    """Wall seconds of each reading, and CPU seconds of one, all values at once."""
    walls: list[float] = []
    async with open_driver(url, Context(meter_map=found)) as driver:
        assert isinstance(driver, Modbus)
        [record async for record in driver.registers()]
        cpu = _cpu()
        for _ in range(times):
            began = time.perf_counter()
            [record async for record in driver.registers()]
            walls.append(time.perf_counter() - began)
        cpu = _cpu() - cpu
    return walls, cpu / times


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


async def one_by_one(url: str, found: ModbusMap) -> float:
    """The same values, a request for each, as a register-by-register reader does."""
    async with open_driver(url, Context(meter_map=found)) as driver:
        assert isinstance(driver, Modbus)
        unit = driver._opened()
        began = time.perf_counter()
        for register in found.registers:
            await unit.words(register.table, register.address, register.width)
        return time.perf_counter() - began


async def by_pymodbus(port: str, found: ModbusMap, times: int) -> float:
    """CPU seconds of the same requests by pymodbus's own client, which keeps no silence: the emulator is told to bear it."""
    client = AsyncModbusSerialClient(port, baudrate=BAUD, timeout=2, retries=0)
    await client.connect()
    blocks = plan(needed(found, ()), found, Cost.serial(found.line, TURNAROUND_MS / 1000))
    cpu = _cpu()
    for _ in range(times):
        for block in blocks:
            answer = await client.read_input_registers(block.address, count=block.count, device_id=1)
            assert len(answer.registers) == block.count
    client.close()
    return (_cpu() - cpu) / times


def serial_rows() -> Iterator[Row]:
    found = sdm630()
    line = replace(found.line, baud=BAUD, parity="N", stop_bits=1)
    arguments = ("--fault", f"turnaround={TURNAROUND_MS}", "--fault", "patient")
    with emulated(_profile(), *arguments) as port:
        url = f"modbus:{port}?baud={BAUD}&parity=N&stopbits=1"
        requests, floor = floor_s(found, line)
        walls, cpu = asyncio.run(readings(url, found, 7))
        wall = statistics.median(walls)
        naive = asyncio.run(one_by_one(url, found))
        what = f"SDM630, {len(found.registers)} values, {BAUD} Bd, {TURNAROUND_MS} ms turnaround"
        yield Row(f"{what}: requests of the plan", requests, "requests")
        yield Row(f"{what}: what the line allows", floor * 1000, "ms")
        yield Row(f"{what}: one reading, median of 7", wall * 1000, "ms")
        yield Row(f"{what}: reading / floor", wall / floor, "x", 1.05)
        yield Row(f"{what}: register by register / by the plan", naive / wall, "x", 5.0, most=False)
        yield Row(f"{what}: CPU of one reading", cpu * 1000, "ms")
        theirs = asyncio.run(by_pymodbus(port, found, 3))
        yield Row(f"{what}: CPU of the same requests by pymodbus's client, nothing decoded", theirs * 1000, "ms")


def _profile() -> str:
    """The map as an emulated meter that answers in its holes too: as a real SDM630, and on the line that is measured."""
    text = (ROOT / "device_maps/eastron/sdm630.toml").read_text()
    file = ROOT / "bench-out" / "sdm630-whole.toml"
    file.parent.mkdir(exist_ok=True)
    rows = "".join(f'  {{ name = "hole {at}", address = {at}, table = "input", type = "u16" }},\n' for at in _holes())
    head, mark, rest = text.partition("registers = [\n")
    file.write_text(head + mark + rows + rest)
    return f"modbus/{file}"


def _holes() -> list[int]:
    found = meter_map("modbus", "eastron/sdm630")
    assert isinstance(found, ModbusMap)
    used = {at for one in found.registers if one.table == "input" for at in range(one.address, one.end)}
    return [at for at in range(max(used)) if at not in used]


async def _many(urls: list[str], found: ModbusMap, seconds: float) -> tuple[int, float, float]:
    count = 0
    stop = time.perf_counter() + seconds

    async def one(url: str) -> None:
        nonlocal count
        async with open_driver(url, Context(meter_map=found)) as driver:
            assert isinstance(driver, Modbus)
            while time.perf_counter() < stop:
                [record async for record in driver.registers()]
                count += 1

    began, cpu = time.perf_counter(), _cpu()
    await asyncio.gather(*(one(url) for url in urls))
    return count, time.perf_counter() - began, (_cpu() - cpu) / count


def tcp_rows() -> Iterator[Row]:
    """One emulator serves them all, so its processor time is in the rate; that of a reading is ours alone."""
    found = replace(sdm630(), timing=Timing(timeout_s=5.0))
    requests = len(plan(needed(found, ()), found, Cost.tcp()))
    with emulated(_profile(), "--listen", "modbus://0.0.0.0:0", "--speed", "max") as where:
        port = where.rpartition(":")[2]
        # 127.0.0.N are all this machine, and each is a bus of its own
        urls = [f"modbus://127.0.0.{number + 1}:{port}?unit=1" for number in range(DEVICES)]
        count, wall, cpu = asyncio.run(_many(urls, found, 3.0))
    what = f"{DEVICES} devices at once over TCP, {len(found.registers)} values in {requests} requests each"
    yield Row(f"{what}: whole readings", count / wall, "readings/s")
    yield Row(f"{what}: requests", count * requests / wall, "requests/s")
    yield Row(f"{what}: CPU of one reading", cpu * 1000, "ms")


def rows() -> Iterator[Row]:
    yield from serial_rows()
    yield from tcp_rows()
