"""Independent programs on the other end: a server made of libmodbus for our driver, mbpoll as client of our emulator."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import socket
import subprocess
import tty
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from drivers.driver import Context
from drivers.link.link import LineSettings
from drivers.meter_url import parse
from drivers.modbus import pdu
from drivers.modbus.buses import bus_of
from drivers.modbus.exchange import Refusal
from drivers.modbus.reader import Unit
from drivers.modbus.registers import Table, Timing

pytestmark = pytest.mark.peer

BAUD = 115200


@pytest.fixture(scope="session")
def libmodbus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The server, built here; skips where there is no compiler or no libmodbus-dev."""
    if not shutil.which("cc") or not Path("/usr/include/modbus/modbus.h").is_file():
        pytest.skip("no cc or no libmodbus-dev: apt install gcc libc6-dev libmodbus-dev")
    built = tmp_path_factory.mktemp("libmodbus") / "server"
    source = Path(__file__).parent / "peers" / "server.c"
    subprocess.run(["cc", "-O1", "-Wall", "-Werror", "-o", built, source, "-lmodbus"], check=True)
    return built


@asynccontextmanager
async def running(*command: str) -> AsyncIterator[None]:
    process = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        assert await asyncio.wait_for(process.stdout.readline(), 10) == b"ready\n"
        yield
    finally:
        process.kill()
        await process.wait()


@asynccontextmanager
async def pty_pair() -> AsyncIterator[tuple[str, str]]:
    """Two ptys, joined: what goes in at one comes out at the other."""
    loop = asyncio.get_running_loop()
    ends = [os.openpty() for _ in range(2)]
    masters = [master for master, _ in ends]
    for master, slave in ends:
        tty.setraw(slave)
        os.set_blocking(master, False)
    for here, there in (masters, masters[::-1]):
        loop.add_reader(here, lambda here=here, there=there: os.write(there, os.read(here, 4096)))
    try:
        yield os.ttyname(ends[0][1]), os.ttyname(ends[1][1])
    finally:
        for master in masters:
            loop.remove_reader(master)
        for pair in ends:
            for number in pair:
                os.close(number)


async def check_everything(url: str) -> None:
    """All 200 registers of both tables in blocks of several sizes, bits, writes, and the refusal at the end."""
    async with bus_of(parse(url), Context(), LineSettings(BAUD)) as bus:
        unit = Unit(bus, 1, Timing(timeout_s=2.0))
        for size in (1, 7, 125):
            for at in range(0, 200, size):
                count = min(size, 200 - at)
                assert await unit.words(Table.HOLDING, at, count) == list(range(at, at + count))
                assert await unit.words(Table.INPUT, at, count) == list(range(1000 + at, 1000 + at + count))
        for table in (Table.COIL, Table.DISCRETE):
            assert await unit.words(table, 1, 100) == [int(n % 3 == 0) for n in range(1, 101)]
        with pytest.raises(Refusal, match="exception 2"):
            await unit.words(Table.HOLDING, 199, 2)
        await bus.ask(pdu.write_register(1, 5, 4711), unit.timing)
        await bus.ask(pdu.write_registers(1, 6, [1, 2, 3]), unit.timing)
        await bus.ask(pdu.write_coil(1, 1, True), unit.timing)
        assert await unit.words(Table.HOLDING, 5, 4) == [4711, 1, 2, 3]
        assert await unit.words(Table.COIL, 1, 1) == [1]
        assert "LMB" in pdu.server_id_text(await bus.ask(pdu.server_id(1), unit.timing))


async def test_libmodbus_over_tcp(libmodbus: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    async with running(str(libmodbus), "tcp", str(port)):
        await check_everything(f"modbus://127.0.0.1:{port}")


async def test_libmodbus_on_a_serial_line(libmodbus: Path) -> None:
    async with pty_pair() as (ours, theirs), running(str(libmodbus), "rtu", theirs, str(BAUD)):
        await check_everything(f"modbus:{ours}")


async def mbpoll(*arguments: str) -> str:
    if not shutil.which("mbpoll"):
        pytest.skip("no mbpoll: apt install mbpoll")
    process = await asyncio.create_subprocess_exec(
        "mbpoll", *arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    out, _ = await asyncio.wait_for(process.communicate(), 30)
    return out.decode()


def read_by_mbpoll(said: str) -> list[int]:
    return [int(value) for value in re.findall(r"^\[\d+\]:\s+(-?\d+)", said, re.MULTILINE)]


@pytest.mark.parametrize(("kind", "first"), [("4", 0), ("3", 1000)])
async def test_mbpoll_reads_our_emulator(serve: Callable[..., object], kind: str, first: int) -> None:
    serial = await serve(baud=19200)  # type: ignore[misc]
    said = await mbpoll(
        "-m",
        "rtu",
        "-b",
        "19200",
        "-P",
        "none",
        "-a",
        "1",
        "-0",
        "-r",
        "10",
        "-c",
        "50",
        "-t",
        kind,
        "-1",
        serial.where,
    )
    assert read_by_mbpoll(said) == list(range(first + 10, first + 60)), said
    tcp = await serve(tcp="mbap")  # type: ignore[misc]
    host, _, port = tcp.where.partition(":")
    said = await mbpoll("-m", "tcp", "-p", port, "-a", "1", "-0", "-r", "10", "-c", "50", "-t", kind, "-1", host)
    assert read_by_mbpoll(said) == list(range(first + 10, first + 60)), said


async def test_mbpoll_is_refused_by_our_emulator_as_the_standard_says(serve: Callable[..., object]) -> None:
    tcp = await serve(tcp="mbap")  # type: ignore[misc]
    host, _, port = tcp.where.partition(":")
    said = await mbpoll("-m", "tcp", "-p", port, "-a", "1", "-0", "-r", "290", "-c", "20", "-t", "4", "-1", host)
    assert "Illegal data address" in said
