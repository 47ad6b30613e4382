"""Boundaries of time: every quarter of an hour at 00, 15, 30 and 45, every day at local midnight, whatever the season."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo

_DAY = timedelta(days=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Recurrence:
    """``every`` so long, ``offset`` after the boundary; boundaries stand where ``zone`` has its full hours and days.

    Below a day ``every`` must divide it; from a day on it is whole days, counted from 1970-01-01 of the zone. Raises
    ValueError otherwise. On the nights when clocks change, periods below a day keep their length: 92 or 100 quarters.
    """

    every: timedelta
    offset: timedelta = timedelta(0)
    zone: tzinfo = UTC

    def __post_init__(self) -> None:
        if self.every <= timedelta(0) or (_DAY % self.every and self.every % _DAY):
            raise ValueError(f"{self.every} neither divides a day nor is whole days")
        if not timedelta(0) <= self.offset < self.every:
            raise ValueError(f"offset {self.offset} is not within {self.every}")

    def next_after(self, moment: datetime) -> datetime:
        """The first boundary later than ``moment`` (aware), in UTC."""
        if self.every < _DAY:
            return self._within_a_day(moment.astimezone(UTC))
        return self._by_days(moment)

    def _within_a_day(self, moment: datetime) -> datetime:
        # Zones differ from UTC by parts of an hour (India, Nepal): their full hours are ours.
        local = moment.astimezone(self.zone).utcoffset() or timedelta(0)
        shift = self.offset - local % self.every
        passed = (moment - _EPOCH - shift) // self.every
        return _EPOCH + shift + (passed + 1) * self.every

    def _by_days(self, moment: datetime) -> datetime:
        step = self.every // _DAY
        days = (moment.astimezone(self.zone).date() - _EPOCH.date()).days
        number = days - days % step
        while (found := self._start_of(number)) <= moment:
            number += step
        return found

    def _start_of(self, day: int) -> datetime:
        date = _EPOCH.date() + timedelta(days=day)
        midnight = datetime.combine(date, time(0), self.zone)
        # The offset is elapsed time after midnight: 02:30 of a night that has no 02:30 is still one moment.
        return midnight.astimezone(UTC) + self.offset
