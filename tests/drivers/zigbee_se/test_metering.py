"""Attributes become OBIS-keyed readings with their scale, sign and time, and with the ReadingTypes of the standard."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.errors import BadFrame, NotSupported
from drivers.reading import Doubt, NotUnderstood, Obis, Reading, Series, Text
from drivers.zigbee_se import metering_attributes as at
from drivers.zigbee_se import zcl, zcl_types
from drivers.zigbee_se.metering import Form, Said, meter, records
from drivers.zigbee_se.profile import Block, block, series
from drivers.zigbee_se.quantity import quantity
from drivers.zigbee_se.scale import Scale
from drivers.zigbee_se.zcl import Answer
from gateway.cim.obis_rules import Rules
from gateway.cim.reading_type import ReadingType

NOW = datetime(2026, 11, 25, 12, 30, tzinfo=UTC)
RULES = Rules.load()
TYPES = {at.DELIVERED: 0x25, at.RECEIVED: 0x25, at.DEMAND: 0x2A, at.UNIT: 0x30, at.MULTIPLIER: 0x22, at.DIVISOR: 0x22,
         at.DEVICE_TYPE: 0x18, at.POWER_FACTOR: 0x28, at.SNAPSHOT_TIME: 0xE2, at.STATUS: 0x18, at.SERIAL: 0x41,
         at.MAXIMUM_DELIVERED: 0x25, at.MAXIMUM_DELIVERED_TIME: 0xE2, at.SITE_ID: 0x41, at.SUPPLY_STATUS: 0x30,
         at.BATTERY_LIFE: 0x20, at.CURRENT_DEMAND_DELIVERED: 0x22} | dict.fromkeys(range(0x0401, 0x0405), 0x22)  # fmt: skip


def said(values: dict[int, Any], zone: str | None = None) -> Said:
    answers = {}
    for attribute, value in values.items():
        kind = TYPES.get(attribute, 0x25)
        answers[attribute] = Answer(attribute, 0, kind, zcl_types.encode(kind, value))
    return Said("M1", answers, NOW, ZoneInfo(zone) if zone else None)


def read(values: dict[int, Any], zone: str | None = None) -> list[Any]:
    one = said(values, zone)
    return list(records(one, Form.of({number: one.value(number) for number in values})))


KWH = {at.UNIT: 0, at.MULTIPLIER: 1, at.DIVISOR: 1000, at.DEVICE_TYPE: 0}


def values_of(found: list[Any]) -> dict[str, Decimal]:
    return {str(one.obis).removesuffix("*255"): one.value for one in found if isinstance(one, Reading)}


def test_the_engineering_values_of_the_captured_frames(vectors: dict[str, Any]) -> None:
    checked = 0
    for one in vectors.values():
        wanted = one.expected.get("engineering", {})
        if one.cluster != 0x0702 or one.frame.of_cluster:
            continue
        parse = zcl.parse_report if one.frame.command == zcl.REPORT else zcl.parse_read_response
        if one.frame.command not in (zcl.REPORT, zcl.READ_RESPONSE):
            continue
        answers = {answer.attribute: answer for answer in parse(one.frame.payload)}
        given = {number: answer.value for number, answer in answers.items()}
        # A report says no scale: the devices' are in the notes of the table.
        scale = {at.UNIT: 0, at.DEVICE_TYPE: 0, at.MULTIPLIER: 1, at.DIVISOR: 100 if "homey" in one.name else 1000}
        found = list(records(Said("M1", answers, NOW), Form.of(scale | given)))
        values = values_of(found)
        for name, obis in (("delivered_kWh", "1-0:1.8.0"), ("received_kWh", "1-0:2.8.0"), ("demand_kW", "1-0:16.7.0")):
            if name in wanted:
                assert values[obis] == Decimal(str(wanted[name])), one.name
                checked += 1
            elif obis in values:
                assert name.startswith("received") or not wanted or "timestamp" in wanted, one.name
        if "timestamp" in wanted and "delivered_kWh" in wanted:
            stamp = datetime.fromisoformat(wanted["timestamp"])
            assert [r.time for r in found if isinstance(r, Reading) and r.obis == Obis(1, 0, 1, 8, 0)] == [stamp]
        if "day_kWh" in wanted:
            (days,) = [r for r in found if isinstance(r, Series)]
            assert days.rows[-1].values == (Decimal(str(wanted["day_kWh"])),)
            assert days.rows[-1].doubts == (Doubt.PARTIAL_INTERVAL,)
    assert checked >= 15


@pytest.mark.parametrize(
    ("device_type", "unit", "attribute", "obis", "reading_type"),
    [
        (0, 0x00, at.DELIVERED, "1-0:1.8.0", "0.0.0.1.1.1.12.0.0.0.0.0.0.0.0.3.72.0"),
        (0, 0x00, at.RECEIVED, "1-0:2.8.0", "0.0.0.1.19.1.12.0.0.0.0.0.0.0.0.3.72.0"),
        (0, 0x00, at.DEMAND, "1-0:16.7.0", "0.0.0.12.4.1.37.0.0.0.0.0.0.0.0.3.38.0"),
        (0, 0x00, at.MAXIMUM_DELIVERED, "1-0:1.6.0", "8.8.0.6.1.1.8.0.0.0.0.0.0.0.0.3.38.0"),
        (0, 0x00, 0x0102, "1-0:1.8.2", "0.0.0.1.1.1.12.0.0.0.0.2.0.0.0.3.72.0"),
        (0, 0x00, 0x0105, "1-0:2.8.3", "0.0.0.1.19.1.12.0.0.0.0.3.0.0.0.3.72.0"),
        (0, 0x0D, at.DELIVERED, "1-0:3.8.0", "0.0.0.1.2.1.12.0.0.0.0.0.0.0.0.3.73.0"),
        (13, 0x00, at.DELIVERED, "1-0:21.8.0", "0.0.0.1.1.1.12.0.0.0.0.0.0.0.128.3.72.0"),
        (15, 0x00, at.DEMAND, "1-0:76.7.0", "0.0.0.12.4.1.37.0.0.0.0.0.0.0.32.3.38.0"),
        (8, 0x00, at.DELIVERED, "1-0:2.8.0", "0.0.0.1.19.1.12.0.0.0.0.0.0.0.0.3.72.0"),
        (1, 0x01, at.DELIVERED, "7-0:3.0.0", "0.0.0.1.1.7.58.0.0.0.0.0.0.0.0.0.42.0"),
        (1, 0x02, at.DELIVERED, "7-0:3.0.0", "0.0.0.1.1.7.58.0.0.0.0.0.0.0.0.0.119.0"),
        (1, 0x03, at.DELIVERED, "7-0:3.0.0", "0.0.0.1.1.7.58.0.0.0.0.0.0.0.0.2.119.0"),
        (128, 0x00, at.DELIVERED, "7-0:3.0.0", "0.0.0.1.1.7.12.0.0.0.0.0.0.0.0.3.72.0"),
        (1, 0x01, at.DEMAND, "7-0:43.0.0", "0.0.0.0.0.7.155.0.0.0.0.0.0.0.0.0.125.0"),
        (2, 0x07, at.DELIVERED, "8-0:1.0.0", "0.0.0.1.1.9.58.0.0.0.0.0.0.0.0.0.134.0"),
        (2, 0x04, at.DELIVERED, "8-0:1.0.0", "0.0.0.1.1.9.58.0.0.0.0.0.0.0.0.0.128.0"),
        (2, 0x05, at.DELIVERED, "8-0:1.0.0", "0.0.0.1.1.9.58.0.0.0.0.0.0.0.0.0.130.0"),
        (5, 0x0C, at.DELIVERED, "6-0:1.0.0", "0.0.0.1.1.12.12.0.0.0.0.0.0.0.0.6.31.0"),
        (5, 0x06, at.DELIVERED, "6-0:1.0.0", "0.0.0.1.1.12.12.0.0.0.0.0.0.0.0.0.132.0"),
        (6, 0x00, at.DELIVERED, "5-0:1.0.0", "0.0.0.1.1.13.12.0.0.0.0.0.0.0.0.3.72.0"),
    ],
)  # fmt: skip
def test_reading_types(device_type: int, unit: int, attribute: int, obis: str, reading_type: str) -> None:
    given = {at.UNIT: unit, at.MULTIPLIER: 1, at.DIVISOR: 1000, at.DEVICE_TYPE: device_type, attribute: 5}
    (found,) = [one for one in read(given) if isinstance(one, Reading)]
    assert found.obis == Obis.parse(obis)
    made = RULES.reading_type(found.obis, found.unit)
    assert isinstance(made, ReadingType), made
    assert str(made) == reading_type


def test_no_two_attributes_of_a_meter_share_a_reading_type() -> None:
    for device_type in (0, 1, 2, 5, 6, 8, 13, 128):
        for unit in (0, 1, 7, 0x0C, 0x0D):
            given = {at.UNIT: unit, at.DEVICE_TYPE: device_type} | dict.fromkeys(at.tiers(15), 7)
            given |= {number: 5 for number in at.REGISTERS if TYPES.get(number) in (0x25, 0x2A, 0x28, 0x22)}
            found = [one for one in read(given) if isinstance(one, Reading)]
            assert len({one.obis for one in found}) == len(found)
            made = [RULES.reading_type(one.obis, one.unit) for one in found]
            types = [one for one in made if isinstance(one, ReadingType)]
            assert len(set(types)) == len(types)


def test_an_export_is_negative_and_a_generator_is_turned() -> None:
    assert values_of(read(KWH | {at.DEMAND: -1500}))["1-0:16.7.0"] == Decimal("-1.500")
    assert values_of(read(KWH | {at.DEMAND: 1500, at.DEVICE_TYPE: 8}))["1-0:16.7.0"] == Decimal("-1.500")


def test_an_invalid_value_is_no_reading() -> None:
    empty = dict.fromkeys((at.DELIVERED, at.RECEIVED, at.DEMAND, 0x0100, at.POWER_FACTOR, at.TODAY_DELIVERED), None)
    assert [one for one in read(KWH | empty) if not isinstance(one, Text)] == []


def test_a_meter_that_does_not_say_its_unit_gives_no_reading() -> None:
    found = read({at.DEVICE_TYPE: 0, at.DELIVERED: 5})
    assert [type(one) for one in found] == [NotUnderstood]
    assert "UnitofMeasure" in found[0].reason


@pytest.mark.parametrize("device_type", [4, 42, 126, 0xFE])
def test_a_kind_of_meter_that_is_not_known_gives_no_reading(device_type: int) -> None:
    assert [type(one) for one in read(KWH | {at.DEVICE_TYPE: device_type, at.DELIVERED: 5})] == [NotUnderstood]


def test_the_time_of_the_snapshot_and_of_the_maximum() -> None:
    found = read(KWH | {at.DELIVERED: 1, at.SNAPSHOT_TIME: 0x234E5B55, at.MAXIMUM_DELIVERED: 9,
                        at.MAXIMUM_DELIVERED_TIME: 86400})  # fmt: skip
    times = {one.obis.d: one.time for one in found if isinstance(one, Reading)}
    assert times == {8: datetime(2018, 10, 8, 18, 15, 49, tzinfo=UTC), 6: datetime(2000, 1, 2, tzinfo=UTC)}
    (alone,) = [one for one in read(KWH | {at.DELIVERED: 1}) if isinstance(one, Reading)]
    assert alone.time is None


def test_the_previous_day_ends_at_the_meters_midnight() -> None:
    given = KWH | {at.TODAY_DELIVERED: 1, at.YESTERDAY_DELIVERED: 2, at.YESTERDAY_RECEIVED: 3}
    (days,) = [one for one in read(given, "Europe/London") if isinstance(one, Series)]
    assert [row.time for row in days.rows] == [datetime(2026, 11, 25, tzinfo=UTC), NOW]
    assert [row.values for row in days.rows] == [(Decimal("0.002"), Decimal("0.003")), (Decimal("0.001"), None)]
    made = [RULES.reading_type(one.obis, one.unit, days.interval_s, profile=days.profile) for one in days.columns]
    assert [str(one) for one in made] == [
        "11.0.0.4.1.1.12.0.0.0.0.0.0.0.0.3.72.0", "11.0.0.4.19.1.12.0.0.0.0.0.0.0.0.3.72.0",
    ]  # fmt: skip
    (unplaced,) = [one for one in read(given) if isinstance(one, Series)]
    assert unplaced.rows[0].time is None


@pytest.mark.parametrize(
    ("scale", "raw", "value"),
    [
        (Scale(1, 1000), 152468880, "152468.880"),
        (Scale(3, 1000), 5, "0.015"),
        (Scale(1, 512), 1, "0.001953125"),
        (Scale(1, 3600), 1, "0.000278"),
        (Scale(1, 1), 7, "7"),
        (Scale(1, 1000, bcd=True), 0x1234, "1.234"),
        (Scale(1, 10), -15, "-1.5"),
    ],
)
def test_scales(scale: Scale, raw: int, value: str) -> None:
    assert str(scale.value(raw)) == value


def test_what_is_no_scale_is_said() -> None:
    for wrong in ({at.DIVISOR: 0}, {at.UNIT: 0x80, at.DELIVERED: 0x1A}):
        found = read(KWH | {at.DELIVERED: 5} | wrong)
        assert [type(one) for one in found] == [NotUnderstood]


@given(st.integers(0, 2**48 - 2), st.integers(1, 2**24 - 2), st.sampled_from([1, 10, 100, 1000, 10000, 512, 1000000]))
def test_a_value_is_exact(raw: int, multiplier: int, divisor: int) -> None:
    assert Scale(multiplier, divisor).value(raw) * divisor == raw * multiplier


def test_words_and_names() -> None:
    given = KWH | {
        at.STATUS: 0x41,
        at.SERIAL: b"E6S1234567",
        at.SITE_ID: b"SITE 1\x00",
        at.SUPPLY_STATUS: 2,
        at.BATTERY_LIFE: 80,
    }
    texts = {str(one.obis): one.value for one in read(given) if isinstance(one, Text)}
    assert texts == {
        "0-0:97.97.0*255": "41", "0-0:96.1.10*255": "SITE 1", "0-0:96.3.10*255": "connected", "0-0:96.6.1*255": "80 %",
    }  # fmt: skip
    one = said(given)
    who = meter(one, Form.of({number: one.value(number) for number in given}), "zigbee:/dev/ttyACM0", "ESI")
    assert (who.key, who.model, who.behind) == ("E6S1234567", "electricity", "ESI")


def test_a_mirror_is_its_device_and_says_so() -> None:
    found = quantity(128, 1)
    assert (found.name, found.mirrored, found.unit) == ("gas, mirrored", True, "m3")


def fields(vectors: dict[str, Any]) -> dict[str, Any]:
    return dict(vectors["syn-getprofile-rsp"].fields())


def test_a_profile_is_a_series_oldest_first(vectors: dict[str, Any]) -> None:
    found = block(fields(vectors))
    assert found is not None
    form = Form(quantity(0, 0), Scale(1, 1000))
    made = series("M1", form, False, [found], NOW)
    assert made is not None
    end = datetime(2022, 3, 7, 20, 26, 40, tzinfo=UTC)
    assert (made.profile, made.interval_s, made.rows[-1].time) == (Obis(1, 0, 99, 1, 0), 900, end)
    assert [str(row.values[0]) for row in made.rows] == ["0.087", "0.099", "0.131", "0.125"]
    made_type = RULES.reading_type(made.columns[0].obis, made.columns[0].unit, made.interval_s)
    assert str(made_type) == "0.0.2.4.1.1.12.0.0.0.0.0.0.0.0.3.72.0"


def test_blocks_join_and_a_missing_interval_has_no_value(vectors: dict[str, Any]) -> None:
    first = block(fields(vectors) | {"intervals": [1, 0xFFFFFF, 3, 4]})
    assert first is not None
    assert first.intervals == (4, 3, None, 1)
    before = Block(first.start, 900, (7, 8))
    made = series("M1", Form(quantity(0, 0), Scale()), True, [first, before], NOW)
    assert made is not None
    assert [row.values[0] for row in made.rows] == [7, 8, 4, 3, None, 1]
    assert made.columns[0].obis == Obis(1, 0, 2, 29, 0)


def test_what_a_meter_says_instead_of_intervals(vectors: dict[str, Any]) -> None:
    assert block(fields(vectors) | {"status": 5, "intervals": []}) is None
    with pytest.raises(NotSupported):
        block(fields(vectors) | {"status": 1})
    with pytest.raises(BadFrame, match="says 4 intervals and has 3"):
        block(fields(vectors) | {"intervals": [1, 2, 3]})
    with pytest.raises(BadFrame):
        block(fields(vectors) | {"status": 9})
