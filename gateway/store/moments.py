"""Moments as the store keeps them: microseconds of UTC since 1970."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def micros(at: datetime) -> int:
    """An aware moment as a whole number of microseconds."""
    return (at - _EPOCH) // timedelta(microseconds=1)


def moment(micros: int) -> datetime:
    """The moment again, UTC."""
    return _EPOCH + timedelta(microseconds=micros)
