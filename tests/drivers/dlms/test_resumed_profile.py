"""A profile read day by day: a lost link is opened again, every row comes once, and none is left out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from drivers.dlms import driver
from drivers.dlms.driver import Dlms
from drivers.dlms.reach import Reach
from drivers.driver import Context
from drivers.errors import LinkLost
from drivers.meter_url import parse
from drivers.reading import Obis, Row

PROFILE = Obis(1, 0, 99, 1, 0)
DAY = timedelta(days=1)
START = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driver, "RESUME_PAUSE_S", 0.01)


@pytest.mark.parametrize(
    ("profile", "url", "fault"),
    [
        ("household", "dlms://{}", "drop-mid-block=10"),
        ("hdlc-tcp", "dlms+hdlc://{}", "drop-mid-block=10"),
        # On a serial line no connection ends: the meter is silent, and answers the next SNRM.
        ("hdlc-serial-fast", "dlms:{}?baud=115200", "drop-mid-block=10"),
        ("household", "dlms://{}", "truncated-apdu=200"),
    ],
)
@pytest.mark.usefixtures("soon")
async def test_a_link_that_fails_in_mid_profile(
    emulated_meter: Callable[..., str], profile: str, url: str, fault: str
) -> None:
    until = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    where = emulated_meter(f"dlms/{profile}", fault, speed="max")
    async with Dlms(parse(url.format(where)), Context(timeout=5)) as meter:
        series = [one async for one in meter.profile(PROFILE, until - 4 * DAY, until)]
    times = [row.time for one in series for row in one.rows]
    assert times == [until - 4 * DAY + timedelta(minutes=15 * number) for number in range(4 * 96 + 1)]


@pytest.mark.usefixtures("soon")
async def test_a_link_that_is_lost_again_and_again_is_given_up(emulated_meter: Callable[..., str]) -> None:
    until = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    where = emulated_meter("dlms/household", "close-mid-block=10", speed="max")
    found: list[datetime | None] = []

    async def read() -> None:
        async with Dlms(parse(f"dlms://{where}"), Context(timeout=20)) as meter:
            async for series in meter.profile(PROFILE, until - 4 * DAY, until):
                found.extend(row.time for row in series.rows)

    with pytest.raises(LinkLost):
        await read()
    assert 96 <= len(found) < 4 * 96
    assert found == [until - 4 * DAY + timedelta(minutes=15 * number) for number in range(len(found))]


def _row(minutes: float, value: int) -> Row:
    return Row(START + timedelta(minutes=minutes), (Decimal(value),))


def test_two_events_of_one_second_are_two() -> None:
    rows = [_row(5, 1), _row(5, 2), _row(5, 2)]
    assert Reach().fresh(rows, START, START + DAY, last=True) == rows


def test_the_margin_and_the_edge_come_once() -> None:
    reach = Reach()
    edge = _row(24 * 60, 7)
    first = [_row(-15, 0), _row(0, 1), edge]
    assert reach.fresh(first, START, START + DAY, last=False) == [_row(0, 1)]
    assert reach.until == START + DAY
    assert reach.fresh([*first, _row(48 * 60, 8)], START + DAY, START + 2 * DAY, last=True) == [edge, _row(48 * 60, 8)]


def test_a_row_whose_stamp_tells_no_moment_comes_once() -> None:
    reach = Reach()
    rows = [Row(None, (Decimal(1),), raw_time="ff"), Row(None, (Decimal(1),), raw_time="ff"), Row(None, (Decimal(2),))]
    assert reach.fresh(rows, START, START + DAY, last=False) == rows
    assert reach.fresh(rows, START + DAY, START + 2 * DAY, last=True) == []


def test_pieces_grow_while_they_come_soon_and_are_small_again_after_an_interruption() -> None:
    reach = Reach()
    lengths = []
    for seconds in (0.3, 1.2, 4.9, 6.0, 0.1):
        lengths.append(reach.piece / DAY)
        reach.took(seconds)
    assert lengths == [1, 4, 16, 16, 16]
    reach.interrupted()
    reach.took(60)
    assert reach.piece == DAY
