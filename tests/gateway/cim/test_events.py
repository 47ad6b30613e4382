"""Every event a table knows gets a code that may be sent or a written reason; the fixed points hold."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.errors import UsageError
from drivers.reading import MeterEvent
from gateway.cim.end_device_code import EndDeviceEventType
from gateway.cim.events import Events, Meaning, shipped

NOW = datetime(2026, 5, 1, tzinfo=UTC)

#: Profile of the fact sheets -> the table that has its codes.
TABLES = {
    "A2 gas": "dlms.a2gas",
    "AS3000G (IDIS-like)": "dlms.idis.as3000",
    "DSMR 2.3 Xemex": "dlms.dsmr2.xemex",
    "DSMR 2.3/NTA": "dlms.dsmr2",
    "DSMR 4 L+G E35C": "dlms.dsmr4",
    "DSMR 4 Xemex": "dlms.dsmr4.xemex",
    "DSMR 4.0": "dlms.dsmr4",
    "ESMR 5.0": "dlms.esmr5",
    "IDIS AM130 (pkg 2/3)": "dlms.idis",
    "IDIS AM540 (pkg 3)": "dlms.idis.am540",
    "IDIS package 1/2 (base)": "dlms.idis",
    "Iskra AM550 (IDIS)": "dlms.idis.am550",
    "Iskra Mx382 (IDIS)": "dlms.idis.mx382",
    "Sagemcom T210-D (IDIS)": "dlms.idis.t210",
    "DSMR 2.2/4.2/SMR 5 (GXF)": "dlms.smr5",
    "IS 15959 (India)": "dlms.is15959",
}
STATUS = {
    "MeteringStatusElectricity": "zigbee.status.electricity",
    "MeteringStatusGas": "zigbee.status.gas",
    "MeteringStatusWater": "zigbee.status.water",
    "MeteringStatusHeatAndCooling": "zigbee.status.heat",
}


def rows_of(file: Path) -> Iterator[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as lines:
        yield from csv.DictReader(lines)


def wanted(codes: Path) -> Iterator[tuple[str, str, str]]:
    """Table, log and code of every row of the fact sheets."""
    for row in rows_of(codes / "dlms_event_core.csv"):
        families = "dlms" if row["families_agreeing"] == "2" and "differs" not in row["note"] else "dlms.idis"
        yield ("dlms.idis" if row["event_code"] in ("105", "106") else families), "", row["event_code"]
    for file in ("dlms_event_codes.csv", "india_is15959_events.csv"):
        for row in rows_of(codes / file):
            table = "dlms.smr5.auxiliary" if row.get("log") == "auxiliary" else TABLES[row["profile"]]
            yield table, row["log_obis"] if row["log_obis"].replace(".", "").isdigit() else "", row["event_code"]
    for row in rows_of(codes / "dlms_alarm_register_bits.csv"):
        family = "dsmr" if row["profile"].startswith("DSMR") else "idis"
        yield f"dlms.{family}.alarm{row['alarm_register']}", "", row["bit"]
    for row in rows_of(codes / "zigbee_metering_status_bits.csv"):
        if row["bitmap"] in STATUS:
            yield STATUS[row["bitmap"]], "", row["bit"]
        else:
            kind = ".gas" if row["meaning"].startswith("gas") else ".electricity"
            field = int(row["mask"], 16) >> 30
            reason = "disconnection reason" in row["meaning"]
            yield "zigbee.extended" + kind, "", f"30-33={field}" if reason else row["bit"]


def answer(meaning: Meaning) -> str:
    return str(meaning.event_type) if meaning.event_type else f"none: {meaning.reason}"


def test_every_row_of_the_fact_sheets_has_a_code_or_a_written_reason(shared: Path) -> None:
    rows = sorted(set(wanted(shared / "facts/codes")))
    assert len(rows) > 700
    missing = [row for row in rows if not shipped().meaning(row[0], row[2], log=row[1]).known]
    assert not missing


def test_every_row_gives_what_it_gave(repository: Path) -> None:
    """The package's own copy of the rows: a table's answers never change unnoticed."""
    rows = list(rows_of(repository / "tests/vectors/cim/events.csv"))
    assert len(rows) > 700
    wrong = [
        (row, got)
        for row in rows
        if (got := answer(shipped().meaning(row["table"], row["code"], log=row["log"]))) != row["event_type"]
    ]
    assert not wrong


@pytest.mark.parametrize("table", sorted(shipped().tables))
@pytest.mark.parametrize("raised", [True, False])
def test_what_a_table_gives_may_be_sent_and_is_no_command(table: str, raised: bool) -> None:
    for code in shipped().tables[table].rows:
        meaning = shipped().meaning(table, code.rpartition("/")[2], log=code.rpartition("/")[0], raised=raised)
        assert meaning.known
        if meaning.event_type is None:
            assert meaning.reason
        else:
            assert meaning.event_type.may_emit
            assert not list(meaning.event_type.explain())[3].meaning.startswith("command")


@pytest.mark.parametrize("raised", [True, False])
def test_every_named_event_may_be_sent(raised: bool) -> None:
    for name in shipped().names:
        meaning = shipped().named(name, raised=raised)
        assert meaning.reason if meaning.event_type is None else meaning.event_type.may_emit


@pytest.mark.parametrize(
    ("name", "raised", "cleared"),
    [
        ("power failed", "3.26.0.85", "3.26.0.216"),
        ("tamper detected", "3.12.0.257", "3.12.0.291"),
        ("cover removed", "3.12.29.212", "3.12.29.16"),
        ("reverse rotation", "3.12.93.219", None),
        ("reverse flow", "3.12.48.219", None),
        ("switch connected", "3.31.0.42", None),
        ("switch connect failed", "3.31.0.67", None),
        ("switch disconnect failed", "3.31.0.84", None),
        ("demand reset", "3.8.0.215", None),
        ("battery low", "3.2.22.150", "3.2.22.37"),
        ("sag L1", "3.26.131.223", "3.26.131.224"),
        ("sag L2", "3.26.132.223", "3.26.132.224"),
        ("swell L3", "3.26.133.248", "3.26.133.249"),
        ("voltage low", "3.26.38.150", "3.26.38.292"),
        ("voltage high", "3.26.38.93", "3.26.38.293"),
        ("clock set", "3.36.114.24", None),
        ("clock error", "3.36.0.79", None),
        ("configuration changed", "3.7.0.24", None),
        ("self test error", "3.11.100.79", None),
        ("measurement error", "3.21.67.79", None),
        ("communication failed", "3.1.0.85", "3.1.0.49"),
    ],
)
def test_the_fixed_points(name: str, raised: str, cleared: str | None) -> None:
    assert str(shipped().named(name).event_type) == raised
    end = shipped().named(name, raised=False).event_type
    assert (str(end) if end else None) == cleared


def test_the_set_and_clear_pairs_of_actions() -> None:
    pairs = {85: 216, 257: 291, 40: 74, 150: 292, 93: 293, 98: 75, 45: 70, 242: 243, 223: 224, 248: 249}
    told_otherwise = {(2, 22), (1, 0), (1, 147)}  # battery, communication: their own ends are fixed points
    for name in shipped().names:
        raised, cleared = shipped().named(name).event_type, shipped().named(name, raised=False).event_type
        assert raised is not None
        if cleared and raised.event_or_action in pairs and (raised.domain, raised.sub_domain) not in told_otherwise:
            assert cleared.event_or_action == pairs[raised.event_or_action], name


@pytest.mark.parametrize(
    ("code", "event"),
    [
        ("link lost", "5.1.0.85"),
        ("meter silent", "3.1.0.85"),
        ("meter exchanged", "3.7.10.24"),
        ("clock off", "3.36.0.79"),
        ("storage full", "5.18.109.32"),
    ],
)
def test_the_gateways_own_events(code: str, event: str) -> None:
    assert answer(shipped().meaning("gateway", code)) == event


def test_the_end_of_the_gateways_own_events() -> None:
    assert answer(shipped().meaning("gateway", "storage full", raised=False)) == "5.18.109.28"
    assert answer(shipped().meaning("gateway", "meter silent", raised=False)) == "3.1.0.49"


@pytest.mark.parametrize(
    ("code", "event"),
    [("1", "16.15.43.83"), ("2", "16.15.17.242"), ("3", "16.15.17.243"), ("4", "16.15.43.81"), ("5", "16.15.43.80"),
     ("6", "16.15.43.10"), ("F8", "16.15.43.86"), ("f9", "16.15.43.86"), ("FD", "16.15.43.86"), ("FB", "16.15.43.297"), ("FE", "16.15.43.297")],
)  # fmt: skip
def test_answers_to_load_control(code: str, event: str) -> None:
    assert answer(shipped().meaning("zigbee.load_control", code)) == event


def test_a_thermostat_answers_as_what_it_is() -> None:
    assert answer(shipped().meaning("zigbee.load_control", "2", device=19)) == "19.15.17.242"


def test_zigbee_bits_are_followed_both_ways_by_device() -> None:
    events = shipped()
    assert answer(events.meaning("zigbee.status.gas", "2")) == "4.12.0.257"
    assert answer(events.meaning("zigbee.status.gas", "2", raised=False)) == "4.12.0.291"
    assert answer(events.meaning("zigbee.status.water", "3")) == "24.5.0.85"
    assert answer(events.meaning("zigbee.status.electricity", "3", raised=False)) == "3.26.0.216"
    assert "no code is agreed" in answer(events.meaning("zigbee.status.gas", "7", raised=False))


def test_a_latched_alarm_bit_gives_its_set_only() -> None:
    assert answer(shipped().meaning("dlms.idis.alarm2", "2")) == "3.26.131.285"
    assert "latched" in answer(shipped().meaning("dlms.idis.alarm2", "2", raised=False))


@pytest.mark.parametrize("status", ["80", "0080", "0x80"])
def test_leading_zeros_of_a_code_mean_nothing(status: str) -> None:
    known = shipped().meaning("iec62056-21.status", status).known
    assert known is (status != "0x80")


@pytest.mark.parametrize(
    ("table", "log", "event"),
    [
        ("dlms.idis", "0.0.99.98.1.255", "3.12.0.0"),
        ("dlms.idis", "0-0:99.98.4*255", "3.26.0.0"),
        ("dlms.smr5", "0-0:99.98.4*255", "3.1.0.0"),
        ("dlms.idis", "0-0:99.98.0*255", "3.0.0.0"),
        ("nobody's", "0-0:99.98.1*255", "3.0.0.0"),
        ("", "", "3.0.0.0"),
    ],
)
def test_an_unknown_code_is_sent_under_the_domain_that_is_known(table: str, log: str, event: str) -> None:
    meaning = shipped().meaning(table, "4711", log=log)
    assert not meaning.known
    assert answer(meaning) == event
    assert meaning.event_type is not None
    assert meaning.event_type.may_emit


def test_one_code_may_mean_another_thing_in_another_log() -> None:
    assert answer(shipped().meaning("dlms.smr5", "80", log="0-0:99.98.5*255")) == "3.26.131.248"
    assert answer(shipped().meaning("dlms.smr5", "80", log="0-0:99.98.7*255")) == "3.26.131.223"


def test_what_a_driver_hands_over() -> None:
    event = MeterEvent("M", NOW, "0-0:99.98.3*255", "121", NOW, table="dlms.idis")
    meaning = shipped().of(event)
    assert answer(meaning) == "3.1.147.49"
    assert meaning.details == {"channel": "3"}
    cleared = MeterEvent("M", NOW, "", "1", NOW, table="zigbee.status.electricity", details={"state": "cleared"})
    assert answer(shipped().of(cleared)) == "3.2.22.37"


@given(
    st.sampled_from(["", "dlms", "dlms.idis", "gateway", "x"]),
    st.text(max_size=12),
    st.text(max_size=12),
    st.booleans(),
)
def test_any_code_has_an_answer(table: str, code: str, log: str, raised: bool) -> None:
    meaning = shipped().meaning(table, code, log=log, raised=raised)
    assert meaning.event_type is None or meaning.event_type.may_emit
    assert meaning.event_type or meaning.reason


def test_where_an_event_type_comes_from() -> None:
    rows = list(shipped().explain(EndDeviceEventType.parse("3.26.0.85")))
    assert ("dlms", "1", "power failed") in rows
    assert "dlms.idis" not in {table for table, _, _ in rows}, "a row taken over is named once"
    assert ("zigbee.status.electricity", "3", "power failed") in rows


def test_a_name_that_is_not_there() -> None:
    with pytest.raises(UsageError, match="no event is called"):
        shipped().named("nothing of the kind")


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("[event]\nx = '1.2'\n[table]\n", "domain"),
        ("[event]\n[table.t]\nabout='t'\nrow = { 1 = 'gone' }\n", "no event is called 'gone'"),
        ("[event]\n[table.t]\nabout='t'\nrow = { 1 = { under = '1.0.0' } }\n", "one of event"),
        ("[event]\n[table.t]\nabout='t'\ncolour='red'\nrow = {}\n", "colour"),
        ("[event]\n[table.t]\nrow = {}\n", "about"),
        ("[event]\n", "table"),
        ("]", "TOML|Invalid|expected"),
    ],
)
def test_what_is_wrong_in_a_file_is_named(tmp_path: Path, text: str, what: str) -> None:
    file = tmp_path / "events.toml"
    file.write_text(text)
    with pytest.raises(UsageError, match=what):
        Events.load(file)
