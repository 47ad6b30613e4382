"""P.01 and its kin as text: headers that change in mid-answer, every status bit, rows that were cut, times over clock changes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from drivers.errors import BadFrame
from drivers.iec62056_21 import load_profile, status_word
from drivers.iec62056_21.clock import StandardTime, zone_of
from drivers.reading import Doubt, Obis

P01 = Obis.parse("1-0:99.1.0")
BERLIN = ZoneInfo("Europe/Berlin")
AT = datetime(2026, 11, 25, tzinfo=UTC)


def parse(text: str, zone: object = BERLIN) -> load_profile.Found:
    return load_profile.parse(text, profile=P01, meter="m", zone=zone, read_at=AT)  # type: ignore[arg-type]


def times(found: load_profile.Found) -> list[str]:
    return [row.time.isoformat() if row.time else "" for series in found.series for row in series.rows]


def test_a_new_header_takes_over_status_time_and_columns() -> None:
    found = parse(
        "P.01(0260318140000)(00)(15)(1)(1.5)(kW)\r\n(1.0)\r\n(2.0)\r\n"
        "P.01(0260318150000)(80)(15)(1)(1.5)(kW)\r\n(3.0)\r\n"
        "P.01(0260318151500)(00)(30)(2)(1.5)(kW)(1-0:5.29.0)(kvarh)\r\n(4.0)(5.0)\r\n"
    )
    assert times(found) == [
        "2026-03-18T13:00:00+00:00",
        "2026-03-18T13:15:00+00:00",
        "2026-03-18T14:00:00+00:00",
        "2026-03-18T14:15:00+00:00",
    ]
    first, second = found.series
    assert [row.doubts for row in first.rows] == [(), (), (Doubt.POWER_FAILED,)]
    assert (second.interval_s, [str(column.obis) for column in second.columns]) == (
        1800,
        ["1-0:1.5.0*255", "1-0:5.29.0*255"],
    )
    assert second.rows[0].values == (Decimal("4.0"), Decimal("5.0"))
    assert not found.refused


def test_a_header_and_its_row_in_one_line() -> None:
    found = parse("P.01(0260318140000)(00)(15)(2)(1.5)(kW)(2.5)(kW)(1.0)(2.0)\n(3.0)(4.0)\n")
    assert [row.values for row in found.series[0].rows] == [
        (Decimal("1.0"), Decimal("2.0")),
        (Decimal("3.0"), Decimal("4.0")),
    ]


@pytest.mark.parametrize("cut", ["(0.17)(0.00", "(0.17)", "(0.17)(0.00)(0.1)", "0.17)(0.00)", "((1))(2)"])
def test_a_row_that_was_cut_takes_those_behind_it_along(cut: str) -> None:
    """Behind a row that is not whole it is not known how many there were: their times would be guesses."""
    header = "P.01(0260318140000)(00)(15)(2)(1.5)(kW)(2.5)(kW)"
    found = parse(
        f"{header}\r\n(1)(1)\r\n{cut}\r\n(2)(2)\r\nP.01(0260318150000)(00)(15)(2)(1.5)(kW)(2.5)(kW)\r\n(3)(3)"
    )
    assert times(found) == ["2026-03-18T13:00:00+00:00", "2026-03-18T14:00:00+00:00"]
    assert len(found.refused) == 2


def test_what_is_no_number_stays_a_text_and_a_doubt() -> None:
    found = parse("P.01(0260318140000)(00)(15)(2)(1.5)(kW)(2.5)(kW)\r\n(--.--)(2)\r\n()(2)\r\n(ER11)(3)\r\n")
    assert [(row.values, row.doubts) for row in found.series[0].rows] == [
        (("--.--", Decimal(2)), (Doubt.ERROR_CODE,)),
        ((None, Decimal(2)), ()),
        (("ER11", Decimal(3)), (Doubt.ERROR_CODE,)),
    ]


def test_without_a_zone_rows_have_their_raw_stamp_and_no_time() -> None:
    found = parse("P.01(0260318140000)(00)(15)(1)(1.5)(kW)\r\n(1)\r\n(2)\r\n", None)
    assert [(row.time, row.raw_time) for row in found.series[0].rows] == [
        (None, "0260318140000"),
        (None, "0260318140000+1*15min"),
    ]


def test_rows_go_on_through_the_night_the_clock_changes() -> None:
    spring = parse("P.01(0260329013000)(00)(30)(1)(1.5)(kW)\r\n(1)\r\n(2)\r\n(3)\r\n")
    assert times(spring) == [f"2026-03-29T{hour}:00+00:00" for hour in ("00:30", "01:00", "01:30")]
    # 02:30 comes twice; the season says which of the two.
    assert times(parse("P.01(1261025023000)(00)(30)(1)(1.5)(kW)\r\n(1)\r\n")) == ["2026-10-25T00:30:00+00:00"]
    assert times(parse("P.01(0261025023000)(00)(30)(1)(1.5)(kW)\r\n(1)\r\n")) == ["2026-10-25T01:30:00+00:00"]


def test_daily_rows_are_days_of_the_meters_zone() -> None:
    text = "P.02(0260328000000)(00)(1440)(1)(1.8.0)(kWh)\r\n(1)\r\n(2)\r\n(3)\r\n"
    assert times(parse(text)) == [f"2026-03-{day}:00:00+00:00" for day in ("27T23", "28T23", "29T22")]
    winter = zone_of("standard", BERLIN)
    assert isinstance(winter, StandardTime)
    assert times(parse(text, winter)) == [f"2026-03-{day}T23:00:00+00:00" for day in (27, 28, 29)]


@pytest.mark.parametrize(
    ("word", "doubts"),
    [
        ("00000000", ()),
        ("80", (Doubt.POWER_FAILED,)),
        ("40", (Doubt.POWER_FAILED,)),
        ("C0", (Doubt.POWER_FAILED,)),
        ("20", (Doubt.CLOCK_SET,)),
        ("10", (Doubt.RESET,)),
        ("08", (Doubt.DAYLIGHT_SAVING,)),
        ("04", (Doubt.PARTIAL_INTERVAL,)),
        ("02", (Doubt.CLOCK_INVALID,)),
        ("01", (Doubt.SUSPECT,)),
        ("00000100", (Doubt.CONFIGURATION_CHANGED,)),
        ("00002000", ()),
        ("00004000", ()),
        ("00008020", (Doubt.CLOCK_SET,)),
        ("00010000", (Doubt.SUSPECT,)),
    ],
)
def test_every_bit_of_the_status_word(word: str, doubts: tuple[Doubt, ...]) -> None:
    found = parse(f"P.01(0260318140000)({word})(15)(1)(1.5)(kW)\r\n(1)\r\n")
    assert found.series[0].rows[0].doubts == doubts
    assert status_word.doubts(0x10000, harmless=0x10000) == ()


@pytest.mark.parametrize(
    "header",
    [
        "P.01(ERROR)",
        "P.01(0260318140000)(xx)(15)(1)(1.5)(kW)",
        "P.01(0260318140000)(00)(15)(2)(1.5)(kW)",
        "P.01(0260332140000)(00)(15)(1)(1.5)(kW)",
        "P.01(0260318140000)(00)(15)(1)(power)(kW)",
        "P.01(0260318140000)(00)(99999)(1)(1.5)(kW)",
        "(0.1)(0.2)",
        "",
    ],
)
def test_without_a_header_nothing_is_a_row(header: str) -> None:
    with pytest.raises(BadFrame, match="no header of a load profile"):
        parse(f"{header}\r\n(1)\r\n")


def test_rows_outside_the_span_are_left_out_and_unknown_times_are_kept() -> None:
    found, part = load_profile.Found(), parse("P.01(0260318140000)(00)(15)(1)(1.5)(kW)\r\n(1)\r\n(2)\r\n(3)\r\n")
    since = datetime(2026, 3, 18, 13, 10, tzinfo=UTC)
    found.add(part, since, since + timedelta(minutes=10))
    assert times(found) == ["2026-03-18T13:15:00+00:00"]


@pytest.mark.parametrize("word", ["-1", "+1", "1_0", " 1", "", "123456789", "0x1", "²"])
def test_what_is_no_status_word(word: str) -> None:
    with pytest.raises(ValueError, match="no status word"):
        status_word.parse(word)
