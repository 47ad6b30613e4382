"""A client made of nothing but os and termios, and emulators as processes of their own."""

from __future__ import annotations

import os
import select
import subprocess
import sys
import termios
import time
import tty
from collections.abc import Callable, Iterator
from functools import reduce
from operator import xor
from pathlib import Path

import pytest

SPEEDS = {baud: getattr(termios, f"B{baud}") for baud in (300, 600, 1200, 2400, 4800, 9600, 19200, 115200)}


def even(data: bytes) -> bytes:
    return bytes(value | (value.bit_count() & 1) << 7 for value in data)


class Client:
    """Someone's program at the other end of the line, 8N1, with the parity bit of 7E1 in bit 7."""

    def __init__(self, path: str) -> None:
        self.fd = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        tty.setraw(self.fd)
        self.baud = 0
        self.line(300)

    def line(self, baud: int) -> None:
        settings = termios.tcgetattr(self.fd)
        settings[4] = settings[5] = SPEEDS[baud]
        termios.tcsetattr(self.fd, termios.TCSANOW, settings)
        self.baud = baud

    def send(self, data: bytes, drain: bool = True) -> float:
        """Write; wait until the last stop bit is through. Returns that moment."""
        start = time.monotonic()
        os.write(self.fd, even(data))
        end = start + len(data) * 10 / self.baud
        if drain:
            # As a good client does: computed, and a little more (facts of USB chips), so the machine may be busy.
            time.sleep(end - time.monotonic() + 0.005)
        return end

    def raw(self, seconds: float, until: Callable[[bytes], bool] = lambda _: False) -> bytes:
        """What comes within ``seconds``, as it is on the wire, or until it is enough."""
        deadline, data = time.monotonic() + seconds, b""
        while (left := deadline - time.monotonic()) > 0 and not until(data):
            if select.select([self.fd], [], [], left)[0]:
                try:
                    piece = os.read(self.fd, 4096)
                except OSError:
                    break
                if not piece:
                    break
                data += piece
        return data

    def text(self, seconds: float, until: Callable[[bytes], bool] = lambda _: False) -> bytes:
        """As ``raw``, the parity bits taken off."""
        return bytes(value & 0x7F for value in self.raw(seconds, lambda data: until(bytes(v & 0x7F for v in data))))

    def message(self, seconds: float = 5) -> bytes:
        """One block up to its BCC."""
        return self.text(seconds, whole)

    def sign_on(self, address: str = "") -> bytes:
        self.send(f"/?{address}!\r\n".encode())
        return self.text(4, lambda data: data.endswith(b"\n"))

    def select(self, option: str, baud: int) -> float:
        end = self.send(f"\x06{option}\r\n".encode())
        self.line(baud)
        return end

    def command(self, name: str, content: str) -> None:
        checked = f"{name}\x02{content}\x03".encode()
        self.send(b"\x01" + checked + bytes([reduce(xor, checked)]))

    def close(self) -> None:
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1


def whole(data: bytes) -> bool:
    return len(data) > 1 and data[-2:-1] in (b"\x03", b"\x04")


def bcc_is_right(message: bytes) -> bool:
    start = min(place for place in (message.find(b"\x01"), message.find(b"\x02")) if place >= 0)
    return reduce(xor, message[start + 1 : -1]) == message[-1]


@pytest.fixture
def check() -> Callable[[bytes], bool]:
    """Whether a block's BCC is right."""
    return bcc_is_right


class Emulator:
    """``metergate emulate`` in a process of its own."""

    def __init__(self, root: Path, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "gateway.cli", "emulate", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=root,
            env={**os.environ, "PYTHONPATH": str(root)},
        )
        assert self.process.stdout is not None
        self.path = self.process.stdout.readline().strip()

    def stop(self) -> int:
        self.process.terminate()
        code = self.process.wait(10)
        for stream in (self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()
        return code


@pytest.fixture
def emulator(repository: Path) -> Iterator[Callable[..., Emulator]]:
    """Starts emulators, and ends those that the test has left."""
    started: list[Emulator] = []

    def start(*arguments: str) -> Emulator:
        started.append(Emulator(repository, *arguments))
        return started[-1]

    yield start
    for each in started:
        if each.process.poll() is None:
            each.stop()


@pytest.fixture
def connect() -> Iterator[Callable[[str], Client]]:
    """Opens clients, and closes those that the test has left."""
    opened: list[Client] = []

    def open_client(path: str) -> Client:
        opened.append(Client(path))
        return opened[-1]

    yield open_client
    for each in opened:
        each.close()
