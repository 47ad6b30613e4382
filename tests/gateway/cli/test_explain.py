"""``metergate explain``: codes in words, the rule that maps them, and help for what is no code."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from drivers.errors import UsageError
from gateway.cli import command


def run(*args: str) -> Result:
    return CliRunner().invoke(command, ["explain", *args])


@pytest.mark.parametrize("code", ["1-0:1.8.0", "1.8.0", "1.0.1.8.0.255", "1-0:1.8.0*255", "1.8", "1-0:1.8.0.255"])
def test_an_obis_code_in_every_spelling(code: str) -> None:
    result = run(code)
    assert result.exit_code == 0
    assert "1-0:1.8.0*255: active energy import" in result.output
    assert "0.0.0.1.1.1.12.0.0.0.0.0.0.0.0.3.72.0" in result.output


def test_the_rule_that_maps_it_is_named_with_its_line(repository: Path) -> None:
    place = next(line for line in run("1.8.0").output.splitlines() if "time integral 1" in line)
    file, line = place.split()[1].split(":")
    assert "time integral 1" in (repository / file).read_text().splitlines()[int(line) - 1]


def test_unit_period_and_dialect_change_the_answer() -> None:
    assert "0.0.0.1.1.1.12.0.0.0.0.0.0.0.0.0.72.0" in run("1.8.0", "--unit", "WH").output
    assert "0.0.2.4.1.1.12.0.0.0.0.0.0.0.0.3.72.0" in run("1.29.0", "--period", "900").output
    assert "0.0.0.9.1.1.12.0.0.0.0.2.0.0.0.3.72.0" in run("1.8.2", "--dialect", "rates-as-summation").output
    assert "0.0.0.1.1.7.58." in run("0-1:24.2.1", "--device-type", "3", "--unit", "m3").output


def test_what_is_not_mapped_says_why() -> None:
    assert "unit kWh (active energy) contradicts" in run("1.7.0", "--unit", "kWh").output
    assert "needs the capture period" in run("1.29.0").output


@pytest.mark.parametrize(
    ("code", "kind", "words"),
    [
        ("0.0.0.1.1.1.12.0.0.0.0.0.0.0.0.3.72.0", "ReadingType", "delivered to the customer"),
        ("3.26.0.85", "EndDeviceEventType", "electric power supply"),
        ("1.5.257", "ReadingQualityType", "value is an error code"),
        ("C.1.0", "OBIS code", "device identifier"),
        ("F.F", "OBIS code", "error register"),
        ("6.8", "OBIS code", "heat energy"),
    ],
)
def test_every_kind_of_code(code: str, kind: str, words: str) -> None:
    result = run(code)
    assert result.output.startswith(kind)
    assert words in result.output


def test_a_quality_that_could_be_an_obis_code_is_said_both_ways() -> None:
    assert "clock was set" in run("1.4.9").output
    assert "1-0:1.4.9*255" in run("1.4.9").output


def test_a_reply_code_is_said_beside_the_obis_code_of_the_same_spelling() -> None:
    assert "reply code 2.4" in run("2.4").output
    assert "invalid meter" in run("2.4").output
    assert "does not validate against its schema" in run("1.8").output
    assert "reply code" not in run("8.1").output


def test_a_control_has_its_own_name() -> None:
    assert run("3.31.0.18", "--control").output.startswith("EndDeviceControlType 3.31.0.18")


def test_json_is_one_object_on_a_line() -> None:
    answer = json.loads(run("1.8.0", "--format", "json").output)
    assert answer["reading_type"] == "0.0.0.1.1.1.12.0.0.0.0.0.0.0.0.3.72.0"
    assert len(answer["parts"]) == 18
    assert json.loads(run("1.29.0", "--format", "json").output)["reading_type"] is None


def test_what_must_not_be_sent_says_so() -> None:
    assert "does not send it" in run("0.0.0.1.1.26.12.0.0.0.0.0.0.0.0.3.72.0").output


@pytest.mark.parametrize(
    "code", ["foo", "", "1-0:1.8.0*300", "1.2.3.4.5.6.7", "1-", "3.26.0.x", "0.0.0.1.1.1.12.0.0.3.72", "9" * 400]
)
def test_what_is_no_code_is_a_usage_error_with_the_nearest_form(code: str) -> None:
    result = run("--", code)
    assert isinstance(result.exception, UsageError)
    assert "such as" in str(result.exception)


def test_a_dialect_that_is_not_there_is_a_usage_error() -> None:
    assert isinstance(run("1.8.0", "--dialect", "nobody").exception, UsageError)
