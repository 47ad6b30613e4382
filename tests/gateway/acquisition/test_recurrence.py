"""Boundaries: on the clock, in every zone, over both nights when clocks change."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.acquisition.recurrence import Recurrence

BERLIN = ZoneInfo("Europe/Berlin")
QUARTER = timedelta(minutes=15)


def count(recurrence: Recurrence, start: datetime, end: datetime) -> int:
    number, moment = 0, start
    while (moment := recurrence.next_after(moment)) <= end:
        number += 1
    return number


@pytest.mark.parametrize(("day", "quarters"), [("2026-03-29", 92), ("2026-10-25", 100), ("2026-06-01", 96)])
def test_quarters_of_a_local_day(day: str, quarters: int) -> None:
    start = datetime.fromisoformat(day).replace(tzinfo=BERLIN)
    assert count(Recurrence(QUARTER, zone=BERLIN), start, start + timedelta(days=1)) == quarters


@pytest.mark.parametrize(
    ("zone", "at", "expected"),
    [
        ("UTC", "2026-05-01T10:07:00Z", "2026-05-01T11:00:00Z"),
        ("Asia/Kolkata", "2026-05-01T10:07:00Z", "2026-05-01T10:30:00Z"),
        ("Asia/Kathmandu", "2026-05-01T10:07:00Z", "2026-05-01T10:15:00Z"),
    ],
)
def test_hours_are_the_zones_own(zone: str, at: str, expected: str) -> None:
    recurrence = Recurrence(timedelta(hours=1), zone=ZoneInfo(zone))
    assert recurrence.next_after(datetime.fromisoformat(at)) == datetime.fromisoformat(expected)


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2026-03-28T12:00:00Z", "2026-03-28T23:00:00Z"),  # midnight in winter
        ("2026-03-29T12:00:00Z", "2026-03-29T22:00:00Z"),  # and in summer
        ("2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z"),  # a day of 23 hours
        ("2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z"),  # and one of 25
    ],
)
def test_days_begin_at_local_midnight(at: str, expected: str) -> None:
    recurrence = Recurrence(timedelta(days=1), zone=BERLIN)
    assert recurrence.next_after(datetime.fromisoformat(at)) == datetime.fromisoformat(expected)


@given(
    st.datetimes(datetime(1971, 1, 1), datetime(2199, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    st.sampled_from([1, 5, 10, 15, 30, 60, 240, 1440, 2 * 1440, 7 * 1440]),
    st.sampled_from(["UTC", "Europe/Berlin", "Asia/Kolkata", "America/St_Johns", "Australia/Lord_Howe"]),
)
def test_always_later_and_never_two_steps_away(moment: datetime, minutes: int, zone: str) -> None:
    every = timedelta(minutes=minutes)
    found = Recurrence(every, zone=ZoneInfo(zone)).next_after(moment)
    assert moment < found <= moment + every + timedelta(hours=1)


@pytest.mark.parametrize("every", [timedelta(0), timedelta(minutes=7), timedelta(hours=36), -QUARTER])
def test_refused(every: timedelta) -> None:
    with pytest.raises(ValueError, match="neither divides"):
        Recurrence(every)
