"""UTCTime of ZCL: seconds since 2000-01-01T00:00:00 UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
INVALID = 0xFFFFFFFF


def moment(seconds: int | None) -> datetime | None:
    """The moment, UTC; None for the invalid value and for 0, which SE gives where a time was never set."""
    return None if seconds in (None, 0, INVALID) else EPOCH + timedelta(seconds=seconds or 0)


def seconds(time: datetime) -> int:
    """Whole seconds since 2000, rounded down. Raises ValueError outside of 2000 to 2136."""
    since = int((time - EPOCH).total_seconds())
    if not 0 <= since < INVALID:
        raise ValueError(f"{time.isoformat()} is no UTCTime")
    return since
