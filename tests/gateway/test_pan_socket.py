"""A technician works on the home area network of a gateway that runs: `metergate pan` by the name of its meter."""

from __future__ import annotations

import json
import os
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

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
url = "zigbee:{folder}/stick?database={folder}/home.db{more}"

[[sink]]
type = "directory"
name = "out"
path = "{folder}/out"
"""
METER, DISPLAY = "0022a30000000101", "0022a30000000301"
CODE = "83FED3407A939723A5C639B26916D505C3B5"
METERGATE = [sys.executable, "-m", "gateway.cli"]


@pytest.fixture(params=[("formed", "")])
def running(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Path]:
    """The configuration of a gateway that holds an emulated stick."""
    fault, more = request.param
    file = tmp_path / "metergate.toml"
    file.write_text(CONFIG.format(folder=tmp_path, more=more))
    emulate = [*METERGATE, "emulate", "zigbee-stick/house", "--link", str(tmp_path / "stick"), "--speed", "max"]
    emulate += ["--fault", fault]
    with subprocess.Popen(emulate, stdout=subprocess.PIPE) as stick:
        assert stick.stdout is not None
        stick.stdout.readline()
        with subprocess.Popen([*METERGATE, "run", "-c", str(file)], env=os.environ) as gateway:
            deadline = time.monotonic() + 30
            while pan(file, "status", "home", code=None).returncode != 0:
                assert time.monotonic() < deadline
                time.sleep(0.2)
            yield file
            gateway.terminate()
            assert gateway.wait(20) == 0
        stick.terminate()


def pan(file: Path, *arguments: str, code: int | None = 0, typed: str = "") -> subprocess.CompletedProcess[str]:
    command = [*METERGATE, "pan", *arguments, "-c", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, input=typed, timeout=100, check=False)
    assert code in (None, done.returncode), done.stderr
    return done


def lines(done: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in done.stdout.splitlines()]


def audited(file: Path) -> str:
    command = [*METERGATE, "audit", "-c", str(file)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_a_technician_looks_reads_and_tells_while_the_gateway_runs(running: Path) -> None:
    (network,) = lines(pan(running, "status", "home"))
    assert (network["eui64"], network["role"]) == ("00124b00deadbe01", "energy services interface")
    assert METER in {one["eui64"] for one in lines(pan(running, "devices", "home"))}
    values = {
        (one["meter"], one["obis"]): one["value"]
        for one in lines(pan(running, "read", "home", METER, "--format", "json"))
        if one["type"] == "reading"
    }
    assert values["BENCH000101", "1-0:16.7.0*255"] == "-1.234"
    assert b"<" in pan(running, "read", "home", METER, "--format", "xml").stdout.encode()
    told = lines(pan(running, "price", "home", "0.2431", "--currency", "978"))
    assert {"type": "told", "eui64": DISPLAY, "what": "PublishPrice"} in told
    *_, confirmed = lines(pan(running, "message", "home", "Peak today", "--confirm", "--wait", "60"))
    assert (confirmed["type"], confirmed["log"]) == ("event", "MessageConfirmation")
    log = audited(running)
    assert "technician (" in log
    assert "price at home amount=0.2431 currency=978" in log
    assert "message at home" in log
    assert "Peak today" in log


def test_what_cannot_be_done_is_said_with_its_exit_code(running: Path) -> None:
    assert "holds no network 'away'" in pan(running, "status", "away", code=2).stderr
    refused = pan(
        running, "price", "home", "0.2431", "--currency", "978", "--label", "a label that is too long", code=2
    )
    assert "longer than 12 octets" in refused.stderr
    # A price that was refused was told to nobody, and is in the log all the same.
    assert "longer than 12 octets" in audited(running)


def test_what_is_no_request_ends_in_one_error_and_harms_nothing(running: Path) -> None:
    path = running.parent / "state" / "pan.sock"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    for sent in (
        b"\n",
        b"{}\n",
        b'{"network":"home","work":{"do":"form"}}\n',
        b"\xff\xfe\n",
        b"x" * 70_000 + b"\n",
        b"",
    ):
        with socket.socket(socket.AF_UNIX) as line:
            line.connect(str(path))
            line.sendall(sent)
            line.shutdown(socket.SHUT_WR)
            said = line.makefile().read()
        assert json.loads(said)["type"] == "error", sent
    pan(running, "status", "home")


@pytest.mark.parametrize("running", [("seed=1", "&form=yes&channel=20")], indirect=True)
def test_a_device_is_let_in_and_who_hangs_up_ends_the_work(running: Path, tmp_path: Path) -> None:
    path = running.parent / "state" / "pan.sock"
    work = {"do": "permit", "device": "0022a300000009ff", "code": CODE, "seconds": 60}
    with socket.socket(socket.AF_UNIX) as line:
        line.connect(str(path))
        line.sendall(json.dumps({"network": "home", "work": work}).encode() + b"\n")
        assert "is open for" in line.makefile().readline()
    deadline = time.monotonic() + 10
    while "broken off" not in audited(running):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert CODE not in audited(running)
    # Without certificates there is no key: it says so.
    refused = pan(running, "permit", "home", METER, "--seconds", "60", typed=f"{CODE}\n", code=None)
    assert refused.returncode != 0
    assert "no certificate of suite 1" in refused.stderr


def test_without_a_running_gateway_the_stick_is_named(tmp_path: Path) -> None:
    file = tmp_path / "metergate.toml"
    file.write_text(CONFIG.format(folder=tmp_path, more=""))
    said = pan(file, "status", "home", code=None)
    assert said.returncode != 0
    assert "does not run" in said.stderr


async def test_a_place_where_no_socket_can_be_is_said(tmp_path: Path) -> None:
    """A path of a socket has 107 octets at the most; whoever serves it says so, and the gateway goes on."""
    from drivers.driver import utc_now
    from drivers.errors import UsageError
    from gateway.acquisition.pan_socket import PanSocket
    from gateway.store.store import open_store

    folder = tmp_path / ("x" * 100)
    folder.mkdir()
    store, _ = open_store(tmp_path / "store.db")
    with pytest.raises(UsageError, match="technicians cannot be served there"):
        await PanSocket(folder / "pan.sock", {}, store, utc_now).serve()
    store.close()
