"""A gateway killed in the middle of a control or before a switch of customers: each is done once, and told once."""

from __future__ import annotations

import os
import queue
import random
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from hil.head_end import HeadEnd, Received, read
from hil.head_end.asking import request

pytestmark = [pytest.mark.slow, pytest.mark.paced]

CONFIG = """
[gateway]
name = "bench-1"
state = "{state}"
jitter = "0s"

[headend]

[[meter]]
name = "main"
url = "dlms://{url}?client=1&auth=lls"
usage_point = "up-7"

[[sink]]
type = "http"
name = "mdm"
url = "{head_end}"
"""
CONTROL = """<EndDeviceControls xmlns="http://iec.ch/TC57/2011/EndDeviceControls#"><EndDeviceControl>
<issuerTrackingID>{tracking}</issuerTrackingID><EndDeviceControlType ref="{code}"/>
<EndDevices><Names><name>main</name></Names></EndDevices></EndDeviceControl></EndDeviceControls>"""
AGREEMENT = """<CustomerAgreementConfig xmlns="http://iec.ch/TC57/2011/CustomerAgreementConfig#"><CustomerAgreement>
<mRID>{name}</mRID></CustomerAgreement></CustomerAgreementConfig>"""
LINKAGE = """<MasterDataLinkageConfig xmlns="http://iec.ch/TC57/2011/MasterDataLinkageConfig#"><ConfigurationEvent>
<createdDateTime>{at}</createdDateTime><effectiveDateTime>{at}</effectiveDateTime></ConfigurationEvent>
<CustomerAgreement><mRID>{name}</mRID></CustomerAgreement><Meter><Names><name>main</name></Names></Meter>
</MasterDataLinkageConfig>"""


class Gateway:
    """A gateway that can be killed and started again, asked by the socket of its machine."""

    def __init__(self, file: Path, socket: Path) -> None:
        self.file = file
        self.socket = socket
        self.start()

    def start(self) -> None:
        environment = {**os.environ, "METERGATE_KEY_DEFAULT_LLS": "text:00000000"}
        command = [sys.executable, "-m", "gateway.cli", "run", "-c", str(self.file)]
        self.process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def ask(self, verb: str, noun: str, payload: str) -> Received:
        """Repeats the very same message until it is answered, as a head end does."""
        name = str(uuid.uuid4())
        body = request(
            verb, noun, source="local", message_id=name, correlation_id=name, at=datetime.now(UTC), payload=payload
        )
        deadline = time.monotonic() + 60
        while True:
            try:
                with httpx.Client(transport=httpx.HTTPTransport(uds=str(self.socket)), timeout=30) as client:
                    return read(client.post("http://gateway/messages", content=body).content)
            except httpx.TransportError:
                assert time.monotonic() < deadline
                time.sleep(0.1)


@pytest.fixture
def listening() -> Iterator[HeadEnd]:
    made = HeadEnd()
    yield made
    made.close()


@pytest.fixture
def gateway(tmp_path: Path, emulated_meter: Callable[..., str], listening: HeadEnd) -> Iterator[Gateway]:
    file = tmp_path / "metergate.toml"
    url = emulated_meter("dlms/idis")
    file.write_text(CONFIG.format(state=tmp_path / "state", url=url, head_end=listening.url))
    made = Gateway(file, tmp_path / "state" / "requests.sock")
    yield made
    made.kill()


def told(listening: HeadEnd, wanted: Callable[[Received], bool], many: int, within_s: float = 60) -> list[Received]:
    """What was told of the wanted, each MessageID once; waits a little longer for one too many."""
    found: dict[str, Received] = {}
    deadline = time.monotonic() + within_s
    while (left := deadline - time.monotonic()) > 0:
        try:
            message = listening.received.get(timeout=left)
        except queue.Empty:
            break
        if wanted(message) and message.message_id not in found:
            found[message.message_id] = message
            if len(found) >= many:
                deadline = min(deadline, time.monotonic() + 3)
    return list(found.values())


def test_a_control_is_done_once(gateway: Gateway, listening: HeadEnd) -> None:
    chance = random.Random(7)
    for number in range(6):
        code, done = (("3.31.0.23", "3.31.0.68"), ("3.31.0.18", "3.31.0.42"))[number % 2]
        tracking = f"t-{number}"
        assert gateway.ask("create", "EndDeviceControls", CONTROL.format(tracking=tracking, code=code)).codes == (
            "0.3",
        )
        time.sleep(chance.random() * 0.05)
        gateway.kill()
        gateway.start()
        found = told(listening, lambda one, tracking=tracking: tracking in one.said, 1)
        assert len(found) == 1, [one.body for one in found]
        # Done before or after the kill, or not at all because the kill came between note and wire: never both.
        assert (done in found[0].said) != bool({"3.31.0.84", "3.31.0.67"} & found[0].said)


def test_a_restart_changes_nothing_in_a_switch(gateway: Gateway, listening: HeadEnd) -> None:
    for name in ("alice", "bob"):
        answer = gateway.ask("create", "CustomerAgreementConfig", AGREEMENT.format(name=name))
        assert answer.result == "OK"
    past = (datetime.now(UTC) - timedelta(seconds=1)).isoformat()
    gateway.ask("create", "MasterDataLinkageConfig", LINKAGE.format(name="alice", at=past))
    assert len(told(listening, lambda one: "moveIn" in one.said, 1)) == 1
    soon = (datetime.now(UTC) + timedelta(seconds=4)).isoformat()
    answer = gateway.ask("create", "MasterDataLinkageConfig", LINKAGE.format(name="bob", at=soon))
    assert answer.codes == ("0.3",)
    gateway.kill()
    time.sleep(5)
    gateway.start()
    found = told(listening, lambda one: bool({"moveIn", "moveOut"} & one.said), 2)
    assert [{"moveOut": "moveOut" in one.said, "moveIn": "moveIn" in one.said} for one in found] == [
        {"moveOut": True, "moveIn": False},
        {"moveOut": False, "moveIn": True},
    ]
    assert all("up-7" in one.said for one in found)
