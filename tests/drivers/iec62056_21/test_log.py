"""P.98, P.99 and P.200 as text: each thing an entry says is an event, and the tables of events.toml know it."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from drivers.iec62056_21 import log
from drivers.reading import MeterEvent, NotUnderstood, Obis
from gateway.cim.events import shipped

AT = datetime(2026, 11, 25, tzinfo=UTC)


def parse(text: str, obis: str = "1-0:99.98.0", table: str = "") -> list[MeterEvent | NotUnderstood]:
    return list(
        log.parse(text, log=Obis.parse(obis), meter="m", zone=ZoneInfo("Europe/Berlin"), read_at=AT, table=table)
    )


def event(text: str, obis: str = "1-0:99.98.0", table: str = "") -> MeterEvent:
    (found,) = parse(text, obis, table)
    assert isinstance(found, MeterEvent)
    return found


@pytest.mark.parametrize(
    ("entry", "code", "name"),
    [
        ("P.98(0260318142207)(00000080)()(0)", "80", "power failed"),
        ("P.98(0260318154611)(40)()(0)", "40", "power restored"),
        ("P.98(1260401000000)(00000010)()(0)", "10", "demand reset"),
        ("P.98(1260406220931)(00000100)()(0)", "100", "configuration changed"),
        ("P.98(0260320083102)(00)()(2)(0-0:C.11.0)()(0-0:C.11.10)()(23)(0)", "23", "power failed"),
        ("P.98(0260320083102)(00)()(2)(C.11.0)()(C.11.10)()(66)(0)", "66", "clock error"),
    ],
)
def test_an_entry_is_an_event_that_the_tables_know(entry: str, code: str, name: str) -> None:
    found = event(entry)
    assert (found.code, found.log) == (code, "1-0:99.98.0*255")
    meaning = shipped().of(found)
    assert (meaning.known, meaning.name) == (True, name)


def test_a_clock_set_says_the_time_after_it() -> None:
    found = parse("P.98(0260322115958)(00008020)()(2)(0.9.1)()(0.9.2)()(0120004)(0260322)")
    assert [item.code for item in found if isinstance(item, MeterEvent)] == ["20", "8000"]
    assert isinstance(found[0], MeterEvent)
    assert found[0].at == datetime(2026, 3, 22, 10, 59, 58, tzinfo=UTC)
    assert found[0].details == {"0.9.1": "0120004", "0.9.2": "0260322", "stamp": "0260322115958"}


def test_a_changed_parameter_says_its_old_and_new_value() -> None:
    found = event("P.99(1260512093011)(00000100)()(1)(C.3.0)()(10;20)", "1-0:99.99.0")
    assert found.details["C.3.0"] == "10;20"
    assert shipped().of(found).name == "configuration changed"


def test_a_makers_own_form_keeps_all_it_says() -> None:
    found = event("P.200(1260512093011)(00)(L1)(187.3*V)(00:00:02)", "1-0:99.200.0")
    assert (found.code, found.table) == ("00", "")
    assert found.details == {"value1": "L1", "value2": "187.3*V", "value3": "00:00:02", "stamp": "1260512093011"}
    assert shipped().of(found).known is False


@pytest.mark.parametrize(
    "text", ["P.98(ERROR)", "P.98(0260318142207)", "P.98(0261318142207)(00)()(0)", "P.98(x)(y)", "???"]
)
def test_what_is_no_entry_is_said(text: str) -> None:
    (found,) = parse(text)
    assert isinstance(found, NotUnderstood)
    assert found.raw == text


def test_many_entries_in_the_meters_order() -> None:
    text = "P.98(0260318142207)(80)()(0)\r\nP.98(0260318154611)(40)()(0)\r\nP.98(0260318154611)(0\r\n"
    found = parse(text)
    assert [item.code for item in found[:2] if isinstance(item, MeterEvent)] == ["80", "40"]
    # What was cut is said, whatever is left of it.
    assert all(isinstance(item, NotUnderstood) for item in found[2:])
    assert len(found) > 2
