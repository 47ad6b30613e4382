"""Which spans of which load profile are here: what the meter has answered for is never asked again.

A span is kept as half open, ``(after, until]``, because the time of an interval is its end. Spans that touch are one.
A span counts as covered when the meter has answered for it, also where it had no intervals: asking again would not make any.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from gateway.store.connection import Connection
from gateway.store.moments import micros, moment


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """From ``after`` (not included) to ``until`` (included), UTC. Raises ValueError when it is empty."""

    after: datetime
    until: datetime

    def __post_init__(self) -> None:
        if self.after >= self.until:
            raise ValueError(f"the span ends at {self.until}, not later than it begins ({self.after})")


def cover(connection: Connection, meter: str, profile: str, span: Span) -> None:
    """Note that ``span`` is here. ``meter`` is the key of the meter that answered, not the name of its place."""
    after, until = micros(span.after), micros(span.until)
    touching = connection.execute(
        "SELECT after, until FROM coverage WHERE meter = ? AND profile = ? AND after <= ? AND until >= ?",
        (meter, profile, until, after),
    ).fetchall()
    for other_after, other_until in touching:
        connection.execute(
            "DELETE FROM coverage WHERE meter = ? AND profile = ? AND after = ?", (meter, profile, other_after)
        )
        after, until = min(after, other_after), max(until, other_until)
    connection.execute("INSERT INTO coverage VALUES (?, ?, ?, ?)", (meter, profile, after, until))


def gaps(connection: Connection, meter: str, profile: str, within: Span) -> list[Span]:
    """What of ``within`` is not here, earliest first."""
    rows = connection.execute(
        "SELECT after, until FROM coverage WHERE meter = ? AND profile = ? AND until > ? AND after < ? ORDER BY after",
        (meter, profile, micros(within.after), micros(within.until)),
    ).fetchall()
    return list(_between(within, [(moment(after), moment(until)) for after, until in rows]))


def _between(within: Span, covered: list[tuple[datetime, datetime]]) -> Iterator[Span]:
    at = within.after
    for after, until in covered:
        if after > at:
            yield Span(at, min(after, within.until))
        at = max(at, until)
    if at < within.until:
        yield Span(at, within.until)
