"""The quick way through a line and the way that takes any layout give the same sets; no character of a block is dropped."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from drivers.iec62056_21.data_set import DataSet, Value, _any, parse

LINES = st.sampled_from(
    [
        "1.8.0(0012345.678*kWh)", "1-0:1.8.0*255(1)", "1.6.0(3.482*kW)(2604011015)", "(2604011015)", "F.F(00)", "!", "! ",
        "6.8(0326062*MWh)6.26(05*m3)", "9.4(088*C&082*C)", " 1.8.0 ( 001.67 )", "\x7f\x7f1.8.0(1)", "0.0((ER11))", "junk", ")(",
        "1.8.0(12", "34*kWh)", "2.8.0(.5)", "2.8.0(5.)", "2.8.0(-1,5)", "2.8.0(+7*V)", "L.1()", "5*(", "0.1(5*)", "/", "\x06050",
    ]
)  # fmt: skip
ENDS = st.sampled_from(["\r\n", "\n", "\r", "\n\n", "", "\r\n\r\n"])
TEXT = st.one_of(
    st.text(st.characters(max_codepoint=127), max_size=80),
    st.lists(st.tuples(LINES, ENDS).map("".join), max_size=12).map("".join),
)


@given(TEXT)
@example("1.8.0(1)\r\n(2)\r\n")
def test_no_character_is_dropped(text: str) -> None:
    said = "".join(part.raw if isinstance(part, DataSet) else part.text for part in parse(text))
    blank = re.compile(r"[ \t\r\n\x00\x7f\x06!]")
    assert blank.sub("", said) == blank.sub("", text)


@given(LINES, ENDS)
def test_the_quick_way_gives_what_the_other_gives(line: str, end: str) -> None:
    assert parse(line + end) == list(_any(line + end))


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0012345.678", "12345.678"), ("000007,4", "7.4"), (" 001.67", "1.67"), ("-5", "-5"), (".5", "0.5"), ("", None), ("5.", None),
        ("1E5", None), ("NaN", None), ("1_0", None), ("0x1F", None), ("12 34", None), ("9" * 60, "9" * 60), ("1.2.3", None), ("--", None),
    ],
)  # fmt: skip
def test_what_is_a_number(text: str, number: str | None) -> None:
    (part,) = parse(f"1.8.0({text}*kWh)\r\n")
    assert isinstance(part, DataSet)
    assert part.number == (None if number is None else Decimal(number))
    assert (part.text, part.unit) == (text, "kWh")


def test_a_value_may_go_over_lines_and_a_set_on_the_next() -> None:
    (first, second) = parse("1.8.0(1\r\n2*kWh)\r\n(7)\r\n2.8.0(3)\r\n")
    assert isinstance(first, DataSet)
    assert first.values == (Value("1\r\n2", "kWh"), Value("7", ""))
    assert isinstance(second, DataSet)
    assert second.number == 3
