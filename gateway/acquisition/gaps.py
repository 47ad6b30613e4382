"""What of a load profile is missing, in pieces a meter can answer, and what an answer covers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from drivers.reading import Record, Series
from gateway.store.coverage import Span

#: A piece that is asked for at once: a day is what meters index by, and a failure costs no more than it.
PIECE = timedelta(days=1)
#: The row of an interval may be a little late in the profile: so many periods before now count as not yet there.
_LATE_PERIODS = 2


def pieces(gaps: Iterable[Span], most: timedelta = PIECE) -> Iterator[Span]:
    """The gaps cut into pieces of at most ``most``, the newest first: what is fresh is wanted first."""
    for gap in sorted(gaps, reverse=True):
        until = gap.until
        while until > gap.after:
            after = max(gap.after, until - most)
            yield Span(after, until)
            until = after


def answered(asked: Span, records: Sequence[Record], whole: bool, now: datetime) -> Span | None:
    """What of ``asked`` the meter has answered for; None when nothing.

    A whole answer covers what was asked, but for the newest periods when their rows are not there yet. One that broke off
    covers up to its last row, when its rows came in order.
    """
    series = [record for record in records if isinstance(record, Series)]
    times = [row.time for one in series for row in one.rows if row.time is not None]
    period = timedelta(seconds=max((one.interval_s for one in series), default=0))
    until = asked.until
    in_doubt = now - until < period * _LATE_PERIODS or not series
    if not whole:
        if not times or times != sorted(times):
            return None
        until = min(until, times[-1])
    elif in_doubt:
        # An answer without rows says nothing of the newest periods, whose length is not even known then.
        until = min(until, max(times)) if times else min(until, now - PIECE)
    return Span(asked.after, until) if until > asked.after else None
