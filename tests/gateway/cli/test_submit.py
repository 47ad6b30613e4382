"""What a person reads goes the same way: validated, kept, in the outbox, with its reason and its reader."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from drivers.errors import UsageError
from drivers.reading import Column, Doubt, Meter, Obis, Period, Reading, Record, Row, Series, Text
from gateway.cim.obis_rules import Rules
from gateway.cli import command
from gateway.cli.output import render
from gateway.json_records import parse
from gateway.messages import codec
from gateway.store.outbox import Outbox
from gateway.store.store import open_store

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
METER = Meter("EMH", "40817733", "M", "1", "probe")
CONFIG = """
[gateway]
name = "g"
state = "{state}"
zone = "Europe/Berlin"
[[meter]]
name = "main"
url = "iec62056-21:/dev/ttyUSB0"
serial = "40817733"
usage_point = "up-7"
[[sink]]
type = "directory"
name = "mdm"
path = "out"
"""
RECORDS: list[Record] = [
    METER,
    Reading(METER.key, Obis.parse("1-0:1.8.0"), "1.8.0(100*kWh)", Decimal("100.0"), "kWh", AT),
    Text(METER.key, Obis.parse("0-0:96.1.0"), "C.1.0(40817733)", "40817733"),
    Series(
        METER.key,
        Obis.parse("1-0:99.1.0"),
        900,
        (Column(Obis.parse("1-0:1.29.0"), "kWh"),),
        (Row(AT, (Decimal("0.25"),), (Doubt.POWER_FAILED,)), Row(None, (None,), raw_time="2603011200")),
        AT,
    ),
]


def submit(tmp_path: Path, *arguments: str, given: str = "") -> None:
    (tmp_path / "metergate.toml").write_text(CONFIG.format(state=tmp_path))
    line = ["submit", "-c", str(tmp_path / "metergate.toml"), *arguments]
    done = CliRunner().invoke(command, line, input=given, catch_exceptions=False)
    assert done.exit_code == 0, done.output


def payloads(tmp_path: Path) -> list[Any]:
    store, _ = open_store(tmp_path / "store.sqlite")
    try:
        waiting = Outbox(store).next("mdm", 100).result()
    finally:
        store.close()
    return [codec.read(message.body).message.payload.content[0] for message in waiting]


def test_json_lines_come_back_as_the_records_they_were() -> None:
    data, _ = render("json", RECORDS, Rules.load())
    assert parse(data.decode().splitlines(), "file") == RECORDS


@given(st.text(max_size=200))
def test_any_line_is_a_record_or_a_usage_error(text: str) -> None:
    for line in (text, json.dumps({"type": "reading", "meter": text, "obis": text, "value": text, "quality": [text]})):
        told = "file:1"
        try:
            parse([line], "file")
        except UsageError as error:
            told = str(error)
        assert "file:1" in told


def test_what_was_read_with_a_probe(tmp_path: Path, oracle: Callable[[str], etree.XMLSchema]) -> None:
    data, _ = render("json", RECORDS, Rules.load())
    submit(tmp_path, "--place", "main", "--reader", "Ann", "--reason", "moveIn", given=data.decode())
    (readings,) = payloads(tmp_path)
    oracle("MeterReadings").assertValid(etree.fromstring(codec.to_bytes(readings)))
    (meter,) = readings.meter_reading
    assert meter.usage_point.mrid == "up-7"
    (reading,) = meter.readings
    assert (reading.value, reading.reason, reading.source) == ("100.0", "moveIn", "read by Ann")
    assert len(meter.interval_blocks) == 1


def test_what_was_typed_in_from_a_dial_is_judged_as_any_other(tmp_path: Path) -> None:
    dial = ["--place", "main", "--reader", "Ann", "--at", "2026-03-01T13:00"]
    submit(tmp_path, *dial, "--dial", "1-0:1.8.0=12345.6*kWh")
    submit(tmp_path, *dial, "--dial", "1-0:1.8.0=1234.56*kWh")
    first, fallen, event = payloads(tmp_path)
    (one,) = first.meter_reading[0].readings
    assert (one.value, one.time_stamp) == ("12345.6", datetime(2026, 3, 1, 12, tzinfo=UTC))
    assert [quality.reading_quality_type for quality in one.reading_qualities] == ["2.4.131"]
    (other,) = fallen.meter_reading[0].readings
    assert [quality.reading_quality_type for quality in other.reading_qualities] == ["2.4.131", "2.5.258"]
    assert len(event.end_device_event) == 1


@pytest.mark.parametrize(
    ("arguments", "given_lines", "words"),
    [
        (["--place", "mian"], "", "did you mean 'main'"),
        (["--place", "main", "--dial", "1.8.0=x"], "", "is not OBIS=VALUE\\*UNIT"),
        (["--place", "main"], "{}\n", "stdin:1"),
        (["--place", "main"], "", "which meter"),
        (["--place", "main", "--reason", "boredom", "--dial", "1-0:1.8.0=1*kWh"], "", "no reason"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, arguments: list[str], given_lines: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        submit(tmp_path, "--reader", "Ann", *arguments, given=given_lines)


def test_a_read_that_is_submitted_at_once(tmp_path: Path, emulated_meter: Callable[..., str]) -> None:
    file = tmp_path / "g.toml"
    file.write_text(CONFIG.format(state=tmp_path / "state").replace("40817733", "12345678"))
    url = f"dlms://{emulated_meter('dlms/household', speed='max')}?client=16"
    arguments = ["read", url, "--format", "json", "-c", str(file), "--submit", "main"]
    refused = CliRunner().invoke(command, arguments)
    assert isinstance(refused.exception, UsageError)
    assert "--reader" in str(refused.exception)
    done = CliRunner().invoke(command, [*arguments, "--reader", "anna", "--reason", "moveOut"])
    assert done.exit_code == 0, done.output
    assert "1 messages are in the outbox" in done.stderr
    store, _ = open_store(tmp_path / "state" / "store.sqlite")
    (message,) = Outbox(store).next("mdm", 10).result()
    store.close()
    (readings,) = codec.read(message.body).message.payload.content
    (meter,) = readings.meter_reading
    assert {(one.reason, one.source) for one in meter.readings} == {("moveOut", "read by anna")}
    assert meter.usage_point.mrid == "up-7"


def test_a_period_comes_back_as_it_was_printed() -> None:
    at = datetime(2026, 6, 1, tzinfo=UTC)
    one = Reading("M", Obis(1, 0, 1, 9, 0), "", Decimal("1.5"), "kWh", at, period=Period(None, at))
    printed = render("json", [one], Rules.load())[0].decode().splitlines()
    assert [record for record in parse(printed, "file") if isinstance(record, Reading)] == [one]
