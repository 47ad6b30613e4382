"""Zero, drop and jump of a counter are doubts, and the base stays; only what can be explained counts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from drivers.counter import Count, judge
from drivers.modbus.registers import Counter
from drivers.reading import Doubt

START = datetime(2026, 3, 1, tzinfo=UTC)
KWH = Counter(resolution=Decimal("0.01"), rollover=Decimal(1_000_000))


def count(value: str, hours: float = 0, serial: str = "1") -> Count:
    return Count(Decimal(value), START + timedelta(hours=hours), serial)


@pytest.mark.parametrize(
    ("before", "after", "hours", "doubts", "advance"),
    [
        ("1000", "1010.5", 1, (), "10.5"),
        ("1000", "1000", 1, (), "0"),
        ("1000", "0", 1, (Doubt.SUSPECT,), None),
        ("1000", "999.99", 1, (Doubt.SUSPECT,), None),
        ("1000", "54700", 0.25, (Doubt.SUSPECT,), None),  # 53.7 MWh in a quarter of an hour
        ("999995", "4", 1, (), "9"),
        ("999995", "40000", 1, (Doubt.SUSPECT,), None),  # a rollover, and too much in an hour
        ("500000", "4", 1, (Doubt.SUSPECT,), None),
        ("1999995", "4", 1, (Doubt.SUSPECT,), None),  # beyond where it is said to begin again
        ("1000", "1000.01", 0, (), "0.01"),  # the step of the register in no time at all
    ],
)
def test_judgement(before: str, after: str, hours: float, doubts: tuple[Doubt, ...], advance: str | None) -> None:
    found = judge(count(before), count(after, hours), KWH, Decimal(50))
    assert found.doubts == doubts
    assert found.advance == (None if advance is None else Decimal(advance))
    assert found.keep is bool(doubts)
    assert bool(found.why) or not doubts


def test_a_rollover_is_not_believed_without_a_bound_for_what_is_possible() -> None:
    assert judge(count("999995"), count("4", 1), KWH).keep


def test_a_resettable_counter_says_so() -> None:
    found = judge(count("1000"), count("3", 1), Counter(resettable=True))
    assert found.doubts == (Doubt.SUSPECT, Doubt.RESET)
    assert found.keep


def test_another_meter_is_a_new_base_and_no_advance() -> None:
    found = judge(count("1000"), count("3", 1, "2"), KWH, Decimal(50))
    assert found.advance is None
    assert not found.keep
    assert "another meter" in found.why
