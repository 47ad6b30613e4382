"""COSEM date-times become UTC only when nothing is guessed."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.dlms import cosem_time
from drivers.reading import Doubt

VIENNA = ZoneInfo("Europe/Vienna")
BEGIN, END = (datetime(year, 1, 1) for year in (1990, 2090))  # noqa: DTZ001 - hypothesis takes naive bounds


@pytest.mark.parametrize(
    ("octets", "zone", "time"),
    [
        ("07e60b0c0610360000ffc400", None, datetime(2022, 11, 12, 15, 54, tzinfo=UTC)),
        ("07e5091b01092f0f00ff8880", None, datetime(2021, 9, 27, 7, 47, 15, tzinfo=UTC)),
        ("07e60b0c0610360000800000", None, None),
        ("07e60b0c0610360000800000", VIENNA, datetime(2022, 11, 12, 15, 54, tzinfo=UTC)),
        ("07e60b0c061036ffff8000ff", VIENNA, datetime(2022, 11, 12, 15, 54, tzinfo=UTC)),
        ("07e60a1e07020000008000ff", VIENNA, None),  # comes twice, status not specified
        ("07e60a1e0702000000800000", VIENNA, datetime(2022, 10, 30, 1, 0, tzinfo=UTC)),
        ("07e60a1e0702000000800080", VIENNA, datetime(2022, 10, 30, 0, 0, tzinfo=UTC)),
        ("07e6031b07021e0000800000", VIENNA, None),  # left out
        ("ffffffffffffffffff8000ff", VIENNA, None),
        ("07e6fe1b07021e0000000000", VIENNA, None),
        ("07e60b1f0702000000000000", VIENNA, None),  # 31 November
        ("07e60b0c0610360000700000", VIENNA, None),
        ("07e60b", VIENNA, None),
    ],
)
def test_a_stamp(octets: str, zone: ZoneInfo | None, time: datetime | None) -> None:
    stamp = cosem_time.parse(bytes.fromhex(octets), zone)
    assert stamp.time == time
    assert (stamp.time is None) == bool(stamp.why)


def test_a_clock_status_is_doubt_unless_it_is_not_specified() -> None:
    assert cosem_time.doubts_of(0xFF) == ()
    assert cosem_time.doubts_of(0x80) == (Doubt.DAYLIGHT_SAVING,)
    assert cosem_time.doubts_of(0x01) == (Doubt.CLOCK_INVALID,)
    assert cosem_time.doubts_of(0x82) == (Doubt.CLOCK_INVALID, Doubt.DAYLIGHT_SAVING)


@settings(max_examples=100)
@given(st.datetimes(BEGIN, END), st.booleans())
def test_what_is_built_reads_back(naive: datetime, reverse: bool) -> None:
    time = naive.replace(tzinfo=UTC, microsecond=naive.microsecond // 10000 * 10000)
    raw = cosem_time.build(time, VIENNA, deviation_reversed=reverse)
    assert cosem_time.parse(raw, None, deviation_reversed=reverse).time == time


@settings(max_examples=100)
@given(st.binary(max_size=14))
def test_any_octets_give_a_stamp_and_a_text(raw: bytes) -> None:
    assert isinstance(cosem_time.parse(raw, VIENNA).text, str)
    assert cosem_time.parse(raw, None).raw == raw
