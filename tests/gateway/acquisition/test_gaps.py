"""Exactly what is missing is asked for, newest first, and only what was answered counts as here."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from drivers.reading import Column, Obis, Row, Series
from gateway.acquisition.gaps import answered, pieces
from gateway.store.coverage import Span

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
QUARTER = timedelta(minutes=15)
PROFILE = Obis.parse("1-0:99.1.0")


def series(*times: datetime) -> Series:
    rows = tuple(Row(time, (Decimal(1),)) for time in times)
    return Series("M", PROFILE, 900, (Column(Obis.parse("1-0:1.29.0"), "kWh"),), rows, NOON)


def test_gaps_are_cut_and_the_newest_comes_first() -> None:
    gap = Span(NOON - timedelta(days=2, hours=6), NOON)
    old = Span(NOON - timedelta(days=9), NOON - timedelta(days=9) + QUARTER)
    found = list(pieces([old, gap]))
    assert [(piece.until - piece.after) for piece in found] == [
        timedelta(days=1), timedelta(days=1), timedelta(hours=6), QUARTER,
    ]  # fmt: skip
    assert found[0].until == NOON
    assert found[-1] == old


DAY = Span(NOON - timedelta(days=3), NOON - timedelta(days=2))


@pytest.mark.parametrize(
    ("asked", "rows", "whole", "until"),
    [
        (DAY, [DAY.until], True, DAY.until),
        (DAY, [], True, DAY.until),  # the meter has nothing there: asking again makes nothing
        (DAY, [DAY.after + QUARTER], True, DAY.until),
        (DAY, [DAY.after + QUARTER], False, DAY.after + QUARTER),
        (DAY, [DAY.after + 2 * QUARTER, DAY.after + QUARTER], False, None),
        (DAY, [], False, None),
        (Span(NOON - QUARTER, NOON), [NOON - QUARTER], True, None),  # the newest row is not there yet
        (Span(NOON - QUARTER, NOON), [NOON], True, NOON),
    ],
)
def test_what_an_answer_covers(asked: Span, rows: list[datetime], whole: bool, until: datetime | None) -> None:
    found = answered(asked, [series(*rows)], whole, NOON)
    assert found == (None if until is None else Span(asked.after, until))


def test_no_answer_at_all_about_now_covers_nothing() -> None:
    assert answered(Span(NOON - QUARTER, NOON), [], True, NOON) is None
    assert answered(DAY, [], True, NOON) == DAY
