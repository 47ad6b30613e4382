"""The line itself: pacing, noise, lost bytes, echo, unplugging; 8N1 at 115200 as well as 300 Bd."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import serial

from hil.parity import parity_errors, with_even_parity, without_parity
from hil.pty_line import PtyLine
from hil.wire import Wire

pytestmark = pytest.mark.paced

Connect = Callable[[str], Any]


def later() -> float:
    return asyncio.get_running_loop().time() + 2


async def test_a_byte_is_heard_when_its_stop_bit_is_through(connect: Connect) -> None:
    line = PtyLine(300)
    client = connect(line.path)
    start = asyncio.get_running_loop().time()
    os.write(client.fd, b"abcde")
    heard = b""
    while len(heard) < 5:
        heard += await line.receive(later(), 1)
    assert heard == b"abcde"
    # The line looks a few milliseconds early, but says the exact moment.
    assert line.heard_at >= start + 5 / 30
    assert asyncio.get_running_loop().time() >= start + 5 / 30 - 0.005
    line.close()


async def test_bytes_at_another_speed_are_noise(connect: Connect) -> None:
    line = PtyLine(9600)
    client = connect(line.path)
    client.line(2400)
    os.write(client.fd, b"hello")
    heard = b""
    while len(heard) < 5:
        heard += await line.receive(later())
    assert line.counts["noise"] == 5
    assert not any(noise == sent for noise, sent in zip(heard, b"hello", strict=True))
    line.close()


async def test_a_speed_changed_before_the_last_stop_bit_loses_bytes(connect: Connect) -> None:
    line = PtyLine(300)
    client = connect(line.path)
    os.write(client.fd, b"abcdef")
    await asyncio.sleep(0.1)
    client.line(9600)
    heard = await line.receive(later())
    while more := await line.receive(asyncio.get_running_loop().time() + 0.3):
        heard += more
    assert b"abcdef".startswith(heard)
    assert len(heard) < 6
    assert line.counts["early"] == 6 - len(heard)
    line.close()


async def test_what_a_client_at_another_speed_gets_is_noise(connect: Connect) -> None:
    line = PtyLine(9600)
    client = connect(line.path)
    await asyncio.sleep(0.02)
    await line.send(bytes(100))
    assert line.counts["garbled"] == 100
    assert 0 not in client.raw(0.1)
    line.close()


async def test_sending_takes_as_long_as_the_wire_and_no_longer(connect: Connect) -> None:
    line = PtyLine(115200)
    client = connect(line.path)
    client.line(115200)
    await asyncio.sleep(0.02)
    loop = asyncio.get_running_loop()
    start = loop.time()
    end = await line.send(bytes(range(256)) * 8)
    assert end == pytest.approx(start + 2048 * 10 / 115200, abs=0.001)
    assert loop.time() >= end - 0.001
    assert client.raw(0.2, lambda data: len(data) == 2048) == bytes(range(256)) * 8
    line.close()


async def test_nobody_hears_what_is_said_to_nobody(connect: Connect) -> None:
    line = PtyLine(9600)
    await line.send(b"unheard")
    assert line.counts["unheard"] == 7
    client = connect(line.path)
    client.line(9600)
    await asyncio.sleep(0.02)
    await line.send(b"heard")
    assert client.raw(0.1) == b"heard"
    client.close()
    await asyncio.sleep(0.02)
    assert not line.client_here
    line.close()


async def test_an_odd_speed_is_read_exactly(connect: Connect) -> None:

    line = PtyLine(31250)
    port = serial.Serial(line.path, 31250)
    assert line.client_baud == 31250
    port.close()
    line.close()


async def test_a_client_that_does_not_read_overruns(connect: Connect) -> None:
    line = PtyLine(115200)
    client = connect(line.path)
    client.line(115200)
    await asyncio.sleep(0.02)
    await line.send(bytes(30_000))
    assert line.counts["overrun"] > 0
    assert line.counts["overrun"] + len(client.raw(0.3)) == 30_000
    line.close()


async def test_pulled_and_plugged_again_under_one_name(connect: Connect, tmp_path: Path) -> None:
    link = tmp_path / "probe"
    line = PtyLine(9600, link=link)
    client = connect(str(link))
    line.unplug()
    assert not link.is_symlink()
    assert client.raw(0.1) == b""
    line.plug()
    again = connect(str(link))
    again.line(9600)
    os.write(again.fd, b"x")
    assert await line.receive(later()) == b"x"
    line.close()
    assert not link.is_symlink()


async def test_without_real_time_nothing_waits_and_nothing_is_noise(connect: Connect) -> None:
    line = PtyLine(300, Wire(real=False))
    client = connect(line.path)
    client.line(9600)
    start = asyncio.get_running_loop().time()
    os.write(client.fd, b"y" * 1000)
    heard = b""
    while len(heard) < 1000:
        heard += await line.receive(later())
    await line.send(b"z" * 3000)
    assert heard == b"y" * 1000
    assert client.raw(1, lambda data: len(data) == 3000) == b"z" * 3000
    assert asyncio.get_running_loop().time() - start < 10
    line.close()


def test_parity_in_software() -> None:
    every = bytes(range(128))
    assert parity_errors(with_even_parity(every)) == 0
    assert without_parity(with_even_parity(every)) == every
    assert with_even_parity(b"/?!\r\n") == b"\xaf\x3f\x21\x8d\x0a"
    assert parity_errors(b"/?!\r\n") == 2
