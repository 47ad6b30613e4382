"""``metergate run``: an emulated meter is read when it is due, its message is in the directory, valid, and SIGTERM ends well."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

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

[[meter]]
name = "main"
url = "iec62056-21:{port}"
usage_point = "up-7"
[[meter.read]]
every = "5s"

[[sink]]
type = "directory"
name = "files"
path = "{out}"
"""


@pytest.fixture
def running(tmp_path: Path, emulated_meter: Callable[..., str]) -> Iterator[subprocess.Popen[str]]:
    file = tmp_path / "metergate.toml"
    port = emulated_meter("iec62056-21/mode-e")
    file.write_text(CONFIG.format(state=tmp_path / "state", port=port, out=tmp_path / "out"))
    process = subprocess.Popen(
        [sys.executable, "-m", "gateway.cli", "run", "-c", str(file)], stderr=subprocess.PIPE, text=True
    )
    yield process
    if process.poll() is None:
        process.kill()
    process.communicate()


def test_what_is_due_is_read_and_delivered(
    running: subprocess.Popen[str], tmp_path: Path, oracle: Callable[[str], etree.XMLSchema]
) -> None:
    deadline = time.monotonic() + 60
    while not (found := sorted((tmp_path / "out").glob("*.xml"))) and time.monotonic() < deadline:
        assert running.poll() is None, running.stderr and running.stderr.read()
        time.sleep(0.1)
    running.send_signal(signal.SIGTERM)
    assert running.wait(20) == 0
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
    assert "518.22" in {reading.value for reading in meter.readings}
