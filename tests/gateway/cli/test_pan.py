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


@pytest.fixture
def stick(tmp_path: Path) -> Iterator[str]:
    link = tmp_path / "stick"
    command = [sys.executable, "-m", "gateway.cli", "emulate", "zigbee-stick/house", "--link", str(link)]
    with subprocess.Popen(
        [*command, "--speed", "max", "--fault", "formed"], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield f"zigbee:{link}"
        process.terminate()


def pan(folder: Path, *arguments: str, fails: bool = False) -> list[dict[str, Any]]:
    environment = {**os.environ, "METERGATE_STATE": str(folder)}
    done = subprocess.run(
        [sys.executable, "-m", "gateway.cli", "pan", *arguments],
        capture_output=True, text=True, env=environment, input="", timeout=100,
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
