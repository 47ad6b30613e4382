"""Coincident readings: the maximum demand of a meter, and what its load profile holds of that very interval."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from lxml import etree

from drivers.reading import Column, Doubt, Meter, MeterEvent, Obis, Reading, Record, Row, Series
from gateway.cim.obis_rules import Rules
from gateway.messages import codec
from gateway.messages.coincident import Coincident, coincident_readings, is_asked
from gateway.messages.compose import meter_readings
from gateway.messages.envelope import Header, Request, RequestMessage, Verb
from gateway.messages.exchange import response
from gateway.messages.profiles.get_meter_readings import CoincidentReading, GetMeterReadings, Trigger, TriggerEvent
from gateway.messages.profiles.parts import DateTimeInterval, Identified, Name
from gateway.messages.replies import outcome

READ_AT = datetime(2026, 5, 2, 7, tzinfo=UTC)
START = datetime(2026, 5, 1, tzinfo=UTC)
PEAK = datetime(2026, 5, 1, 16, 15, tzinfo=UTC)
METER, OTHER = Meter("ABC", "12345678"), Meter("ABC", "87654321")

MAXIMUM = "8.8.0.6.1.1.8.0.0.0.0.0.0.0.0.3.38.0"
IMPORT = "0.0.2.4.1.1.12.0.0.0.0.0.0.0.0.3.72.0"
REACTIVE = "0.0.2.4.2.1.12.0.0.0.0.0.0.0.0.3.73.0"
VOLTAGE = "0.2.2.6.0.1.54.0.0.0.0.0.0.0.129.0.29.0"


@pytest.fixture(scope="module")
def rules() -> Rules:
    return Rules.load()


def readout(meter: Meter, peak: datetime | None = PEAK) -> list[Record]:
    """A readout with the maximum and its time, and a day of the load profile."""
    columns = (Column(Obis.parse("1-0:1.29.0"), "kWh"), Column(Obis.parse("1-0:3.29.0"), "kvarh"))
    rows = tuple(
        Row(
            START + timedelta(minutes=15 * (n + 1)),
            (Decimal(n).scaleb(-3), Decimal(2 * n).scaleb(-3)),
            (Doubt.CLOCK_SET,) if n == 64 else (),
        )
        for n in range(96)
    )
    return [
        meter,
        Reading(meter.key, Obis.parse("1-0:1.8.0"), "", Decimal(1234), "kWh", READ_AT, time=READ_AT),
        Reading(meter.key, Obis.parse("1-0:1.6.0"), "", Decimal("5.120"), "kW", READ_AT, time=peak),
        Series(meter.key, Obis.parse("1-0:99.1.0"), 900, columns, rows, READ_AT),
    ]


def named(name: str) -> Identified:
    return Identified(names=(Name(name=name),))


def request(*wanted: str, **more: object) -> GetMeterReadings:
    trigger = Trigger(is_coincident_trigger=True, readings=CoincidentReading(reading_type=named(MAXIMUM)))
    return GetMeterReadings(meter_readings=trigger, reading_type=tuple(map(named, wanted)), **more)  # type: ignore[arg-type]


def answer(records: list[Record], asked: GetMeterReadings, rules: Rules) -> Coincident:
    """As the gateway does it: the request comes as XML, everything that was read is composed, the choice is made."""
    heard = codec.read(codec.to_bytes(asked)).message
    return coincident_readings(meter_readings(records, rules, attach_events=True).message, heard)


def test_the_maximum_is_the_trigger_and_its_interval_follows(
    rules: Rules, oracle: Callable[[str], etree.XMLSchema]
) -> None:
    got = answer(readout(METER), request(IMPORT, REACTIVE), rules)
    assert got.missing == ()
    trigger, others = got.message.meter_reading
    assert trigger.is_coincident_trigger is True
    assert [(one.value, one.time_stamp, one.reading_type) for one in trigger.readings] == [("5.120", PEAK, MAXIMUM)]
    assert others.is_coincident_trigger is False
    assert others.meter == trigger.meter
    said = [
        (block.reading_type, row.value, row.time_stamp, [one.reading_quality_type for one in row.reading_qualities])
        for block in others.interval_blocks
        for row in block.interval_readings
    ]
    assert said == [(IMPORT, "0.064", PEAK, ["1.4.9"]), (REACTIVE, "0.128", PEAK, ["1.4.9"])]
    data = codec.to_bytes(got.message)
    oracle("MeterReadings").assertValid(etree.fromstring(data))
    assert data.count(PEAK.strftime("%Y-%m-%dT%H:%M:%SZ").encode()) == 3


def test_without_types_all_that_coincides_is_given_and_nothing_else(rules: Rules) -> None:
    _, others = answer(readout(METER), request(), rules).message.meter_reading
    assert [block.reading_type for block in others.interval_blocks] == [IMPORT, REACTIVE]
    assert others.readings == ()  # the register of the readout is of another moment


def test_a_type_that_has_no_value_at_that_moment_is_named(rules: Rules) -> None:
    got = answer(readout(METER), request(IMPORT, VOLTAGE), rules)
    assert len(list(got.message.meter_reading)) == 2
    assert [one.what for one in got.missing] == [f"12345678 has not {VOLTAGE} at 2026-05-01T16:15:00+00:00"]


def test_a_maximum_between_two_rows_coincides_with_neither(rules: Rules) -> None:
    got = answer(readout(METER, PEAK + timedelta(minutes=1)), request(IMPORT), rules)
    (trigger,) = got.message.meter_reading
    assert trigger.is_coincident_trigger
    assert "has not " + IMPORT in got.missing[0].what


def test_a_maximum_without_its_time_triggers_nothing(rules: Rules) -> None:
    got = answer(readout(METER, None), request(IMPORT), rules)
    assert got.message.meter_reading == ()
    assert [one.what for one in got.missing] == [f"12345678 gave no time with {MAXIMUM}"]


@pytest.mark.parametrize(("wanted", "result"), [((IMPORT,), "OK"), ((IMPORT, VOLTAGE), "PARTIAL")])
def test_asked_and_answered_in_the_envelope(
    rules: Rules, oracle: Callable[[str], etree.XMLSchema], wanted: tuple[str, ...], result: str
) -> None:
    header = Header(verb=Verb.GET, noun="MeterReadings", source="HES", message_id="m-1")
    asked = codec.read(
        codec.to_bytes(RequestMessage(header=header, request=Request(content=(request(*wanted),))))
    ).message
    (content,) = asked.request.content
    assert is_asked(content)
    got = answer(readout(METER), content, rules)
    reply = outcome(got.missing, Verb.GET, anything_done=bool(got.message.meter_reading))
    answered = codec.to_bytes(response(asked, reply, at=READ_AT, source="gateway", content=got.message))
    oracle("Message").assertValid(etree.fromstring(answered))
    heard = codec.read(answered).message
    assert (heard.header.correlation_id, heard.reply.result) == ("m-1", result)
    assert {error.code for error in heard.reply.error} == ({"0.0"} if result == "OK" else {"0.2", "5.7"})
    assert heard.payload.content[0].meter_reading[0].is_coincident_trigger


def test_only_of_the_meters_that_are_asked_for(rules: Rules) -> None:
    both = readout(METER) + readout(OTHER, START + timedelta(hours=1))
    assert len(list(answer(both, request(IMPORT), rules).message.meter_reading)) == 4
    one = answer(both, request(IMPORT, end_device=(named("ABC-87654321"),)), rules).message.meter_reading
    assert {part.meter.names[0].name for part in one} == {"87654321"}
    nobody = answer(both, request(IMPORT, end_device=(named("1"),)), rules)
    assert nobody.message.meter_reading == ()
    assert nobody.missing


@pytest.mark.parametrize(
    ("start", "end", "found"),
    [
        (PEAK - timedelta(hours=1), PEAK, True),
        (PEAK, PEAK + timedelta(hours=1), False),
        (None, PEAK, True),
        (PEAK, None, False),
    ],
)
def test_a_trigger_of_a_time(rules: Rules, start: datetime | None, end: datetime | None, found: bool) -> None:
    reading = CoincidentReading(reading_type=named(MAXIMUM), time_period=DateTimeInterval(start=start, end=end))
    asked = GetMeterReadings(meter_readings=Trigger(readings=reading), reading_type=(named(IMPORT),))
    assert bool(answer(readout(METER), asked, rules).message.meter_reading) is found


def test_an_event_may_be_the_trigger(rules: Rules) -> None:
    event = MeterEvent(METER.key, PEAK, "0-0:99.98.0*255", "1", READ_AT, table="dlms.idis")
    asked = GetMeterReadings(
        meter_readings=Trigger(end_device_events=TriggerEvent(end_device_event_type=named("3.26.0.85"))),
        reading_type=(named(IMPORT),),
    )
    trigger, others = answer([*readout(METER), event], asked, rules).message.meter_reading
    assert trigger.is_coincident_trigger
    assert [one.end_device_event_type for one in trigger.end_device_events] == ["3.26.0.85"]
    assert [row.time_stamp for block in others.interval_blocks for row in block.interval_readings] == [PEAK]


def test_a_request_without_trigger_is_another_request() -> None:
    assert is_asked(request())
    assert not is_asked(GetMeterReadings())
    assert not is_asked(GetMeterReadings(meter_readings=Trigger(is_coincident_trigger=False)))
    with pytest.raises(ValueError, match="no trigger"):
        coincident_readings(meter_readings([], Rules.load()).message, GetMeterReadings())
