"""The running gateway says of its home area network what lasts: a lost stick, a memory that was lost; and it ends soon."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

pytest.importorskip("bellows", reason="the extra zigbee is not installed")

CONFIG = """
[gateway]
name = "gw"
zone = "Europe/Berlin"
state = "{folder}/state"

[[meter]]
name = "home"
url = "zigbee:{folder}/stick?database={folder}/home.db"

[[sink]]
type = "directory"
name = "out"
path = "{folder}/out"
"""


def strike(link: Path, what: str) -> None:
    with socket.socket(socket.AF_UNIX) as control:
        control.connect(f"{link}.control")
        control.sendall(json.dumps({"do": "stick", "what": what}).encode() + b"\n")
        assert json.loads(control.recv(1000))["ok"]


def test_what_lasts_is_a_state_and_the_end_is_soon(tmp_path: Path) -> None:
    link, log = tmp_path / "stick", tmp_path / "log"
    (tmp_path / "metergate.toml").write_text(CONFIG.format(folder=tmp_path))
    (tmp_path / "home.esi.json").write_text("no JSON")

    def until(words: str, within_s: float = 60) -> None:
        deadline = time.monotonic() + within_s
        while words not in log.read_text():
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.1)

    emulate = [sys.executable, "-m", "gateway.cli", "emulate", "zigbee-stick/house", "--link", str(link)]
    run = [sys.executable, "-m", "gateway.cli", "run", "-c", str(tmp_path / "metergate.toml")]
    with (
        subprocess.Popen([*emulate, "--fault", "formed"], stdout=subprocess.PIPE) as stick,
        log.open("w") as said,
    ):
        assert stick.stdout is not None
        stick.stdout.readline()
        with subprocess.Popen(run, stderr=said, env=os.environ) as gateway:
            until("network home, memory: what devices were told could not be read")
            strike(link, "unplug")
            until("network home: stick lost")
            strike(link, "plug")
            until("network home: well again")
            strike(link, "unplug")
            gateway.send_signal(signal.SIGTERM)
            assert gateway.wait(20) == 0
        stick.terminate()
