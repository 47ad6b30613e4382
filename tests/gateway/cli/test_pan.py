"""`metergate pan` on an emulated stick: formed, a device let in, listed, read, told a price and a text."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow

pytest.importorskip("bellows", reason="the extra zigbee is not installed")


@pytest.fixture(params=[("house", "formed")])
def stick(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    link = tmp_path / "stick"
    house, *faults = request.param
    command = [sys.executable, "-m", "gateway.cli", "emulate", f"zigbee-stick/{house}", "--link", str(link)]
    command += ["--speed", "max"] + [part for fault in faults for part in ("--fault", fault)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield f"zigbee:{link}"
        process.terminate()


def pan(folder: Path, *arguments: str, fails: bool = False, typed: str = "") -> list[dict[str, Any]]:
    environment = {**os.environ, "METERGATE_STATE": str(folder)}
    done = subprocess.run(
        [sys.executable, "-m", "gateway.cli", "pan", *arguments],
        capture_output=True, text=True, env=environment, input=typed, timeout=100,
    )  # fmt: skip
    assert (done.returncode != 0) is fails, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_a_technician_looks_reads_and_tells(stick: str, tmp_path: Path) -> None:
    (network,) = pan(tmp_path, "status", stick)
    assert (network["eui64"], network["channel"]) == ("00124b00deadbe01", "20")
    found = {one["eui64"]: one for one in pan(tmp_path, "devices", stick)}
    assert "0702" in found["0022a30000000101"]["serves"]["1"]
    lines = pan(tmp_path, "read", stick, "0022a30000000101", "--format", "json")
    values = {line["obis"]: line["value"] for line in lines if line["type"] == "reading"}
    assert values["1-0:16.7.0*255"] == "-1.234"
    told = pan(tmp_path, "price", stick, "0.2431", "--currency", "978", "--label", "DAY")
    assert {"type": "told", "eui64": "0022a30000000301", "what": "PublishPrice"} in told
    told = pan(tmp_path, "message", stick, "Peak today", "--device", "0022a30000000301")
    assert told[0]["what"] == "DisplayMessage"


def test_an_install_code_with_a_wrong_digit_opens_nothing(stick: str, tmp_path: Path) -> None:
    code = "83FED3407A939723A5C639B26916D505C3B4"
    assert pan(tmp_path, "permit", stick, f"0022a30000000101|{code}", fails=True) == []


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    """The bench's certificates as a key file."""
    made = subprocess.run(
        [sys.executable, "-m", "hil.zigbee.certificates", "00124b00deadbe01"],
        capture_output=True,
        check=True,
        text=True,
    )
    names = {"certificate": "certificate", "private": "private_key", "authority": "authority"}
    suite = json.loads(made.stdout)["suite_1"]
    file = tmp_path / "keys.toml"
    file.touch(mode=0o600)
    file.write_text("".join(f'"00124b00deadbe01/cs1-{name}" = "hex:{suite[one]}"\n' for name, one in names.items()))
    return file


@pytest.mark.parametrize("stick", [("house",)], indirect=True)
def test_a_network_is_formed_and_a_device_let_in(stick: str, tmp_path: Path, keys: Path) -> None:
    """The meter joins by itself as soon as the door is open for it."""
    (network,) = pan(tmp_path, "form", stick, "--channel", "20")
    assert network["role"] == "energy services interface"
    code = "83FED3407A939723A5C639B26916D505C3B5"
    (joined,) = pan(tmp_path, "permit", stick, "0022a30000000101", "--keys", str(keys), typed=f"{code}\n")
    assert (joined["eui64"], joined["link_key"]) == ("0022a30000000101", True)
    assert code not in str(joined)


@pytest.mark.parametrize("stick", [("utility",)], indirect=True)
def test_the_stick_joins_a_utilitys_network(stick: str, tmp_path: Path, keys: Path) -> None:
    code = "966B9F3EF98AE605"
    (joined,) = pan(tmp_path, "join", stick, "--keys", str(keys), typed=f"{code}{_crc(code)}\n")
    assert (joined["eui64"], joined["link_key"]) == ("0013500100000701", True)
    lines = pan(tmp_path, "read", f"{stick}?role=consumer", "--format", "json")
    assert {line["obis"]: line["value"] for line in lines if line["type"] == "reading"}["1-0:16.7.0*255"] == "0.875"


def _crc(code: str) -> str:
    from drivers.zigbee_se.install_code import crc

    return crc(bytes.fromhex(code)).hex()
