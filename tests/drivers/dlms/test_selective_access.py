"""Selective access: a range of some columns; and by entry, where a meter takes no range, also when its buffer moves on in between."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from drivers.dlms import axdr, cosem_time
from drivers.dlms.cosem import Attribute, ClassId
from drivers.dlms.driver import Dlms
from drivers.dlms.meter_profiles import MeterProfiles
from drivers.dlms.paging import PAGE, entries_since
from drivers.dlms.selection import by_range
from drivers.driver import Context
from drivers.errors import BadFrame
from drivers.meter_url import parse
from drivers.reading import Column, Obis, Row

PROFILE = Obis(1, 0, 99, 1, 0)
START = datetime(2026, 3, 1, tzinfo=UTC)
QUARTER = timedelta(minutes=15)


def _row(number: int) -> Row:
    return Row(START + number * QUARTER, (Decimal(number),), raw_time=f"{number:024x}")


class Buffer:
    """A full one: with each of ``moves`` a new entry pushes out the oldest before the next page is read."""

    def __init__(self, rows: int, moves: list[int]) -> None:
        self.rows = [_row(number) for number in range(rows)]
        self.moves = list(moves)

    async def fetch(self, first: int, last: int) -> list[Row]:
        found = self.rows[first - 1 : last]
        move = self.moves.pop(0) if self.moves else 0
        newest = int(self.rows[-1].values[0] or 0)
        self.rows = [*self.rows, *(_row(newest + 1 + number) for number in range(move))][move:]
        return found


@example(287, 0, [0, 0, 2])  # the row that was read last is pushed out itself
@example(300, 0, [150])  # a whole page is pushed on
@given(st.integers(1, 3 * PAGE), st.integers(-5, 3 * PAGE), st.lists(st.integers(0, 3), max_size=4))
async def test_every_row_from_a_moment_on_comes_once(size: int, since: int, moves: list[int]) -> None:
    buffer = Buffer(size, moves)
    found = await entries_since(buffer.fetch, size, START + since * QUARTER)
    numbers = [int(row.values[0] or 0) for row in found]
    assert numbers == list(range(numbers[0], size))
    pushed_out = int(buffer.rows[0].values[0] or 0)
    assert numbers[0] <= max(since, pushed_out)


async def test_a_buffer_that_was_begun_anew_in_between_is_no_row() -> None:
    pages = iter([[_row(number) for number in range(200, 296)], [_row(number) for number in range(96)]])

    async def fetch(first: int, last: int) -> list[Row]:
        return next(pages)

    with pytest.raises(BadFrame, match="changed while it was read"):
        await entries_since(fetch, 296, START)


async def test_an_empty_buffer() -> None:
    assert await entries_since(Buffer(1, []).fetch, 0, START) == []


async def test_a_meter_that_takes_no_range(emulated_meter: Callable[..., str]) -> None:
    until = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    async with Dlms(parse(f"dlms://{emulated_meter('dlms/profile-by-entry')}"), Context(timeout=30)) as meter:
        series = [one async for one in meter.profile(PROFILE, until - timedelta(days=3), until)]
    rows = [row for one in series for row in one.rows]
    assert [row.time for row in rows] == [until - timedelta(days=3) + QUARTER * number for number in range(289)]
    assert all(len(row.values) == 2 for row in rows)


async def test_a_range_of_some_columns(emulated_meter: Callable[..., str]) -> None:
    until = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    async with Dlms(parse(f"dlms://{emulated_meter('dlms/household')}"), Context(timeout=30)) as meter:
        async with meter._session() as reading:
            layout = await MeterProfiles(reading).layout(PROFILE)
            clock, _, first, *_ = layout.captured
            bounds = cosem_time.build(until - timedelta(hours=2), UTC), cosem_time.build(until, UTC)
            some = by_range(clock, *bounds, columns=(clock, first))
            result = await reading.client.get(Attribute(ClassId.PROFILE_GENERIC, PROFILE, 2), some)
        [whole] = [one async for one in meter.profile(PROFILE, until - timedelta(hours=2), until)]
    assert isinstance(result, bytes)
    found = axdr.decode(result)
    assert isinstance(found, list)
    assert [len(row) for row in found if isinstance(row, tuple)] == [2] * 9
    place = whole.columns.index(Column(first.obis, "Wh"))
    assert [Decimal(str(row[1])) for row in found if isinstance(row, tuple)] == [
        row.values[place] for row in whole.rows
    ]
