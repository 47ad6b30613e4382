"""Each bit of the status words is an event when it is set and when it is cleared, with a code that may be sent."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from drivers.zigbee_se.quantity import Medium
from drivers.zigbee_se.status import edges
from gateway.cim.events import shipped

NOW = datetime(2026, 11, 25, tzinfo=UTC)


def codes(medium: Medium, word: int, before: int | None, *, extended: bool = False) -> list[tuple[str, str]]:
    found = []
    for event in edges("M1", medium, word, before, NOW, extended=extended):
        meaning = shipped().of(event)
        assert meaning.known, event
        found.append((event.details["state"], str(meaning.event_type) if meaning.event_type else "none"))
    return found


@pytest.mark.parametrize(
    ("medium", "bit", "raised", "cleared"),
    [
        (Medium.ELECTRICITY, 1, "3.2.22.150", "3.2.22.37"),
        (Medium.ELECTRICITY, 2, "3.12.0.257", "3.12.0.291"),
        (Medium.ELECTRICITY, 3, "3.26.0.85", "3.26.0.216"),
        (Medium.GAS, 5, "4.4.48.47", "none"),
        (Medium.WATER, 3, "24.5.0.85", "24.5.0.216"),
        (Medium.HEAT, 4, "17.29.0.150", "none"),
    ],
)
def test_a_bit_is_set_and_cleared(medium: Medium, bit: int, raised: str, cleared: str) -> None:
    (was_set,), (was_cleared,) = codes(medium, 1 << bit, 0), codes(medium, 0, 1 << bit)
    assert was_set[0] == "set"
    assert was_cleared[0] == "cleared"
    assert was_set[1].split(".")[0] == raised.split(".")[0]
    if medium is not Medium.HEAT:
        assert was_set[1] == raised
    if medium is Medium.ELECTRICITY:
        assert was_cleared[1] == cleared


@pytest.mark.parametrize("medium", list(Medium))
def test_no_bit_is_without_a_row(medium: Medium) -> None:
    codes(medium, 0xFF, 0)
    codes(medium, 0x3FFF, 0, extended=True)


def test_what_did_not_change_is_no_event() -> None:
    assert codes(Medium.ELECTRICITY, 0x41, 0x41) == []


def test_at_first_sight_what_is_set_is_said() -> None:
    (event,) = edges("M1", Medium.GAS, 0x02, None, NOW)
    assert event.details == {"state": "set", "seen": "first"}


def test_the_reason_of_a_disconnection_is_one_field() -> None:
    found = list(edges("M1", Medium.ELECTRICITY, 2 << 30, 1 << 30, NOW, extended=True))
    assert [(one.code, one.details["state"]) for one in found] == [("30-33=1", "cleared"), ("30-33=2", "set")]
    assert shipped().of(found[1]).event_type is not None
