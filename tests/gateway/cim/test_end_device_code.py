"""Events and controls as four integers: read, printed, said in words, and sent only when the table is sure."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.cim.end_device_code import EndDeviceControlType, EndDeviceEventType


@given(st.tuples(*[st.integers(0, 2000)] * 4))
def test_every_four_integers_print_and_read_back(parts: tuple[int, ...]) -> None:
    made = EndDeviceEventType(*parts)
    assert EndDeviceEventType.parse(str(made)) == made


def test_it_is_said_part_by_part() -> None:
    words = [part.meaning for part in EndDeviceEventType.parse("3.26.0.216").explain()]
    assert words == ["electricity meter", "electric power supply and quality", "nothing further", "restored"]
    assert [part.name for part in EndDeviceControlType.parse("3.31.0.18").explain()][3] == "Connect"


def test_an_event_is_no_control() -> None:
    assert EndDeviceEventType.parse("3.31.0.42") != EndDeviceControlType.parse("3.31.0.42")


@pytest.mark.parametrize(
    "code", ["3.26.295.85", "3.26.296.85", "3.1000.0.85", "3.26.0.999", "59.26.0.85", "3.31.0.300"]
)
def test_what_is_disputed_a_vendors_or_unknown_is_not_sent(code: str) -> None:
    assert not EndDeviceEventType.parse(code).may_emit


@pytest.mark.parametrize("text", ["", "3.26.85", "3.26.0.85.0", "3.26.0.x", "3.-26.0.85", "03.26.0.85"])
def test_what_is_no_code_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        EndDeviceEventType.parse(text)


def test_only_what_the_fact_sheet_confirms_may_be_sent(shared: Path) -> None:
    confirmed, disputed = set(), set()
    with (shared / "facts/codes/enddeviceevent_parts.csv").open() as lines:
        for row in csv.DictReader(lines):
            (confirmed if row["confirmed"] == "yes" else disputed).add((row["part"], row["code"]))
    for part, code in confirmed | disputed:
        index = ["type", "domain", "subDomain", "eventOrAction"].index(part)
        parts = [3, 26, 0, 85]
        parts[index] = int(code)
        made = EndDeviceEventType(*parts)
        if made.may_emit:
            assert (part, code) in confirmed
        else:
            assert (part, code) in disputed
