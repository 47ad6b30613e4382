"""Events and answers: the right header, and the same bytes each time they are made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from lxml import etree

from gateway.messages import codec, refusals, replies
from gateway.messages.compressed import expand
from gateway.messages.envelope import EventMessage, Header, RequestMessage, Verb
from gateway.messages.exchange import event, fault, response
from gateway.messages.identity import event_mrid, meter_mrid
from gateway.messages.profiles.end_device_events import EndDeviceEvent, EndDeviceEvents
from gateway.messages.profiles.meter_readings import IntervalBlock, IntervalReading, MeterReading, MeterReadings

AT = datetime(2026, 1, 1, 12, tzinfo=UTC)
TYPE = "0.0.2.4.1.1.12.0.0.0.0.0.0.0.0.3.72.0"
EVENTS = EndDeviceEvents(end_device_event=(EndDeviceEvent(created_date_time=AT, end_device_event_type="3.26.0.85"),))
REQUEST = RequestMessage(
    header=Header(verb=Verb.GET, noun="MeterReadings", revision="2.0", message_id="m-1", correlation_id="c-1")
)


def readings(count: int) -> MeterReadings:
    rows = tuple(
        IntervalReading(time_stamp=AT + timedelta(minutes=15 * number), value=str(number)) for number in range(count)
    )
    block = IntervalBlock(interval_readings=rows, reading_type=TYPE)
    return MeterReadings(meter_reading=(MeterReading(interval_blocks=(block,)),))


def said(content: object, at: datetime = AT) -> EventMessage:
    return event(content, at=at, source="gateway-1")


def test_a_payload_becomes_its_created_event(oracle: Callable[[str], etree.XMLSchema]) -> None:
    for content in (EVENTS, readings(4)):
        message = said(content)
        assert (message.header.verb, message.header.noun) == (Verb.CREATED, type(content).__name__)
        assert (message.header.source, message.header.timestamp) == ("gateway-1", AT)
        oracle("Message").assertValid(etree.fromstring(codec.to_bytes(message)))
        assert codec.read(codec.to_bytes(message)).message == message


def test_what_is_made_again_is_the_same_bytes() -> None:
    assert codec.to_bytes(said(readings(4))) == codec.to_bytes(said(readings(4)))
    later = said(readings(4), AT + timedelta(hours=1))
    assert later.header.message_id == said(readings(4)).header.message_id, "the same message, sent later"


def test_another_content_verb_source_or_correlation_is_another_message() -> None:
    ids = {
        said(readings(4)).header.message_id,
        said(readings(5)).header.message_id,
        said(EVENTS).header.message_id,
        event(EVENTS, at=AT, source="gateway-2").header.message_id,
        event(EVENTS, at=AT, source="gateway-1", verb=Verb.CHANGED).header.message_id,
        event(EVENTS, at=AT, source="gateway-1", correlation_id="schedule-1").header.message_id,
    }
    assert len(ids) == 6


def test_rows_that_can_be_gone_through_only_once_are_refused() -> None:
    rows = iter([IntervalReading(time_stamp=AT, value="1")])
    block = IntervalBlock(interval_readings=rows, reading_type=TYPE)
    with pytest.raises(TypeError, match="interval_readings of IntervalBlock can be gone through only once"):
        said(MeterReadings(meter_reading=(MeterReading(interval_blocks=(block,)),)))


def test_a_response_has_the_noun_and_correlation_of_its_request(oracle: Callable[[str], etree.XMLSchema]) -> None:
    answer = response(REQUEST, replies.done(), at=AT, source="gateway-1", content=readings(2))
    header = answer.header
    assert (header.verb, header.noun, header.revision, header.correlation_id) == (
        Verb.REPLY,
        "MeterReadings",
        "2.0",
        "c-1",
    )
    assert header.message_id not in (None, "m-1", "c-1")
    oracle("Message").assertValid(etree.fromstring(codec.to_bytes(answer)))
    assert answer == response(REQUEST, replies.done(), at=AT, source="gateway-1", content=readings(2))


def test_a_request_without_correlation_is_found_by_its_message_id() -> None:
    for header, correlation in (
        (replace(REQUEST.header, correlation_id=None), "m-1"),
        (replace(REQUEST.header, correlation_id=""), "m-1"),
        (replace(REQUEST.header, correlation_id=None, message_id=None), None),
    ):
        answer = response(RequestMessage(header=header), replies.done(), at=AT, source="gateway-1")
        assert answer.header.correlation_id == correlation


def test_several_responses_share_the_correlation_and_differ_in_message_id() -> None:
    first = response(REQUEST, replies.acknowledged(), at=AT, source="gateway-1")
    second = response(REQUEST, replies.done(), at=AT, source="gateway-1", content=readings(2))
    assert first.header.correlation_id == second.header.correlation_id
    assert first.header.message_id != second.header.message_id


def test_an_event_is_acknowledged_as_a_request_is_answered() -> None:
    answer = response(said(EVENTS), replies.acknowledged(), at=AT, source="head end")
    assert answer.header.correlation_id == said(EVENTS).header.message_id


def test_payloads_can_be_compressed_and_stay_the_same_bytes() -> None:
    packed = event(readings(100), at=AT, source="gateway-1", compressed=True)
    assert packed == event(readings(100), at=AT, source="gateway-1", compressed=True)
    assert packed.payload is not None
    assert expand(packed.payload) == (readings(100),)
    assert len(codec.to_bytes(packed)) < len(codec.to_bytes(said(readings(100)))) / 4


def test_a_fault_says_what_is_wrong_and_no_more(oracle: Callable[[str], etree.XMLSchema]) -> None:
    message = fault(replies.failed([refusals.authentication_required()]))
    oracle("Message").assertValid(etree.fromstring(codec.to_bytes(message)))
    assert codec.read(codec.to_bytes(message)).message == message


def test_identities_stay_what_they_are() -> None:
    """Pinned: a change here would make every meter, event and message of the field a new one."""
    assert meter_mrid("LGZ", "12345678") == "56ba7de7-2693-5824-bffd-0c6369d16a14"
    assert event_mrid("LGZ/12345678", "99.98.0", "1", AT.isoformat()) == "9a284a29-2eb3-52d2-87be-6c110642b298"
    assert said(EVENTS).header.message_id == "53b06774-4400-5331-822a-85deb58d78a2"
