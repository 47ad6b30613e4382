"""`metergate control` and `relay` on an emulated SunSpec inverter: listed, asked about, written, read back."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

METERGATE = [sys.executable, "-m", "gateway.cli"]


@pytest.fixture(scope="module")
def inverter(repository: Path) -> Iterator[str]:
    process = subprocess.Popen(
        [*METERGATE, "emulate", "modbus/sunspec-inverter", "--listen", "modbus://127.0.0.1:0", "--speed", "max"],
        cwd=repository,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    yield process.stdout.readline().strip()
    process.terminate()
    process.wait(5)


def metergate(repository: Path, *arguments: str) -> tuple[int, list[dict], str]:  # type: ignore[type-arg]
    done = subprocess.run(
        [*METERGATE, *arguments], cwd=repository, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60
    )
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()], done.stderr


def test_a_limit_is_written_and_read_back(inverter: str, repository: Path) -> None:
    code, lines, said = metergate(repository, "control", inverter)
    assert code == 0, said
    assert "active-power-limit" in {line["name"] for line in lines}
    code, lines, said = metergate(repository, "control", inverter, "active-power-limit", "60", "--for", "300")
    assert (code, lines) == (2, [])
    assert "--yes" in said
    code, lines, said = metergate(repository, "control", inverter, "active-power-limit", "60", "--for", "300", "--yes")
    assert code == 0, said
    assert lines == [
        {"type": "control", "name": "active-power-limit", "asked": "60", "in_effect": "60.00", "confirmed": True}
    ]


def test_what_is_not_allowed_says_what_is(inverter: str, repository: Path) -> None:
    code, lines, said = metergate(repository, "control", inverter, "active-power-limit", "140", "--yes")
    assert (code, lines) == (2, [])
    assert "0 to 100" in said


def test_the_relay_verb_switches_it_too(inverter: str, repository: Path) -> None:
    code, lines, said = metergate(repository, "relay", inverter, "disconnect", "--yes", "--format", "json")
    assert code == 0, said
    assert lines[0]["state"] == "disconnected"
