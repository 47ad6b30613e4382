"""Two OBIS codes of one meter never share ReadingType and period."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime

import pytest

from drivers.reading import Obis, Period
from gateway.cim.obis_rules import Asked, Rules
from gateway.cim.reading_type import ReadingType, Unmapped

DIALECTS = ["default", "rates-as-summation", "indicating", "sum-of-phases"]
UNITS = ["kWh", "kW", "kvar", "V", "A", "deg", "", "%", "m3"]
MARCH = Period(None, datetime(2026, 4, 1, tzinfo=UTC))
APRIL = Period(None, datetime(2026, 5, 1, tzinfo=UTC))


#: The fast suite looks at the default dialect.
LOOKS = [
    pytest.param(dialect, capture, marks=[] if dialect == "default" or capture is None else pytest.mark.slow)
    for dialect in DIALECTS
    for capture in (None, 900, 0)
]


@pytest.mark.parametrize(("dialect", "capture"), LOOKS)
def test_whatever_a_meter_says_at_once_no_two_codes_share_a_type(dialect: str, capture: int | None) -> None:
    rules = Rules.load(dialect)
    codes = [
        Obis(1, 0, c, d, e)
        for c in (*range(130), 131, 151, 171, 191)
        for d in (*range(2, 10), 29, 32)
        for e in (0, 2, 124)
    ]
    codes += [Obis(a, 0, c, d, 0) for a in (5, 6, 7, 8, 9) for c in range(45) for d in range(3)]
    # A profile's columns have a type each for a capture period, so a code is asked for with every unit it could have.
    for unit in UNITS:
        asked = [(Asked(code, unit, capture), None) for code in codes]
        results = rules.map_all(asked)
        types = [result for result in results if isinstance(result, ReadingType)]
        assert len(types) == len(set(types))
        if unit in ("kWh", "V") and not (unit == "V" and capture == 0):
            assert types, "nothing was mapped: the test would hold of nothing"


def test_the_codes_that_share_are_named_and_both_left_unmapped(rules: Rules) -> None:
    one, other, third = Obis(1, 0, 1, 8, 0), Obis(1, 1, 1, 8, 0), Obis(1, 0, 2, 8, 0)
    results = rules.map_all([(Asked(code, "kWh"), None) for code in (one, other, third)])
    assert isinstance(results[2], ReadingType)
    assert [isinstance(result, Unmapped) for result in results] == [True, True, False]
    assert str(other) in getattr(results[0], "reason", "")
    assert str(one) in getattr(results[1], "reason", "")


def test_the_map_decides(rules: Rules) -> None:
    one, other = Obis(7, 0, 1, 0, 0), Obis(7, 0, 3, 0, 0)
    results = rules.map_all([(Asked(one, "m3"), None), (Asked(other, "m3"), None)], decided={one: None})
    assert results[0] == Unmapped("the device map leaves it out")
    assert isinstance(results[1], ReadingType)


def test_stored_values_of_different_periods_share_a_type_and_not_a_period(rules: Rules) -> None:
    asked = [
        (Asked(Obis(1, 0, 1, 8, 0, f), "kWh", period_known=True), period) for f, period in ((3, MARCH), (4, APRIL))
    ]
    assert all(isinstance(result, ReadingType) for result in rules.map_all(asked))
    same = [(one, MARCH) for one, _ in asked]
    assert all(isinstance(result, Unmapped) for result in rules.map_all(same))


def test_one_code_read_twice_is_no_collision(rules: Rules) -> None:
    twice = [(Asked(Obis(1, 0, 1, 8, 0), "kWh"), None)] * 2
    assert all(isinstance(result, ReadingType) for result in rules.map_all(twice))


@pytest.mark.slow
@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_code_of_electricity_alone_gives_a_type_that_may_be_sent_or_a_reason(dialect: str) -> None:
    rules = Rules.load(dialect)
    for c, d, e in itertools.product(range(256), range(40), range(130)):
        for unit in ("kWh", "V", ""):
            result = rules.reading_type(Obis(1, 0, c, d, e), unit)
            if isinstance(result, Unmapped):
                assert result.reason
            elif dialect == "default":
                assert result.may_emit
