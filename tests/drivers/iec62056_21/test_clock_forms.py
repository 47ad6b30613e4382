"""0.9.1 and 0.9.2 in every form that meters write, read and written back the same."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from drivers.errors import BadFrame
from drivers.iec62056_21.clock import just_after_midnight, parse, stamp, zone_of
from drivers.iec62056_21.meter_map import StampForm

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("time", "date", "utc"),
    [
        ("101502", "260412", "2026-04-12T08:15:02"),
        ("1101502", "1260412", "2026-04-12T08:15:02"),
        ("0101502", "0260112", "2026-01-12T09:15:02"),
        ("2101502", "2260412", "2026-04-12T10:15:02"),
        ("10:15:02", "26-04-12", "2026-04-12T08:15:02"),
        ("10:15:02", "2026-04-12", "2026-04-12T08:15:02"),
        ("101502", "20260412", "2026-04-12T08:15:02"),
        ("10:15:02", "26.04.12", "2026-04-12T08:15:02"),
    ],
)
def test_a_form_is_read_and_written_back(time: str, date: str, utc: str) -> None:
    at, form = parse(time, date, BERLIN)
    assert at == datetime.fromisoformat(utc + "+00:00")
    assert form.write(at, BERLIN) == (time, date)


def test_without_a_zone_the_clock_has_no_time() -> None:
    assert parse("101502", "260412", None)[0] is None
    assert parse("2101502", "2260412", None)[0] == datetime(2026, 4, 12, 10, 15, 2, tzinfo=UTC)


def test_a_clock_that_was_never_set_has_none() -> None:
    assert parse("000102", "000000", BERLIN)[0] is None


@pytest.mark.parametrize(
    ("time", "date"), [("250000", "260412"), ("101502", "261312"), ("", ""), ("ER11", "260412"), ("10-15", "x")]
)
def test_what_is_no_clock_is_refused(time: str, date: str) -> None:
    with pytest.raises(BadFrame, match="no time and date"):
        parse(time, date, BERLIN)


def test_the_first_minute_of_a_day() -> None:
    assert [just_after_midnight(time) for time in ("000012", "1000012", "00:00:59", "000100", "100000", "x")] == [
        True, True, True, False, False, False,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("form", "text"),
    [
        (StampForm.SEASON_MINUTES, "12604121015"),
        (StampForm.SEASON_SECONDS, "1260412101502"),
        (StampForm.MINUTES, "2604121015"),
        (StampForm.SECONDS, "260412101502"),
        (StampForm.DIVIDED, "26-04-12,10:15"),
        (StampForm.DIVIDED_SECONDS, "2026-04-12,10:15:02"),
    ],
)
def test_the_ends_of_a_span_in_the_form_a_meter_wants(form: StampForm, text: str) -> None:
    assert stamp(datetime(2026, 4, 12, 8, 15, 2, tzinfo=UTC), form, BERLIN) == text


def test_the_rule_of_a_clock_gives_its_zone() -> None:
    summer = datetime(2026, 7, 1, 12, tzinfo=UTC)
    assert stamp(summer, StampForm.SEASON_MINUTES, zone_of("utc", BERLIN) or BERLIN) == "22607011200"
    assert stamp(summer, StampForm.SEASON_MINUTES, zone_of("standard", BERLIN) or BERLIN) == "02607011300"
    assert zone_of("none", BERLIN) is None
    assert zone_of("local", BERLIN) is zone_of("unknown", BERLIN) is BERLIN
