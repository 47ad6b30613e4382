"""The four formats of one readout: the contract of JSON lines, exact decimals, doubts said, nothing left out."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from lxml import etree

from drivers.reading import Column, Doubt, Meter, MeterEvent, NotUnderstood, Obis, Reading, Record, Row, Series, Text
from gateway.cim.obis_rules import Rules
from gateway.cli.output import render
from gateway.messages import codec

AT = datetime(2026, 3, 29, 1, 15, tzinfo=UTC)
KEY = "MGT-12345678"


@pytest.fixture(scope="module")
def records() -> list[Record]:
    energy = Obis.parse("1-0:1.8.0")
    return [
        Meter("MGT", "12345678", "TWIN", "1.0", "iec62056-21:/dev/ttyUSB0"),
        Reading(KEY, energy, "1.8.0(0012345.678*kWh)", Decimal("12345.678"), "kWh", AT),
        Reading(KEY, Obis.parse("1-0:1.6.0"), "1.6.0(1E1*kW)", Decimal("1E+1"), "kW", AT, time=AT, checked=False),
        Reading(KEY, Obis.parse("1-0:99.8.0"), "99.8.0(1)", Decimal(1), "", AT, doubts=(Doubt.SUSPECT,)),
        Text(KEY, Obis.parse("0-0:96.1.0"), "C.1.0(12345678)", "12345678"),
        Series(
            KEY,
            Obis.parse("1-0:99.1.0"),
            900,
            (Column(energy, "kWh"), Column(Obis.parse("1-0:99.8.0"), "")),
            (Row(AT, (Decimal("0.250"), None)), Row(None, (Decimal("0"), "x"), (Doubt.POWER_FAILED,), "2603290130")),
            AT,
        ),
        MeterEvent(KEY, AT, "1-0:99.98.0", "23", AT, details={"text": "power down"}),
        NotUnderstood(KEY, "L.1(?)", "no OBIS code"),
    ]


def written(form: str, records: list[Record]) -> bytes:
    data, left_out = render(form, records, Rules.load())
    assert not left_out
    return data


def test_json_lines_keep_the_contract(records: list[Record]) -> None:
    lines = [json.loads(line) for line in written("json", records).splitlines()]
    assert [line["type"] for line in lines] == [
        "meter", "reading", "reading", "reading", "unmapped", "text", "series", "unmapped", "event", "unmapped",
    ]  # fmt: skip
    assert lines[1] == {
        "type": "reading",
        "meter": KEY,
        "obis": "1-0:1.8.0*255",
        "raw": "1.8.0(0012345.678*kWh)",
        "value": "12345.678",
        "unit": "kWh",
        "time": None,
        "period": None,
        "read_at": "2026-03-29T01:15:00Z",
        "quality": [],
        "reading_type": "0.0.0.1.1.1.12.0.0.0.0.0.0.0.0.3.72.0",
        "checked": True,
    }
    assert (lines[2]["value"], lines[2]["time"], lines[2]["checked"]) == ("10", "2026-03-29T01:15:00Z", False)
    assert (lines[3]["reading_type"], lines[3]["quality"]) == (None, ["2.5.258"])
    assert lines[4]["reason"]
    assert lines[6]["columns"][0]["reading_type"] == "0.0.2.1.1.1.12.0.0.0.0.0.0.0.0.3.72.0"
    assert lines[6]["rows"] == [
        {"time": "2026-03-29T01:15:00Z", "raw_time": "", "values": ["0.250", None], "quality": []},
        {"time": None, "raw_time": "2603290130", "values": ["0", "x"], "quality": ["1.2.32"]},
    ]
    assert lines[8]["details"] == {"text": "power down"}
    assert lines[9] == {"type": "unmapped", "meter": KEY, "obis": None, "raw": "L.1(?)", "reason": "no OBIS code"}


def test_csv_holds_every_value(records: list[Record]) -> None:
    rows = list(csv.DictReader(io.StringIO(written("csv", records).decode())))
    assert [row["value"] for row in rows] == ["12345.678", "10", "1", "12345678", "0.250", "0", "x"]
    assert rows[0]["reading_type"] == "0.0.0.1.1.1.12.0.0.0.0.0.0.0.0.3.72.0"


def test_the_table_marks_what_is_unchecked_or_doubted(records: list[Record]) -> None:
    text = written("table", records).decode()
    assert "Meter MGT-12345678: manufacturer MGT, serial 12345678, model TWIN, firmware 1.0" in text
    assert "12345.678 " in text
    assert "10 ?" in text
    assert "1 values came without check bytes" in text
    assert "1-0:99.8.0*255: suspect" in text
    assert "not understood: L.1(?) (no OBIS code)" in text
    assert not [line for line in text.splitlines() if line != line.rstrip()]


def test_xml_is_the_bare_payload_and_says_what_is_not_in_it(
    records: list[Record], oracle: Callable[[str], etree.XMLSchema]
) -> None:
    data, left_out = render("xml", records, Rules.load())
    root = etree.fromstring(data)
    oracle("MeterReadings").assertValid(root)
    (reading,) = codec.read(data).message.meter_reading
    assert [one.value for one in reading.readings] == ["12345.678", "10"]
    assert [one.end_device_event_details[1].value for one in reading.end_device_events] == ["23"]
    assert len(reading.interval_blocks) == 1
    assert any("L.1(?) (no OBIS code)" in line for line in left_out)
    assert any("99.8.0(1)" in line for line in left_out)


def test_events_alone_are_end_device_events(records: list[Record], oracle: Callable[[str], etree.XMLSchema]) -> None:
    data, _ = render("xml", [one for one in records if isinstance(one, Meter | MeterEvent)], Rules.load())
    oracle("EndDeviceEvents").assertValid(etree.fromstring(data))


def test_nothing_is_written_where_nothing_has_a_place(records: list[Record]) -> None:
    data, left_out = render("xml", [one for one in records if isinstance(one, Meter | NotUnderstood)], Rules.load())
    assert data == b""
    assert len(left_out) == 1
