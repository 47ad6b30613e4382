"""``metergate run``: an emulated meter is read when it is due, its message is in the directory, valid, and SIGTERM ends well."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from lxml import etree

from gateway.messages import codec
from gateway.messages.envelope import EventMessage

pytestmark = pytest.mark.paced

CONFIG = """
[gateway]
name = "bench-1"
state = "{state}"
zone = "Europe/Berlin"
jitter = "0s"

[gateway.metrics]
port = {metrics}

[[meter]]
name = "main"
url = "dlms://{port}?client=16&server=1"
usage_point = "up-7"
[[meter.read]]
every = "5s"

[[sink]]
type = "directory"
name = "files"
path = "{out}"
"""


class Manager:
    """A service manager's end of sd_notify: hears all the time, as systemd does."""

    def __init__(self, path: Path) -> None:
        self.told: list[bytes] = []
        self.address = str(path)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(self.address)
        self._thread = threading.Thread(target=self._hear)
        self._thread.start()

    def _hear(self) -> None:
        while (message := self._socket.recv(100)) != b"END":
            self.told.append(message)

    def close(self) -> None:
        self._socket.connect(self.address)
        self._socket.send(b"END")
        self._thread.join()
        self._socket.close()


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[Manager]:
    listening = Manager(tmp_path / "notify")
    yield listening
    listening.close()


@pytest.fixture
def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@pytest.fixture
def running(
    tmp_path: Path, emulated_meter: Callable[..., str], manager: Manager, free_port: int
) -> Iterator[subprocess.Popen[str]]:
    file = tmp_path / "metergate.toml"
    port = emulated_meter("dlms/household")
    file.write_text(CONFIG.format(state=tmp_path / "state", port=port, out=tmp_path / "out", metrics=free_port))
    process = subprocess.Popen(
        [sys.executable, "-m", "gateway.cli", "run", "-c", str(file)],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "NOTIFY_SOCKET": manager.address, "WATCHDOG_USEC": "500000"},
    )
    yield process
    if process.poll() is None:
        process.kill()
    process.communicate()


def test_what_is_due_is_read_and_delivered(
    running: subprocess.Popen[str],
    tmp_path: Path,
    oracle: Callable[[str], etree.XMLSchema],
    manager: Manager,
    free_port: int,
) -> None:
    deadline = time.monotonic() + 100
    while not (found := sorted((tmp_path / "out").glob("*.xml"))) and time.monotonic() < deadline:
        assert running.poll() is None, running.stderr and running.stderr.read()
        time.sleep(0.1)
    figures = httpx.get(f"http://127.0.0.1:{free_port}/metrics", trust_env=False).text
    assert re.search(r'metergate_jobs_total\{link="[^"]+",result="done"\} [1-9]', figures), figures
    assert re.search(r'metergate_messages_total\{outcome="delivered",sink="files"\} \d', figures), figures
    running.send_signal(signal.SIGTERM)
    assert running.wait(90) == 0
    assert manager.told[0] == b"READY=1"
    assert set(manager.told) == {b"READY=1", b"WATCHDOG=1", b"STOPPING=1"}
    data = found[0].read_bytes()
    oracle("Message").assertValid(etree.fromstring(data))
    message = codec.read(data).message
    assert isinstance(message, EventMessage)
    assert (message.header.source, str(message.header.verb), message.header.noun) == (
        "bench-1",
        "created",
        "MeterReadings",
    )
    assert message.payload is not None
    (readings,) = message.payload.content
    oracle("MeterReadings").assertValid(etree.fromstring(codec.to_bytes(readings)))
    (meter,) = readings.meter_reading
    assert meter.usage_point.mrid == "up-7"
    types = {reading.reading_type: reading for reading in meter.readings}
    energy = types["0.0.0.1.1.1.12.0.0.0.0.0.0.0.0.0.72.0"]
    assert int(energy.value) > 12_000_000
