"""Meter events become EndDeviceEvents: the meter's time, its raw code, and never an event that is none."""

from __future__ import annotations

import io
from datetime import UTC, datetime

from drivers.reading import Meter, MeterEvent
from gateway.messages.codec import read, write
from gateway.messages.compose_events import end_device_events

READ_AT = datetime(2026, 5, 1, 12, tzinfo=UTC)
AT = datetime(2026, 4, 30, 3, 15, 7, tzinfo=UTC)
METER = Meter("ABC", "4711")


def event(
    code: str, table: str = "dlms.idis", log: str = "0-0:99.98.0*255", at: datetime | None = AT, **details: str
) -> MeterEvent:
    return MeterEvent("ABC-4711", at, log, code, READ_AT, table=table, details=details)


def test_an_event_keeps_the_meters_time_and_its_raw_code() -> None:
    (made,) = end_device_events([METER, event("1")]).message.end_device_event
    assert made.end_device_event_type == "3.26.0.85"
    assert made.created_date_time == AT
    assert made.reason == "power failed"
    assert {one.name: one.value for one in made.end_device_event_details} == {"log": "0-0:99.98.0*255", "code": "1"}
    assert made.assets is not None
    assert made.assets.mrid
    assert "4711" in {name.name for name in made.assets.names}


def test_an_unknown_code_is_sent_under_its_domain() -> None:
    (made,) = end_device_events([METER, event("199", log="0-0:99.98.1*255")]).message.end_device_event
    assert made.end_device_event_type == "3.12.0.0"
    assert ("code", "199") in {(one.name, one.value) for one in made.end_device_event_details}


def test_a_time_that_is_not_the_meters_is_said_to_be_so() -> None:
    (made,) = end_device_events([METER, event("1", at=None)]).message.end_device_event
    assert made.created_date_time == READ_AT
    assert made.end_device_event_details[-1].value == "time of the gateway; the meter gave none"


def test_what_is_no_event_is_handed_back_with_the_reason() -> None:
    composed = end_device_events([METER, event("3", table="zigbee.status.gas", log="")])
    assert composed.message.end_device_event == ()
    assert composed.left_out[0].reason == "not defined"


def test_details_of_the_row_and_of_the_driver_stand_beside_the_code() -> None:
    (made,) = end_device_events([METER, event("121", log="0-0:99.98.3*255", note="x")]).message.end_device_event
    details = {one.name: one.value for one in made.end_device_event_details}
    assert details == {"log": "0-0:99.98.3*255", "code": "121", "note": "x", "channel": "3"}


def test_characters_that_xml_forbids_cost_no_event() -> None:
    strange = [Meter("ABC", "47\x0011"), event("1\x15", note="\x1b[0m")]
    composed = end_device_events(strange)
    file = io.BytesIO()
    write(composed.message, file)
    details = {
        one.name: one.value for one in read(file.getvalue()).message.end_device_event[0].end_device_event_details
    }
    assert details["code"] == r"1\x15"
    assert details["note"] == r"\x1B[0m"


def test_the_kind_of_device_is_the_callers_to_say() -> None:
    (made,) = end_device_events([METER, event("8")], devices={"ABC-4711": 4}).message.end_device_event
    assert made.end_device_event_type == "4.2.22.150"


def test_the_same_event_read_twice_is_the_same_event() -> None:
    one, other, another = end_device_events([METER, event("1"), event("1"), event("2")]).message.end_device_event
    assert one == other
    assert one.mrid != another.mrid


def test_an_event_of_a_meter_that_was_not_named_keeps_its_key() -> None:
    (made,) = end_device_events([event("1")]).message.end_device_event
    assert made.assets is not None
    assert made.assets.names[0].name == "ABC-4711"


def test_it_is_written() -> None:
    file = io.BytesIO()
    write(end_device_events([METER, event("1"), event("2")]).message, file)
    assert file.getvalue().count(b"3.26.0.") == 2
