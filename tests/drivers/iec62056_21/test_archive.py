"""An LIS-200 archive read from the emulated volume corrector, and its rows as text."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from drivers.driver import Context
from drivers.iec62056_21 import archive
from drivers.iec62056_21.driver import Iec62056_21
from drivers.iec62056_21.meter_map import Archive, ArchiveColumn
from drivers.meter_url import parse as parse_url
from drivers.reading import Doubt, Obis
from gateway.device_map import find

BERLIN = ZoneInfo("Europe/Berlin")
PROFILE = Obis.parse("7-0:99.1.0")
KNOWN = Archive(
    "3:V.0",
    (ArchiveColumn(4, Obis.parse("7-0:13.0.0"), "m3"), ArchiveColumn(1, Obis.parse("7-0:0.1.2"))),
    time=3,
    status=8,
    period_min=60,
)
ROW = "(4101)(311)(2026-04-12,05:00:00)(131401.11)(118140.90)(4.981)(12.20)({})(0x8105)"


def parse(text: str) -> archive.Found:
    return archive.parse(
        text, KNOWN, profile=PROFILE, meter="m", zone=BERLIN, read_at=datetime(2026, 11, 25, tzinfo=UTC)
    )


def test_a_row_by_its_brackets() -> None:
    (series,) = parse(ROW.format("0")).series
    assert series.rows[0].time == datetime(2026, 4, 12, 3, tzinfo=UTC)
    assert series.rows[0].values == (Decimal("131401.11"), "4101")
    assert (series.interval_s, series.rows[0].doubts) == (3600, ())


def test_a_status_is_a_doubt() -> None:
    assert parse(ROW.format("5")).series[0].rows[0].doubts == (Doubt.SUSPECT,)


@pytest.mark.parametrize("cut", [5, 30, 40, 60, len(ROW.format(0)) - 9])
def test_a_cut_row_is_refused(cut: int) -> None:
    found = parse(f"{ROW.format(0)}\r\n{ROW.format(0)[:cut]}\r\n{ROW.format(0)}")
    assert len(found.series[0].rows) == 2
    assert len(found.refused) == 1


async def test_an_archive_in_partial_blocks(emulate: Callable[..., str]) -> None:
    known = find("elster/ek280").part("iec62056_21")
    context = Context(zone=BERLIN, meter_map=known)
    since, until = (datetime(2026, 4, 12, hour, tzinfo=UTC) for hour in (4, 7))
    async with Iec62056_21(parse_url(f"iec62056-21:{emulate('gas-archive', speed='max')}"), context) as driver:
        (series,) = [one async for one in driver.profile(PROFILE, since, until)]
    assert series.meter == "ELS-0007120447"
    assert [str(row.values[0]) for row in series.rows] == ["131401.11", "131414.87", "131429.02", "131443.30"]
    # The map says standard time: 05:00 of the meter is 04:00 UTC, in summer too.
    assert [row.time and row.time.hour for row in series.rows] == [4, 5, 6, 7]
    assert [row.doubts for row in series.rows] == [(), (), (), (Doubt.SUSPECT,)]
    assert [column.unit for column in series.columns[:2]] == ["m3", "m3"]
