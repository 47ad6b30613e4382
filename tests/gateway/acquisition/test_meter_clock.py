"""The meter's clock: read, reported when it is off, set only where that is allowed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from drivers.reading import ClockReading
from gateway.acquisition.meter_clock import drift, events, read_and_set

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


class Meter:
    """A clock that is off, and can be set."""

    def __init__(self, off: timedelta | None) -> None:
        self.off = off

    async def clock(self) -> ClockReading:
        return ClockReading("M", "raw", None if self.off is None else NOW + self.off, NOW)

    async def set_clock(self, to: datetime) -> ClockReading:
        self.off = to - NOW
        return await self.clock()


@pytest.mark.parametrize(
    ("off", "beyond", "is_set"),
    [
        (MINUTE, None, False),
        (MINUTE, MINUTE, False),
        (MINUTE, MINUTE / 2, True),
        (-MINUTE, MINUTE / 2, True),
        (None, MINUTE, False),
    ],
)
async def test_it_is_set_only_beyond_what_is_allowed(
    off: timedelta | None, beyond: timedelta | None, is_set: bool
) -> None:
    before, after = await read_and_set(Meter(off), beyond, NOW)
    assert drift(before) == off
    assert (after is not None) == is_set
    if after is not None:
        assert drift(after) == timedelta(0)


async def test_what_is_said() -> None:
    before, after = await read_and_set(Meter(2 * MINUTE), None, NOW)
    (off,) = events("M", before, after, MINUTE)
    assert (off.code, off.details) == ("clock off", {"seconds": "120"})
    before, after = await read_and_set(Meter(2 * MINUTE), MINUTE, NOW)
    (was_set, well) = events("M", before, after, MINUTE)
    assert (was_set.code, was_set.at) == ("clock set", NOW)
    assert (well.code, well.details["state"]) == ("clock off", "cleared")
    before, after = await read_and_set(Meter(None), None, NOW)
    assert events("M", before, after, MINUTE) == []
