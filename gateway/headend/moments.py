"""The moments of a TimeSchedule: its recurrence within its interval, and its time points."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta, tzinfo
from decimal import Decimal

from gateway.acquisition.recurrence import Recurrence
from gateway.messages import refusals
from gateway.messages.profiles.meter_read_schedule import TimeSchedule

#: Patterns that the words of the CIM class name; any other is refused. A pattern says the period, where none is given.
_PATTERNS = {"hourly": timedelta(hours=1), "daily": timedelta(days=1), "weekly": timedelta(days=7)}
_SHORTEST = timedelta(minutes=1)


def check(schedule: TimeSchedule, zone: tzinfo) -> None:
    """Raises Refusal (1.8) for a schedule that no moment follows from."""
    _recurrence(schedule, zone)
    interval = schedule.schedule_interval
    if interval is not None and interval.start and interval.end and interval.start > interval.end:
        raise refusals.senseless_time("scheduleInterval ends before it begins")
    if schedule.recurrence_period is None and not schedule.recurrence_pattern and not schedule.time_points:
        raise refusals.senseless_time("TimeSchedule has neither a recurrence nor TimePoints")


def next_after(schedule: TimeSchedule, made_at: datetime, moment: datetime, zone: tzinfo) -> datetime | None:
    """The first moment later than ``moment`` (UTC), None when there is none. ``made_at``: what is relative begins there
    when the schedule has no start."""
    if schedule.disabled:
        return None
    interval = schedule.schedule_interval
    start = interval.start if interval and interval.start else made_at
    end = interval.end if interval else None
    found = [one for one in _points(schedule, start) if one > moment]
    if (recurrence := _recurrence(schedule, zone)) is not None:
        found.append(recurrence.next_after(max(moment, start - timedelta(microseconds=1))))
    found = [one for one in found if end is None or one <= end]
    return min(found, default=None)


def first(schedules: Iterable[TimeSchedule], made_at: datetime, moment: datetime, zone: tzinfo) -> datetime | None:
    """The first moment of any of these."""
    found = [next_after(one, made_at, moment, zone) for one in schedules]
    return min((one for one in found if one is not None), default=None)


def _points(schedule: TimeSchedule, start: datetime) -> list[datetime]:
    found = []
    for point in schedule.time_points:
        if point.date_time is not None:
            found.append(point.date_time)
        elif point.relative_time_interval is not None:
            found.append(start + _seconds(point.relative_time_interval))
        elif point.window is not None and point.window.start is not None:
            found.append(point.window.start)
    return found


def _recurrence(schedule: TimeSchedule, zone: tzinfo) -> Recurrence | None:
    pattern = (schedule.recurrence_pattern or "").lower()
    if pattern and pattern not in _PATTERNS and schedule.recurrence_period is None:
        known = ", ".join(_PATTERNS)
        raise refusals.senseless_time(f"recurrencePattern {pattern!r} is none of {known}, and there is no period")
    if schedule.recurrence_period is not None:
        every = _seconds(schedule.recurrence_period)
    elif pattern:
        every = _PATTERNS[pattern]
    else:
        return None
    offset = _seconds(schedule.offset) if schedule.offset is not None else timedelta(0)
    if every < _SHORTEST:
        raise refusals.senseless_time(f"meters are not read more often than every {_SHORTEST}")
    try:
        return Recurrence(every, offset, zone)
    except ValueError as error:
        raise refusals.senseless_time(str(error)) from None


def _seconds(value: Decimal) -> timedelta:
    return timedelta(microseconds=int(value * 1_000_000))
