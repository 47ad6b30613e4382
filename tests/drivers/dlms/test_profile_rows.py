"""Rows of a profile: the short ways give what the plain one gives; nulls, deltas and ragged rows lose nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.dlms import cosem_time
from drivers.dlms.axdr import Delta
from drivers.dlms.cosem_unit import ScalerUnit
from drivers.dlms.profile_rows import Layout, rows
from drivers.dlms.records import Around
from drivers.dlms.selection import CaptureObject
from drivers.reading import Column, Doubt, Obis

CLOCK = CaptureObject(8, Obis(0, 0, 1, 0, 0), 2)
ENERGY = CaptureObject(3, Obis(1, 0, 1, 8, 0), 2)
STATUS = CaptureObject(1, Obis(0, 0, 96, 10, 1), 2)
LAYOUT = Layout((CLOCK, STATUS, ENERGY), (None, None, ScalerUnit(-1, 30)), 900)
BERLIN = ZoneInfo("Europe/Berlin")
READ_AT = datetime(2026, 4, 1, tzinfo=UTC)


def _around(zone: ZoneInfo | None = None) -> Around:
    return Around("meter", READ_AT, zone)


@settings(max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 0xFFFF), st.binary(min_size=12, max_size=12)), max_size=12), st.booleans())
def test_every_stamp_is_that_of_the_plain_parser(noise: list[tuple[int, bytes]], in_zone: bool) -> None:
    zone = BERLIN if in_zone else None
    start = datetime(2026, 3, 29, tzinfo=UTC)  # the day of the change to summer
    made = [cosem_time.build(start + timedelta(minutes=number), UTC) for number, _ in noise]
    local = [cosem_time.build_local(start + timedelta(minutes=number), BERLIN) for number, _ in noise]
    stamps = [*made, *local, *(octets for _, octets in noise)]
    found = rows([(stamp, 0, 1) for stamp in stamps], LAYOUT, _around(zone))
    for stamp, row in zip(stamps, found, strict=True):
        plain = cosem_time.parse(stamp, zone)
        assert (row.time, row.doubts, row.raw_time) == (plain.time, plain.doubts, stamp.hex())


def test_both_changes_of_the_clock_in_a_zone() -> None:
    for day in (datetime(2026, 3, 28, 22, tzinfo=UTC), datetime(2026, 10, 24, 22, tzinfo=UTC)):
        moments = [day + timedelta(minutes=15 * number) for number in range(120)]
        stamps = [
            cosem_time.build(moment, BERLIN)[:9] + b"\x80\x00" + cosem_time.build(moment, BERLIN)[11:]
            for moment in moments
        ]
        assert [row.time for row in rows([(one, 0, 0) for one in stamps], LAYOUT, _around(BERLIN))] == moments


def test_nulls_are_the_stamp_and_value_before() -> None:
    first = cosem_time.build(datetime(2026, 3, 1, tzinfo=UTC))
    buffer = [(first, 0, 100), (None, None, 101), (None, 8, None), (None, None, Delta(5))]
    found = rows(buffer, LAYOUT, _around())
    assert [row.time for row in found] == [
        datetime(2026, 3, 1, tzinfo=UTC) + timedelta(minutes=15 * n) for n in range(4)
    ]
    assert [row.values for row in found] == [
        (Decimal(0), Decimal("10.0")),
        (Decimal(0), Decimal("10.1")),
        (Decimal(8), Decimal("10.1")),
        (Decimal(8), Decimal("10.6")),
    ]
    assert [row.values[1] for row in rows(buffer, LAYOUT, _around(), null_repeats=False)] == [
        Decimal("10.0"),
        Decimal("10.1"),
        None,
        None,
    ]


def test_what_comes_before_the_first_value_is_none() -> None:
    [row] = rows([(None, None, None)], LAYOUT, _around())
    assert (row.time, row.values) == (None, (None, None))


def test_a_row_of_another_width_is_kept_and_doubted() -> None:
    stamp = cosem_time.build(datetime(2026, 3, 1, tzinfo=UTC))
    found = rows([(stamp, 0, 1), (stamp, 0), (stamp, 0, 3, 4)], LAYOUT, _around())
    assert [row.values for row in found] == [
        (Decimal(0), Decimal("0.1")),
        (Decimal(0), None),
        (Decimal(0), Decimal("0.3")),
    ]
    assert [Doubt.SUSPECT in row.doubts for row in found] == [False, True, True]


@pytest.mark.parametrize("start", [False, True])
def test_the_stamp_is_the_end_of_its_interval(start: bool) -> None:
    stamp = cosem_time.build(datetime(2026, 3, 1, tzinfo=UTC))
    [row] = rows([(stamp, 0, 1)], LAYOUT, _around(), stamp_is_start=start)
    assert row.time == datetime(2026, 3, 1, 0, 15 if start else 0, tzinfo=UTC)


def test_columns_leave_the_clock_out() -> None:
    assert LAYOUT.columns == (Column(STATUS.obis, ""), Column(ENERGY.obis, "Wh"))


def test_an_empty_profile_and_one_without_a_clock() -> None:
    assert rows([], LAYOUT, _around()) == []
    layout = Layout((ENERGY,), (ScalerUnit(0, 30),), 0)
    assert [row.values for row in rows([(1,), (2,)], layout, _around())] == [(Decimal(1),), (Decimal(2),)]


@pytest.mark.parametrize(
    ("status", "doubts"),
    [
        (0x00, ()),
        (0x01, (Doubt.SUSPECT,)),
        (0x05, (Doubt.SUSPECT,)),
        (0xA2, (Doubt.CLOCK_INVALID, Doubt.CLOCK_SET, Doubt.POWER_FAILED)),
        (0x08, (Doubt.DAYLIGHT_SAVING,)),
        (0x50, ()),
        (0x0180, ()),
    ],
)
def test_a_profile_status_is_a_value_and_says_its_doubts(status: int, doubts: tuple[Doubt, ...]) -> None:
    stamp = cosem_time.build(datetime(2026, 3, 1, tzinfo=UTC))
    found = rows([(stamp, 0, 1), (stamp, status, 2), (stamp, None, 3)], LAYOUT, _around(), null_repeats=False)
    assert [row.values[0] for row in found] == [Decimal(0), Decimal(status), None]
    assert [row.doubts for row in found] == [(), doubts, ()]


def test_a_value_beside_it_is_no_status() -> None:
    layout = Layout((CLOCK, ENERGY), (None, ScalerUnit(0, 30)), 900)
    stamp = cosem_time.build(datetime(2026, 3, 1, tzinfo=UTC))
    assert [row.doubts for row in rows([(stamp, 0x80)], layout, _around())] == [()]
