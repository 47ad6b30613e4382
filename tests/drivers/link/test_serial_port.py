"""A serial port: bytes both ways, line changes in place, and every way it can fail named."""

from __future__ import annotations

import array
import asyncio
import fcntl
import os
import subprocess
import sys
import termios
from pathlib import Path
from typing import Any

import pytest

from drivers.errors import LinkLost
from drivers.link.link import LineSettings
from drivers.link.serial_port import open_serial

SLOW = LineSettings(300)


def soon(seconds: float) -> float:
    return asyncio.get_running_loop().time() + seconds


async def test_bytes_both_ways(pty: Any) -> None:
    port = await open_serial(pty.path, LineSettings(9600))
    await port.send(b"/?!\r\n")
    assert os.read(pty.master, 100) == b"/?!\r\n"
    os.write(pty.master, b"answer")
    assert await port.receive(soon(2)) == b"answer"
    assert await port.receive(soon(0.01)) == b""
    await port.close()


async def test_sending_ends_with_the_last_stop_bit_and_not_before(pty: Any) -> None:
    port = await open_serial(pty.path, SLOW)
    start = asyncio.get_running_loop().time()
    left = await port.send(b"/?!\r\n")
    # 5 characters of 10 bits at 300 Bd; a pty would drain in microseconds.
    assert left - start >= 5 * 10 / 300
    await port.close()


async def test_the_line_is_changed_in_place(pty: Any) -> None:
    port = await open_serial(pty.path, SLOW)
    assert pty.baud() == termios.B300
    os.write(pty.master, b"kept")
    await port.set_line(LineSettings(9600))
    assert pty.baud() == termios.B9600
    assert await port.receive(soon(2)) == b"kept"
    await port.close()


async def test_7e1_on_a_pty_again_and_again(pty: Any) -> None:
    """glibc's tcsetattr says EINVAL when nothing but CS7 and PARENB would change."""
    for _ in range(3):
        port = await open_serial(pty.path, LineSettings(300, 7, "E"))
        await port.set_line(LineSettings(300, 7, "E"))
        await port.close()


async def test_who_closes_it_keeps_nobody_out(pty: Any) -> None:
    """The kernel's exclusion ends with the last one who has the device open, which is the emulator's side of a pty."""
    holding = os.open(pty.path, os.O_RDWR | os.O_NOCTTY)
    try:
        port = await open_serial(pty.path, SLOW)
        assert _excludes(holding)
        await port.close()
        assert not _excludes(holding)
    finally:
        os.close(holding)


def _excludes(descriptor: int) -> bool:
    said = array.array("i", [0])
    fcntl.ioctl(descriptor, 0x80045440, said)  # TIOCGEXCL of Linux, which the module termios does not name
    return bool(said[0])


async def test_unplugged_in_mid_block(pty: Any) -> None:
    port = await open_serial(pty.path, SLOW)
    os.write(pty.master, b"half a bl")
    assert await port.receive(soon(2)) == b"half a bl"
    waiting = asyncio.create_task(port.receive(soon(20)))
    await asyncio.sleep(0.05)
    pty.unplug()
    with pytest.raises(LinkLost, match="went away"):
        await waiting
    with pytest.raises(LinkLost, match="went away"):
        await port.send(b"x")
    await port.close()


async def test_no_such_device() -> None:
    with pytest.raises(LinkLost, match="no such device"):
        await open_serial("/dev/ttyNOTHERE", SLOW)


async def test_a_file_is_no_serial_device(tmp_path: Path) -> None:
    file = tmp_path / "capture.txt"
    file.write_text("x")
    with pytest.raises(LinkLost, match="no serial device"):
        await open_serial(str(file), SLOW)


async def test_held_by_another_process_names_it(pty: Any) -> None:
    program = (
        "import fcntl, os, sys, time\n"
        f"fd = os.open({pty.path!r}, os.O_RDWR | os.O_NOCTTY)\n"
        "fcntl.flock(fd, fcntl.LOCK_EX)\n"
        "print('held', flush=True)\n"
        "time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        try:
            with pytest.raises(LinkLost, match=rf"held by .*pid {holder.pid}"):
                await open_serial(pty.path, SLOW)
        finally:
            holder.kill()


async def test_held_by_ourselves(pty: Any) -> None:
    port = await open_serial(pty.path, SLOW)
    with pytest.raises(LinkLost, match="held by"):
        await open_serial(pty.path, SLOW)
    await port.close()


async def test_unread_input_is_bounded(pty: Any) -> None:
    """A babbling line does not fill the memory of a gateway that is busy elsewhere."""
    port = await open_serial(pty.path, LineSettings(115200))
    os.set_blocking(pty.master, False)
    written = 0
    for _ in range(4000):
        try:
            written += os.write(pty.master, b"x" * 1000)
        except BlockingIOError:
            await asyncio.sleep(0.0005)
    assert written > 1 << 20
    assert len(await port.receive(soon(2))) <= (1 << 20) + 4096
    assert await port.receive(soon(2))
    await port.close()
