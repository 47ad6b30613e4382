"""A ReadingType is 18 integers: read, printed, said in words, and sent only when the table knows them."""

from __future__ import annotations

import contextlib
import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.cim.code_tables import Standing
from gateway.cim.reading_type import FIELDS, ReadingType

IMPORT = "0.0.0.1.1.1.12.0.0.0.0.0.0.0.0.3.72.0"


def test_a_name_reads_and_prints_back() -> None:
    made = ReadingType.parse(IMPORT)
    assert (made.accumulation, made.flow_direction, made.multiplier, made.unit) == (1, 1, 3, 72)
    assert str(made) == IMPORT
    assert made.may_emit


@given(st.tuples(*[st.integers(-12 if name == "multiplier" else 0, 2000) for name in FIELDS]))
def test_every_18_integers_print_and_read_back(fields: tuple[int, ...]) -> None:
    assert ReadingType.parse(str(ReadingType(*fields))) == fields


@pytest.mark.parametrize(
    "text",
    ["", "1", IMPORT[:-2], IMPORT + ".0", IMPORT.replace("72", "07"), IMPORT.replace("72", "+72"), IMPORT.replace("72", " 72"),
     IMPORT.replace("72", "-72"), IMPORT.replace("72", "--1"), IMPORT.replace("72", ""), IMPORT.replace("72", "٧"), IMPORT.replace("72", "9" * 30)],
)  # fmt: skip
def test_what_is_no_name_of_18_integers_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        ReadingType.parse(text)


def test_a_name_of_edition_1_says_so() -> None:
    with pytest.raises(ValueError, match="edition 1"):
        ReadingType.parse("0.0.0.1.1.1.12.0.0.3.72")


@given(st.text(max_size=60))
def test_any_text_reads_or_is_refused(text: str) -> None:
    with contextlib.suppress(ValueError):
        assert str(ReadingType.parse(text)) == text


def test_it_is_said_field_by_field() -> None:
    words = [str(part) for part in ReadingType.parse(IMPORT).explain()]
    assert len(words) == 18
    assert words[4] == "flowDirection 1: delivered to the customer (import, +)"
    assert words[16] == "unit 72: Wh - active energy"


@pytest.mark.parametrize(
    ("field", "value", "standing"),
    [
        ("commodity", 26, Standing.DISPUTED),
        ("tou", 7, Standing.ONE_SOURCE),
        ("measurement_kind", 158, Standing.UNKNOWN),
        ("measurement_kind", 1001, Standing.VENDOR),
        ("unit", 72, Standing.CONFIRMED),
        ("cpp", 3, Standing.CONFIRMED),
    ],
)
def test_how_sure_a_field_is_is_shown_and_decides(field: str, value: int, standing: Standing) -> None:
    made = ReadingType.parse(IMPORT)._replace(**{field: value})
    part = list(made.explain())[ReadingType._fields.index(field)]
    assert part.standing is standing
    assert made.may_emit is (standing in (Standing.CONFIRMED, Standing.ONE_SOURCE))
    assert (str(standing) in str(part)) or standing is Standing.CONFIRMED


@pytest.mark.parametrize(
    ("pair", "good"), [((5, 1), True), ((0, 0), True), ((0, 1), False), ((3, 0), False), ((1, 2), True)]
)
def test_a_harmonic_is_a_fraction(pair: tuple[int, int], good: bool) -> None:
    made = ReadingType.parse(IMPORT)._replace(interharmonic_numerator=pair[0], interharmonic_denominator=pair[1])
    assert made.may_emit is good


def test_the_table_holds_every_value_of_the_fact_sheet(shared: Path) -> None:
    with (shared / "facts/codes/readingtype_fields.csv").open() as lines:
        for row in csv.DictReader(lines):
            if row["field"].startswith(("interharmonic", "argument")) and row["code"] != "0":
                continue
            name = row["field"].replace("argument.", "argument_").replace("interharmonic.", "interharmonic_")
            index = FIELDS.index(row["field"])
            part = list(ReadingType()._replace(**{ReadingType._fields[index]: int(row["code"])}).explain())[index]
            assert part.standing == ("" if row["confirmed"] == "yes" else row["confirmed"]), name
