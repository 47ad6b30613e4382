"""Records of a readout become MeterReadings; what cannot be said truly is left out and handed back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from lxml import etree

from drivers.reading import Column, Doubt, Meter, MeterEvent, NotUnderstood, Obis, Period, Reading, Row, Series
from gateway.cim.obis_rules import Rules
from gateway.messages import codec
from gateway.messages.compose import Composed, MeterFacts, meter_readings
from gateway.messages.profiles.meter_readings import PendingCalculation
from gateway.messages.profiles.parts import Identified

NOW = datetime(2026, 3, 1, 12, 7, 3, tzinfo=UTC)
MIDNIGHT = datetime(2026, 3, 1, tzinfo=UTC)
IMPORT_KWH = "0.0.0.1.1.1.12.0.0.0.0.0.0.0.0.3.72.0"
MAXIMUM_KW = "8.8.0.6.1.1.8.0.0.0.0.0.0.0.0.3.38.0"
METER = Meter(manufacturer="ABC", serial="12345678", source="file:twin.txt")


@pytest.fixture(scope="module")
def rules() -> Rules:
    return Rules.load()


def register(obis: str, value: str, unit: str, **more: object) -> Reading:
    return Reading(METER.key, Obis.parse(obis), f"{obis}({value}*{unit})", Decimal(value), unit, NOW, **more)  # type: ignore[arg-type]


def only_reading(composed: Composed):  # type: ignore[no-untyped-def]
    (found,) = composed.message.meter_reading
    (one,) = found.readings
    return one


def test_a_register_keeps_its_digits_and_gets_its_type(rules: Rules) -> None:
    one = only_reading(meter_readings([METER, register("1-0:1.8.0", "0012345.670", "kWh", time=MIDNIGHT)], rules))
    assert (one.value, one.reading_type, one.time_stamp) == ("12345.670", IMPORT_KWH, MIDNIGHT)
    assert one.reading_qualities == ()


def test_where_the_meter_gave_no_time_the_gateways_stands_in_and_says_so(rules: Rules) -> None:
    one = only_reading(meter_readings([METER, register("1-0:1.8.0", "1", "kWh")], rules))
    assert one.time_stamp == NOW
    assert [(q.reading_quality_type, bool(q.comment)) for q in one.reading_qualities] == [("2.11.0", True)]


def test_no_time_stands_in_for_the_moment_of_a_maximum(rules: Rules) -> None:
    one = only_reading(meter_readings([METER, register("1-0:1.6.0", "4.2", "kW")], rules))
    assert (one.reading_type, one.time_stamp, one.reading_qualities) == (MAXIMUM_KW, None, ())


def test_a_stored_value_carries_its_period_and_no_other_time(rules: Rules) -> None:
    period = Period(datetime(2026, 2, 1, tzinfo=UTC), MIDNIGHT)
    one = only_reading(meter_readings([METER, register("1-0:1.8.0*01", "1", "kWh", period=period)], rules))
    assert one.time_stamp is None
    assert (one.time_period.start, one.time_period.end) == (period.start, period.end)


def test_what_has_no_type_is_left_out_and_handed_back(rules: Rules) -> None:
    odd = register("1-0:1.7.0", "1", "kWh")
    unread = NotUnderstood(METER.key, "C.1(??", "no closing bracket")
    composed = meter_readings([METER, odd, unread], rules)
    assert composed.message.meter_reading == ()
    assert [(one.raw, bool(one.reason)) for one in composed.left_out] == [(odd.raw, True), (unread.raw, True)]


def test_meters_are_grouped_and_named(rules: Rules) -> None:
    other = Meter(serial="77", source="file:b")
    records = [
        METER,
        register("1-0:1.8.0", "1", "kWh"),
        other,
        Reading("77", Obis.parse("1-0:2.8.0"), "x", Decimal(2), "kWh", NOW),
        register("1-0:2.8.0", "3", "kWh"),
    ]
    first, second = meter_readings(records, rules).message.meter_reading
    assert [one.value for one in first.readings] == ["1", "3"]
    assert first.meter.mrid is not None
    assert {name.name for name in first.meter.names} == {"12345678", "ABC-12345678"}
    assert second.meter.mrid is None  # a serial number without maker is not unique among all things
    assert [name.name for name in second.meter.names] == ["77"]


def series(rows: tuple[Row, ...]) -> Series:
    columns = (Column(Obis.parse("1-0:1.29.0"), "kWh"), Column(Obis.parse("0-0:96.10.1"), ""))
    return Series(METER.key, Obis.parse("1-0:99.1.0"), 900, columns, rows, NOW)


def test_a_profile_becomes_an_interval_block_a_column(rules: Rules) -> None:
    rows = (
        Row(MIDNIGHT, (Decimal("0.125"), "08")),
        Row(MIDNIGHT + timedelta(minutes=15), (Decimal("0.25"), "08"), (Doubt.POWER_FAILED,)),
        Row(MIDNIGHT + timedelta(minutes=30), (None, "08")),
        Row(MIDNIGHT + timedelta(minutes=45), ("----", "08")),
        Row(None, (Decimal(9), "08"), raw_time="260301010000"),
    )
    composed = meter_readings([METER, series(rows)], rules)
    (found,) = composed.message.meter_reading
    (block,) = found.interval_blocks
    assert block.reading_type == "0.0.2.4.1.1.12.0.0.0.0.0.0.0.0.3.72.0"
    said = [(r.value, [q.reading_quality_type for q in r.reading_qualities]) for r in block.interval_readings]
    assert said == [("0.125", []), ("0.25", ["1.2.32"]), (None, ["2.5.259"]), (None, ["1.5.257"])]
    assert any("without a known zone" in one.reason for one in composed.left_out)
    assert any(one.obis == Obis.parse("0-0:96.10.1") for one in composed.left_out)


def test_facts_of_a_meter_are_said(rules: Rules) -> None:
    pending = PendingCalculation(scalar_numerator=40, scalar_denominator=1, reading_type=IMPORT_KWH)
    facts = MeterFacts(usage_point=Identified(mrid="up-1"), pending={Obis.parse("1-0:1.29.0"): pending})
    rows = (Row(MIDNIGHT, (Decimal(1), None)),)
    composed = meter_readings([METER, series(rows)], rules, facts={METER.key: facts})
    (found,) = composed.message.meter_reading
    assert found.usage_point == Identified(mrid="up-1")
    assert found.interval_blocks[0].pending_calculation == pending


def test_events_are_handed_on(rules: Rules) -> None:
    event = MeterEvent(METER.key, MIDNIGHT, "log", "1", NOW)
    assert meter_readings([METER, event], rules).events == (event,)


def test_what_is_composed_is_valid_and_the_same_each_time(
    rules: Rules, oracle: Callable[[str], etree.XMLSchema]
) -> None:
    rows = tuple(Row(MIDNIGHT + timedelta(minutes=15 * n), (Decimal(n), None)) for n in range(8))
    records = [METER, register("1-0:1.8.0", "1.50", "kWh"), series(rows), register("1-0:32.7.0", "230.1", "V")]
    message = meter_readings(records, rules).message
    data = codec.to_bytes(message)
    oracle("MeterReadings").assertValid(etree.fromstring(data))
    assert codec.to_bytes(message) == data == codec.to_bytes(meter_readings(records, rules).message)
    assert codec.to_bytes(codec.read(data).message) == data
