"""The four formats of one readout: the contract of JSON lines, exact decimals, doubts said, nothing left out."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from drivers.reading import Column, Doubt, Meter, MeterEvent, NotUnderstood, Obis, Reading, Row, Series, Text
from gateway.cim.classified import Classified, classify
from gateway.cim.obis_rules import Rules
from gateway.cli.output import render

AT = datetime(2026, 3, 29, 1, 15, tzinfo=UTC)
KEY = "MGT-12345678"


@pytest.fixture(scope="module")
def classified() -> list[Classified]:
    energy = Obis.parse("1-0:1.8.0")
    records = [
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
    return classify(records, Rules.load())


def test_json_lines_keep_the_contract(classified: list[Classified]) -> None:
    lines = [json.loads(line) for line in render("json", classified).splitlines()]
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


def test_csv_holds_every_value(classified: list[Classified]) -> None:
    rows = list(csv.DictReader(io.StringIO(render("csv", classified).decode())))
    assert [row["value"] for row in rows] == ["12345.678", "10", "1", "12345678", "0.250", "0", "x"]
    assert rows[0]["reading_type"] == "0.0.0.1.1.1.12.0.0.0.0.0.0.0.0.3.72.0"


def test_the_table_marks_what_is_unchecked_or_doubted(classified: list[Classified]) -> None:
    text = render("table", classified).decode()
    assert "Meter MGT-12345678: manufacturer MGT, serial 12345678, model TWIN, firmware 1.0" in text
    assert "12345.678 " in text
    assert "10 ?" in text
    assert "1 values came without check bytes" in text
    assert "1-0:99.8.0*255: suspect" in text
    assert "not understood: L.1(?) (no OBIS code)" in text
    assert not [line for line in text.splitlines() if line != line.rstrip()]
