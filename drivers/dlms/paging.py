"""A profile read by entry (IEC 62056-6-2, 4.3.6), from the newest back, for meters that take no range.

A full buffer moves while it is read: with each new entry every other has the next lower number. So a page shares one entry
with the page read before it, and where that entry is not at its end the rows behind it were had already.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime

from drivers.errors import BadFrame
from drivers.reading import Row

#: A day of quarter hours, as a range's first piece.
PAGE = 96

#: Gives the entries of these numbers, from 1, both included, oldest first.
Fetch = Callable[[int, int], Awaitable[list[Row]]]


async def entries_since(fetch: Fetch, count: int, since: datetime) -> list[Row]:
    """The newest of ``count`` entries, oldest first, back to one that is older than ``since``.

    Raises BadFrame when the buffer changed in a way that is no moving on: rows could be lost.
    """
    rows: list[Row] = []
    last = count
    while last >= 1:
        first = max(1, last - PAGE + 1)
        page = await fetch(first, last)
        if not page:
            break
        rows = (_before(page, rows[0]) if rows else page) + rows
        oldest = next((row.time for row in page if row.time is not None), None)
        if first == 1 or (oldest is not None and oldest < since):
            break
        last = first
    return rows


def _before(page: list[Row], known: Row) -> list[Row]:
    """The rows of ``page`` before the one that was had already; none when the buffer moved on by so much that all of them are
    newer."""
    for place in range(len(page) - 1, -1, -1):
        if _same(page[place], known):
            return page[:place]
    oldest = page[0].time
    if oldest is not None and known.time is not None and oldest > known.time:
        return []
    raise BadFrame("the profile changed while it was read", do="read it again")


def _same(one: Row, other: Row) -> bool:
    # A stamp that was left out of the one answer may stand in the other: its octets prove nothing where the moment is known.
    return (
        one.time == other.time
        and one.values == other.values
        and (one.time is not None or one.raw_time == other.raw_time)
    )
