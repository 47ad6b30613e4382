"""``metergate map``: list, show, check, new."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from drivers.errors import UsageError
from gateway.cli import command
from gateway.device_map import names


def run(*args: str) -> Result:
    return CliRunner().invoke(command, ["map", *args])


def test_list_names_every_map_one_a_line() -> None:
    result = run("list")
    assert result.exit_code == 0
    assert [line.split()[0] for line in result.stdout.splitlines()[1:]] == names()
    rows = [json.loads(line) for line in run("list", "--format", "json").stdout.splitlines()]
    assert [row["map"] for row in rows] == names()
    assert {row["level"] for row in rows} <= {"decoded", "emulated", "verified", "soaked"}
    assert run("list", "--protocol", "none").stdout == "no maps\n"


def test_show_gives_registers_evidence_and_doubts() -> None:
    result = run("show", "eastron/sdm630")
    assert result.exit_code == 0
    row = next(line for line in result.stdout.splitlines() if "1-0:1.8.0*255" in line)
    assert "input 0x0048 (72)" in row
    assert "0.0.0.1.1.1.12.0.0.0.0.0.0.0.0.3.72.0" in row
    assert "in doubt: nymea names" in result.stdout
    whole = json.loads(run("show", "sdm630", "--format", "json").stdout)
    assert whole["map"] == "eastron/sdm630"
    assert {"name": "mbmd"}.items() <= whole["sources"][0].items()
    assert whole["reads"]["modbus"][0]["obis"] == "1-0:1.8.0*255"


def test_show_of_an_unknown_map_says_the_nearest() -> None:
    result = run("show", "eastron/sdm631")
    assert isinstance(result.exception, UsageError)
    assert "did you mean eastron/sdm630?" in str(result.exception)


def test_check_of_a_file_tells_every_fault_and_ends_with_2(tmp_path: Path) -> None:
    made = run("new", "acme/x1", "--out", str(tmp_path / "x1.toml"))
    assert made.exit_code == 0
    assert "ok, 1 tests" in run("check", str(tmp_path / "x1.toml")).stdout, "a new map has nothing wrong in it"
    text = (tmp_path / "x1.toml").read_text()
    (tmp_path / "x1.toml").write_text(text.replace('unit = "kWh"', 'unit = "kwh"').replace('"0000 0000"', '"0000"'))
    result = run("check", str(tmp_path / "x1.toml"))
    assert result.exit_code == 2
    assert result.stderr.count(f"{tmp_path}/x1.toml:") == 1
    assert "'kwh' is written 'kWh'" in result.stderr


def test_check_without_a_name_runs_everything() -> None:
    result = run("check")
    assert result.exit_code == 0
    assert len(result.stdout.splitlines()) == len(names()) + 3
    assert result.stderr == ""


def test_new_does_not_overwrite(tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_text("mine")
    assert isinstance(run("new", "a/x", "--out", str(tmp_path / "x.toml")).exception, UsageError)
    assert (tmp_path / "x.toml").read_text() == "mine"


def test_new_from_a_sweep_shows_every_order(tmp_path: Path) -> None:
    """12345.67 as float32 is 4640 E6AE, 230.1 is 4366 199A: each in one of the four orders."""
    sweep = {"source": "modbus://meter?unit=7", "unit": 7, "input": {"0x0000": "4640 E6AE 199A 4366"}}
    sweep["holding"] = {"0x0100": "4046 AEE6 0000 9A19 6643"}
    file = tmp_path / "sweep.json"
    file.write_text(json.dumps(sweep))
    result = run("new", "acme/x1", "--from", str(file))
    assert result.exit_code == 0
    lines = {line.split()[1]: line for line in result.stdout.splitlines() if line.startswith("# 0x")}
    assert "f32 ABCD 12345.67" in lines["0x0000"]
    assert "f32 CDAB 230.1" in lines["0x0002"]
    assert "f32 BADC 12345.67" in lines["0x0100"]
    assert "f32 DCBA 230.1" in lines["0x0103"]
    assert "u32 ABCD 1178658478 CDAB 3870180928" in lines["0x0000"]
    assert '0x0100 = "4046 AEE6 0000 9A19 6643"' in result.stdout, "the sweep is its first vector"
    (tmp_path / "x1.toml").write_text(result.stdout)
    assert run("check", str(tmp_path / "x1.toml")).exit_code == 2, "it has to be filled in first"


@pytest.mark.parametrize("content", ["{}", '{"input": {"0x0": "zz"}}', '{"input": {"-1": "0000"}}', "[]", "x"])
def test_what_is_no_sweep_is_said(tmp_path: Path, content: str) -> None:
    (tmp_path / "sweep.json").write_text(content)
    result = run("new", "acme/x1", "--from", str(tmp_path / "sweep.json"))
    assert isinstance(result.exception, UsageError)
    assert "is not what a scan writes" in str(result.exception)
