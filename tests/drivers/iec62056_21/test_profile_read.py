"""Load profiles, logs and clocks read from the emulated meters by the driver: what is read is what the meter has."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from drivers.driver import Context, Identifies, KeepsClock, ReadsEvents, ReadsProfile, ReadsRegisters
from drivers.errors import AccessDenied, BadFrame, KeyRejected, NotSupported, UsageError
from drivers.iec62056_21.driver import Iec62056_21
from drivers.iec62056_21.learned import Learned
from drivers.iec62056_21.meter_map import MeterMap
from drivers.meter_url import parse
from drivers.reading import Doubt, MeterEvent, Obis, Row, Series
from gateway.keys import Keys
from hil.catalogue import data_file
from hil.iec62056_21.load_profile import LoadProfile
from hil.iec62056_21.profile import load

Emulate = Callable[..., str]
P01, P02 = Obis.parse("1-0:99.1.0"), Obis.parse("1-0:99.2.0")
BERLIN = ZoneInfo("Europe/Berlin")


def meter(port: str, learned: Learned | None = None, **context: Any) -> Iec62056_21:
    context.setdefault("zone", BERLIN)
    return Iec62056_21(parse(f"iec62056-21:{port}"), Context(**context), learned)


async def profile(port: str, since: datetime, hours: float, obis: Obis = P01, **context: Any) -> list[Series]:
    async with meter(port, **context) as driver:
        return [series async for series in driver.profile(obis, since, since + timedelta(hours=hours))]


def truth(name: str, since: datetime, hours: float, address: str = "P.01") -> list[tuple[datetime, tuple[str, ...]]]:
    """What the emulated meter has kept, from its data and not from its answer."""
    data = next(item for item in load(data_file(f"iec62056-21/{name}")).load_profiles if item["address"] == address)
    until = since + timedelta(hours=hours)
    return [(end, values) for end, _, values in LoadProfile.of(data).rows() if since <= end <= until]


def rows(series: list[Series]) -> list[tuple[datetime | None, tuple[str, ...]]]:
    return [(row.time, tuple(str(value) for value in row.values)) for one in series for row in one.rows]


def doubts(series: list[Series]) -> dict[datetime | None, tuple[Doubt, ...]]:
    flat: list[Row] = [row for one in series for row in one.rows]
    return {row.time: row.doubts for row in flat if row.doubts}


def test_the_driver_is_what_it_says(tmp_path: Any) -> None:
    driver = meter(str(tmp_path / "none"))
    for able in (Identifies, ReadsRegisters, ReadsProfile, ReadsEvents, KeepsClock):
        assert isinstance(driver, able)


async def test_rows_with_a_gap_and_changes_of_status(emulate: Emulate) -> None:
    since = datetime(2026, 3, 18, 13, 0, tzinfo=UTC)
    series = await profile(emulate("load-profile", speed="max"), since, 3)
    assert rows(series) == truth("load-profile", since, 3)
    assert len(rows(series)) == 8
    assert [column.unit for column in series[0].columns] == ["kW", "kW", "kvar", "kvar", "kvar", "kvar"]
    assert (series[0].interval_s, series[0].meter, series[0].checked) == (900, "EMH-41002288", True)
    assert doubts(series) == {
        datetime(2026, 3, 18, 13, 30, tzinfo=UTC): (Doubt.POWER_FAILED,),
        datetime(2026, 3, 18, 15, 0, tzinfo=UTC): (Doubt.POWER_FAILED,),
    }


@pytest.mark.slow
async def test_a_header_before_every_row_and_the_night_the_clock_is_put_forward(emulate: Emulate) -> None:
    since = datetime(2026, 3, 28, 23, 0, tzinfo=UTC)
    series = await profile(emulate("load-profile-rows", speed="max"), since, 4)
    assert rows(series) == truth("load-profile-rows", since, 4)
    assert len(series) == 1


@pytest.mark.slow
async def test_a_season_bit_is_a_doubt_of_every_summer_row(emulate: Emulate) -> None:
    since = datetime(2026, 3, 28, 22, 0, tzinfo=UTC)
    series = await profile(emulate("load-profile-season", speed="max"), since, 6)
    assert rows(series) == truth("load-profile-season", since, 6)
    summer = [row for one in series for row in one.rows if Doubt.DAYLIGHT_SAVING in row.doubts]
    assert [row.time for row in summer] == [
        time for time, _ in rows(series) if time and time.hour < 22 and time.hour >= 1
    ]


@pytest.mark.slow
async def test_a_long_span_is_read_in_pieces_without_a_row_twice(emulate: Emulate) -> None:
    since = datetime(2026, 3, 20, 0, 0, tzinfo=UTC)
    series = await profile(emulate("load-profile", speed="max"), since, 24 * 15)
    assert rows(series) == truth("load-profile", since, 24 * 15)


@pytest.mark.slow
async def test_daily_values(emulate: Emulate) -> None:
    since = datetime(2026, 3, 20, tzinfo=UTC)
    port = emulate("load-profile", speed="max")
    series = await profile(port, since, 48, P02, zone=ZoneInfo("UTC"))
    assert rows(series) == truth("load-profile", since, 48, "P.02")
    assert series[0].interval_s == 86400
    with pytest.raises(AccessDenied, match=r"\(ERROR\).*not in this span"):
        await profile(port, datetime(2020, 1, 1, tzinfo=UTC), 24)
    with pytest.raises(NotSupported, match=r"no load profile 1-0:99\.3\.0\*255 is known.*P\.01, P\.02"):
        await profile(port, since, 1, Obis.parse("1-0:99.3.0"))
    with pytest.raises(UsageError, match="zone"):
        await profile(port, since, 1, zone=None)


async def test_half_a_row_is_refused_and_the_whole_ones_are_given(emulate: Emulate) -> None:
    since = datetime(2026, 3, 20, tzinfo=UTC)
    found: list[Series] = []

    async def read(port: str) -> None:
        async with meter(port) as driver:
            async for series in driver.profile(P01, since, since + timedelta(hours=2)):
                found.append(series)

    with pytest.raises(BadFrame, match=r"1 rows of 1-0:99\.1\.0\*255 were refused.*no row of 6 values"):
        await read(emulate("load-profile", "half-row", speed="max"))
    assert rows(found) == truth("load-profile", since, 2)[:-1]


@pytest.mark.slow
async def test_a_status_that_changes_in_mid_answer(emulate: Emulate) -> None:
    since = datetime(2026, 3, 20, tzinfo=UTC)
    series = await profile(emulate("load-profile", "second-header", speed="max"), since, 2)
    times = [time for time, _ in truth("load-profile", since, 2)]
    assert doubts(series) == {times[len(times) // 2]: (Doubt.CLOCK_SET,)}


@pytest.mark.slow
async def test_the_operand_that_holds_the_serial_number_saves_asking_for_it(emulate: Emulate, tmp_path: Any) -> None:
    learned, port = Learned(), emulate("load-profile", speed="max")
    lengths = []
    for number in range(2):
        trace = tmp_path / f"{number}"
        async with meter(port, learned, trace=trace) as driver:
            assert (await driver.clock()).meter == "EMH-41002288"
        lengths.append(trace.read_text().count('"tx"'))
    assert learned.serials == {("/EMH5\\@01LZQJL0015F", "41002288"): "41002288"}
    assert lengths[1] == lengths[0] - 3  # C.1.0 by R5 and by R1, then 0.0.0


async def test_logs_are_events(emulate: Emulate) -> None:
    async with meter(emulate("load-profile", speed="max")) as driver:
        found = [event async for event in driver.events(None, None)]
    events = [event for event in found if isinstance(event, MeterEvent)]
    assert len(events) == len(found)
    assert [(f"{event.at:%m-%d %H:%M:%S}", event.code) for event in events] == [
        ("03-18 13:22:07", "80"),
        ("03-18 14:46:11", "40"),
        ("03-22 10:59:58", "20"),
        ("03-22 10:59:58", "8000"),
        ("03-29 01:00:00", "08"),
        ("03-31 22:00:00", "10"),
        ("04-06 20:09:31", "100"),
    ]
    assert {event.table for event in events} == {"iec62056-21.status"}
    assert events[2].details == {"0.9.1": "0120004", "0.9.2": "0260322", "stamp": "0260322115958"}


async def test_the_clock_is_read_and_set(emulate: Emulate) -> None:
    port = emulate("load-profile", speed="max")
    async with meter(port) as driver:
        before = await driver.clock()
        assert (before.raw, before.time) == ("1260412 1101502", datetime(2026, 4, 12, 8, 15, 2, tzinfo=UTC))
        with pytest.raises(KeyRejected, match="EMH-41002288/password"):
            await driver.set_clock(datetime.now(UTC))
    async with meter(port, keys=Keys({"EMH-41002288/password": b"00000000"})) as driver:
        after = await driver.set_clock(to := datetime(2026, 7, 1, 10, 0, 0, 500000, tzinfo=UTC))
    assert after.time is not None
    assert timedelta(0) <= after.time - to < timedelta(seconds=30)
    assert after.raw.startswith("1260701 1120")


async def test_a_clock_that_the_map_says_is_not_set_is_left_alone(emulate: Emulate) -> None:
    keys = Keys({"EMH-41002288/password": b"00000000"})
    known = MeterMap(clock_settable=False)
    async with meter(emulate("load-profile", speed="max"), meter_map=known, keys=keys) as driver:
        before = await driver.clock()
        with pytest.raises(NotSupported, match="not set over this port"):
            await driver.set_clock(datetime(2026, 7, 1, tzinfo=UTC))
        after = await driver.clock()
    assert before.raw[:8] == after.raw[:8]


async def test_a_table_is_asked_for_by_its_digit(emulate: Emulate) -> None:
    port = emulate("tables", speed="max")
    async with Iec62056_21(parse(f"iec62056-21:{port}?table=4"), Context()) as driver:
        found = [str(record.obis) for record in [r async for r in driver.registers()] if hasattr(record, "obis")]
    assert "1-0:32.7.0*255" in found
    assert "1-0:1.8.0*255" not in found
