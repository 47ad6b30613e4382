"""`metergate scan`: the real command against emulated devices in processes of their own."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from gateway.cli.scan import scan

METERGATE = [sys.executable, "-m", "gateway.cli"]
Start = Callable[..., str]
#: A meter that says nothing of itself, with the registers of a common one in their places.
UNKNOWN = """
[meter]
manufacturer = "Nobody"
models = ["Unknown"]
[modbus]
table = "input"
type = "f32"
registers = [
  { name = "voltage", address = 0, unit = "V" },
  { name = "frequency", address = 70, unit = "Hz" },
  { name = "import", address = 72, unit = "kWh" },
]
"""


@pytest.fixture
def emulate(repository: Path) -> Iterator[Start]:
    """Start an emulated meter; returns what a client opens."""
    started: list[subprocess.Popen[str]] = []

    def start(profile: str, *arguments: str) -> str:
        process = subprocess.Popen(
            [*METERGATE, "emulate", profile, *arguments], cwd=repository, stdout=subprocess.PIPE, text=True
        )
        started.append(process)
        assert process.stdout is not None
        return process.stdout.readline().strip()

    yield start
    for process in started:
        process.terminate()
        process.wait(5)


def metergate(repository: Path, *arguments: str) -> tuple[int, list[dict], str]:  # type: ignore[type-arg]
    done = subprocess.run([*METERGATE, *arguments], cwd=repository, capture_output=True, text=True, timeout=100)
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()], done.stderr


def test_a_meter_is_found_at_its_speed_and_shows_what_it_reads(emulate: Start, repository: Path) -> None:
    port = emulate("modbus/inepro/pro380", "--fault", "units=2")
    code, lines, said = metergate(
        repository,
        "scan",
        f"modbus:{port}?speeds=19200,9600&units=1,2&parity=N",
        "--format",
        "json",
        "--map",
        "inepro/pro380",
    )
    assert code == 0, said
    found = [line for line in lines if line["type"] == "found"]
    assert [line["url"] for line in found] == [f"modbus:{port}?baud=9600&unit={unit}" for unit in (1, 2)]
    assert len([line for line in lines if line["type"] == "reading" and line["obis"] == "1-0:1.8.0*255"]) == 2


def test_a_meter_with_a_mark_is_identified_among_all_maps(emulate: Start, repository: Path) -> None:
    where = emulate("modbus/abb/b23-b24", "--listen", "modbus://127.0.0.1:0", "--speed", "max")
    code, lines, said = metergate(repository, "scan", f"{where}?units=1", "--format", "json")
    assert code == 0, said
    assert lines[0]["maps"] == ["abb/b23-b24"]
    assert any(line["type"] == "reading" for line in lines)


def test_an_unknown_device_gives_a_map_to_start_from(emulate: Start, repository: Path, tmp_path: Path) -> None:
    silent = tmp_path / "says-nothing-of-itself.toml"
    silent.write_text(UNKNOWN)
    where = emulate(f"modbus/{silent}", "--listen", "modbus://127.0.0.1:0", "--speed", "max")
    drafts = tmp_path / "drafts"
    code, lines, said = metergate(repository, "scan", f"{where}?units=1", "--format", "json", "--drafts", str(drafts))
    assert code == 0, said
    assert [line["type"] for line in lines] == ["found", "sweep"]
    assert lines[0]["maps"] == []
    assert "eastron/sdm630" in lines[0]["says"]
    assert lines[1]["input"] == {"0x0000": "4366 6666", "0x0046": "4248 0A3D 4640 E6AE"}
    draft = (drafts / "unit-1.toml").read_text()
    for order in ("ABCD", "CDAB", "BADC", "DCBA"):
        assert order in draft
    sweep = tmp_path / "scan.json"
    sweep.write_text("".join(json.dumps(line, separators=(",", ":")) + "\n" for line in lines))
    again = subprocess.run(
        [*METERGATE, "map", "new", "maker/model", "--from", str(sweep)], cwd=repository, capture_output=True, text=True
    )
    assert again.returncode == 0, again.stderr
    assert again.stdout == draft


@pytest.mark.slow
def test_nothing_there_says_what_to_check(emulate: Start, repository: Path) -> None:
    port = emulate("modbus/eastron/sdm630", "--fault", "silent")
    code, lines, said = metergate(repository, "scan", f"modbus:{port}?baud=9600&parity=N&units=1", "--format", "json")
    assert (code, lines) == (4, [])
    assert "nothing answers" in said


def test_a_driver_that_cannot_scan_says_so() -> None:
    done = CliRunner().invoke(scan, ["iec62056-21:/dev/none"])
    assert done.exit_code == 4
    assert "cannot scan" in done.output


def test_read_by_map_and_by_url(emulate: Start, repository: Path) -> None:
    where = emulate("modbus/eastron/sdm630", "--listen", "modbus://127.0.0.1:0", "--speed", "max")
    code, lines, said = metergate(repository, "read", where, "--map", "eastron/sdm630", "--format", "json")
    assert code == 0, said
    readings = {line["obis"]: line for line in lines if line["type"] == "reading"}
    assert readings["1-0:1.8.0*255"]["unit"] == "kWh"
    assert readings["1-0:1.8.0*255"]["reading_type"]
