"""Doubts become quality codes, every one, and each code says its parts in words."""

from __future__ import annotations

import pytest

from drivers.reading import Doubt
from gateway.cim.quality import ReadingQualityType, code, comment, quality


@pytest.mark.parametrize("doubt", Doubt)
def test_every_doubt_has_a_code_that_may_be_sent(doubt: Doubt) -> None:
    assert quality(doubt).may_emit
    assert ReadingQualityType.parse(code(doubt)) == quality(doubt)


def test_the_fixed_points() -> None:
    assert [code(doubt) for doubt in Doubt] == [
        "1.1.9", "1.4.9", "1.4.16", "1.2.32", "1.4.2", "1.4.3", "1.4.4", "1.4.6", "1.4.8",
        "1.5.257", "2.5.259", "2.5.258", "2.5.256", "2.4.131", "2.7.0", "2.11.0",
    ]  # fmt: skip


def test_a_time_of_the_gateway_carries_a_comment() -> None:
    assert comment(Doubt.GATEWAY_TIME) == "time of the gateway; the meter gave none"
    assert comment(Doubt.SUSPECT) is None


def test_it_is_said_part_by_part() -> None:
    words = [str(part) for part in ReadingQualityType.parse("1.4.16").explain()]
    assert words == [
        "system 1: set by the meter",
        "category 4: data collection condition",
        "subCategory 16: daylight saving in effect [one source]",
    ]


@pytest.mark.parametrize("text", ["1.4.1001", "1.4.2001", "6.4.2", "1.13.0", "1.5.9"])
def test_what_stands_in_no_table_or_is_a_vendors_is_not_sent(text: str) -> None:
    assert not ReadingQualityType.parse(text).may_emit


@pytest.mark.parametrize("text", ["", "1.4", "1.4.2.0", "1.4.x", "1.-4.2", "1.04.2"])
def test_what_is_no_code_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        ReadingQualityType.parse(text)
