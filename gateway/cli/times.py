"""Moments and zones as a person types them."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from drivers.errors import UsageError


def moment(option: str, text: str | None, zone: tzinfo | None) -> datetime | None:
    """ISO 8601 to UTC. Without an offset it is in ``zone``. Raises UsageError when neither says where it is."""
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{option} {text!r} is no time", do="write e.g. 2026-11-24T14:00:00Z") from None
    if at.tzinfo is None:
        if zone is None:
            raise UsageError(f"{option} {text!r} has no zone", do="add Z or +01:00, or give --zone")
        at = at.replace(tzinfo=zone)
    return at.astimezone(UTC)


def time_zone(name: str | None) -> tzinfo | None:
    """The zone of an IANA name. Raises UsageError for one that is not known."""
    if name is None:
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise UsageError(f"no time zone {name!r}", do="write an IANA name, e.g. Europe/Berlin or UTC") from None
