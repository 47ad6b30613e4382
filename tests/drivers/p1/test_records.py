"""What stands in a telegram: twins of each country's, and the forms that no emulator sends."""

from __future__ import annotations

import re
import tomllib
from datetime import UTC, datetime
from random import Random
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.driver import Context
from drivers.iec62056_21.readings import Circumstances
from drivers.p1.decode import decode
from drivers.p1.records import Habit, _by_grammar, records
from drivers.reading import Reading, Record, Text
from hil import catalogue
from hil.push.text import TextMeter

AMSTERDAM = Context(zone=ZoneInfo("Europe/Amsterdam"))


def twin(profile: str) -> bytes:
    return TextMeter(tomllib.loads(catalogue.data_file(f"p1/{profile}").read_text())).telegram(0)


def read(data: bytes, context: Context = AMSTERDAM) -> list[Record]:
    return list(decode(data, "capture", context))


def readings(records: list[Record]) -> dict[str, Reading]:
    return {str(record.obis): record for record in records if isinstance(record, Reading)}


def texts(records: list[Record]) -> dict[str, str]:
    return {str(record.obis): record.value for record in records if isinstance(record, Text)}


def telegram(*lines: str) -> bytes:
    return "\r\n".join(["/XYZ5\\2Twin", "", *lines, "!", ""]).encode()


TWINS = ["be-e-mucs", "dsmr-2.2", "dsmr-4", "dsmr-5", "hu", "se"]
AROUND = Circumstances("twin", datetime(2026, 4, 12, tzinfo=UTC), AMSTERDAM.zone)


def parts(profile: str) -> tuple[str, str]:
    head, _, body = twin(profile).rpartition(b"!")[0].decode().partition("\n")
    return head, body


def said(found: list[Record]) -> list[str]:
    """A value on a line of its own: only the line end between is not kept."""
    return [repr(record).replace("\\r\\n", "") for record in found]


def accustomed(head: str, body: str) -> Habit:
    """To telegrams of this shape."""
    habit = Habit()
    for _ in range(2):
        records(f"{head}\n{body}", AROUND, habit=habit)
    assert habit.shape is not None
    return habit


@pytest.mark.parametrize("profile", TWINS)
def test_the_short_ways_give_the_same_as_the_grammar(profile: str) -> None:
    """Line by line, and by the shape of the telegrams before it, whatever this one is."""
    head, body = parts(profile)
    pieces = [
        "",
        "(",
        ")",
        "*",
        "\r\n",
        ")(",
        "(1)",
        ".",
        "5.",
        "1.2.3",
        " ",
        "260412101500S)(",
        "1-0:2.8.0(1*kWh)",
        "()",
    ]
    short = 0
    for at in range(0, len(body), 11):
        changed = body[:at] + pieces[at // 11 % len(pieces)] + body[at + at % 4 :]
        expected = said(_by_grammar(head, changed, AROUND, ()))
        habit = accustomed(head, body)
        # As the first behind others, as the second of its own kind, and by the shape that then is known.
        for _ in range(3):
            assert said(records(f"{head}\n{changed}", AROUND, habit=habit)) == expected, at
        short += habit.shape is not None
    assert short > len(body) // 44


@pytest.mark.parametrize("profile", TWINS)
@given(st.randoms(use_true_random=False))
def test_other_values_in_the_same_shape(profile: str, random: Random) -> None:
    head, body = parts(profile)
    habit = accustomed(head, body)
    # A digit behind a bracket, and none of an object that stands in a list of objects.
    changed = re.sub(r"(?<=\()[0-9.]+(?=[*)])", lambda match: _others(match[0], random), body)
    shape = habit.shape
    found = records(f"{head}\n{changed}", AROUND, habit=habit)
    assert habit.shape is shape
    assert said(found) == said(_by_grammar(head, changed, AROUND, ()))


def _others(digits: str, random: Random) -> str:
    return "".join(random.choice("0123456789") if digit.isdigit() else digit for digit in digits)


def test_a_meter_that_changes_its_habit_is_followed() -> None:
    head, body = parts("dsmr-5")
    habit = accustomed(head, body)
    without = body.replace("1-0:2.8.2", "1-0:2.8.3")
    for text in (without, body, without, without, without, body):
        expected = said(_by_grammar(head, text, AROUND, ()))
        assert said(records(f"{head}\n{text}", AROUND, habit=habit)) == expected
