"""Clients of emulated COSEM meters: dlms-cosem 21.3.2 over the wrapper, and one written here for HDLC."""

from __future__ import annotations

import json
import os
import select
import socket
import subprocess
import termios
import time
import tty
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from dlms_cosem import cosem
from dlms_cosem import enumerations as names
from dlms_cosem.clients.blocking_tcp_transport import BlockingTcpTransport
from dlms_cosem.clients.dlms_client import DlmsClient

from hil.dlms import hdlc_frame as hdlc
from hil.dlms.hdlc_frame import Frame, Splitter
from hil.dlms.hdlc_station import negotiation, negotiation_field
from hil.peers import environment


@pytest.fixture
def wrapper_client() -> Callable[..., Any]:
    """Opens dlms-cosem's client on ``host:port``."""

    def opened(address: str, client: int = 16, **more: Any) -> Any:
        host, _, port = address.partition(":")
        transport = BlockingTcpTransport(host, int(port), client, 1, timeout=10)
        return DlmsClient(client, 1, transport, timeout=10, **more)

    return opened


@pytest.fixture
def attribute() -> Callable[..., cosem.CosemAttribute]:
    """An attribute by class, six groups and number."""

    def made(class_id: int, name: bytes, number: int) -> cosem.CosemAttribute:
        return cosem.CosemAttribute(names.CosemInterface(class_id), cosem.Obis(*name), number)

    return made


class HdlcClient:
    """Just enough of a client to speak with a station: a socket, or a pty at some speed."""

    def __init__(self, address: str, client: int = 16, server: bytes = b"\x03", baud: int = 9600) -> None:
        self.socket: socket.socket | None = None
        if address.startswith("/"):
            self.fd = os.open(address, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
            tty.setraw(self.fd)
            settings = termios.tcgetattr(self.fd)
            settings[4] = settings[5] = getattr(termios, f"B{baud}")
            termios.tcsetattr(self.fd, termios.TCSANOW, settings)
        else:
            host, _, port = address.partition(":")
            self.socket = socket.create_connection((host, int(port)))
            self.fd = self.socket.fileno()
        self.source = bytes([client << 1 | 1])
        self.server = server
        self.splitter = Splitter()
        self.ns = self.nr = 0
        self.parameters: dict[int, int] = {}
        self.frames: list[Frame] = []
        self.heard = b""

    def send(self, control: int, information: bytes = b"", segmented: bool = False) -> None:
        self.write(Frame(self.server, self.source, control, information, segmented).encode())

    def write(self, data: bytes) -> None:
        os.write(self.fd, data)

    def receive(self, seconds: float = 10) -> list[Frame]:
        """Frames up to one with the final bit; nothing after ``seconds``."""
        found: list[Frame] = []
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            if select.select([self.fd], [], [], left)[0]:
                data = os.read(self.fd, 4096)
                self.heard += data
                found += self.splitter.feed(data)
                if found and found[-1].poll:
                    break
        self.frames += found
        return found

    def snrm(self, info: int = 0, window: int = 1) -> Frame:
        field = negotiation_field(info, info, window, window) if info else b""
        self.send(hdlc.SNRM | hdlc.POLL_FINAL, field)
        answer = self.receive()[-1]
        self.parameters = negotiation(answer.information)
        self.ns = self.nr = 0
        return answer

    def request(self, apdu: bytes) -> bytes:
        """Send an APDU in one frame and gather the answer's segments."""
        self.send(hdlc.information(self.ns, self.nr, final=True), bytes.fromhex("E6E600") + apdu)
        self.ns = (self.ns + 1) % 8
        return self.gather()

    def gather(self) -> bytes:
        whole = b""
        while True:
            for frame in self.receive():
                assert frame.kind == "I"
                assert frame.ns == self.nr
                self.nr = (self.nr + 1) % 8
                whole += frame.information
                if not frame.segmented:
                    assert whole[:3] == bytes.fromhex("E6E700")
                    return whole[3:]
            self.send(hdlc.receive_ready(self.nr))

    def close(self) -> None:
        if self.socket is not None:
            self.socket.close()
        elif self.fd >= 0:
            os.close(self.fd)
        self.fd = -1


@pytest.fixture
def hdlc_client() -> Iterator[Callable[..., HdlcClient]]:
    """Opens HDLC clients, and closes those that the test has left."""
    opened: list[HdlcClient] = []

    def open_client(address: str, **more: Any) -> HdlcClient:
        opened.append(HdlcClient(address, **more))
        return opened[-1]

    yield open_client
    for each in opened:
        each.close()


@pytest.fixture
def peer_client(repository: Path) -> Callable[..., dict[str, Any]]:
    """Runs somebody else's client, ``gurux`` or ``dlms-cosem``, with the arguments of its script in hil/peers."""

    def run(peer: str, *arguments: str) -> dict[str, Any]:
        try:
            interpreter = environment.python(peer)
        except environment.PeerUnavailable as error:
            pytest.skip(str(error))
        script = repository / f"hil/peers/{peer.replace('-', '_')}_client.py"
        done = subprocess.run([interpreter, script, *arguments], capture_output=True, text=True, timeout=100)
        assert done.returncode == 0, done.stderr
        # gurux-dlms prints remarks of its own before.
        found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return found

    return run
