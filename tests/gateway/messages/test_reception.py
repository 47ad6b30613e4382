"""The door: every mistake that head ends make is answered with its code and place, and what is right is taken."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from gateway.messages import codec, replies, typed
from gateway.messages.carriage import Carriage
from gateway.messages.compressed import compress
from gateway.messages.editions import ED3_ENVELOPE, Known, edition3
from gateway.messages.envelope import (
    ID,
    EventMessage,
    FaultMessage,
    Header,
    Message,
    Operation,
    OperationSet,
    Payload,
    Request,
    RequestMessage,
    ResponseMessage,
    Result,
    Verb,
)
from gateway.messages.exchange import response
from gateway.messages.profiles.end_device_controls import ControlledDevice, EndDeviceControl, EndDeviceControls
from gateway.messages.profiles.end_device_events import EndDeviceEvent, EndDeviceEvents
from gateway.messages.profiles.get_configurations import GetMeterConfig
from gateway.messages.profiles.get_meter_readings import GetMeterReadings
from gateway.messages.profiles.meter_read_schedule import MeterReadSchedule
from gateway.messages.profiles.meter_readings import MeterReadings
from gateway.messages.profiles.parts import Identified
from gateway.messages.reception import Refused, Taken, receive
from gateway.messages.soap import Soap

AT = datetime(2026, 1, 1, 12, tzinfo=UTC)
SWITCH = EndDeviceControls(
    end_device_control=(
        EndDeviceControl(end_device_control_type="3.31.0.23", end_devices=(ControlledDevice(mrid="4711"),)),
    )
)
ASKED = GetMeterReadings(end_device=(Identified(mrid="4711"),))


def header(verb: str, noun: str) -> Header:
    return Header(verb=Verb(verb), noun=noun, message_id="m-1", correlation_id="c-1")


def request(verb: str, noun: str, *content: object, payload: Payload | None = None, ids: int = 0) -> RequestMessage:
    """A request with its Get payload, payload or identifiers in their places."""
    inside = Request(content=content if verb == "get" else (), id=tuple(ID(value=str(one)) for one in range(ids)))
    if verb != "get" and content and payload is None:
        payload = Payload(content=content)
    return RequestMessage(header=header(verb, noun), request=inside, payload=payload)


def door(data: bytes, **options: Any) -> Taken | Refused:
    return receive(data, at=AT, source="gateway-1", **options)


def refused(message: object | bytes, carriage: Carriage | None = None, **options: Any) -> Refused:
    data = message if isinstance(message, bytes) else codec.to_bytes(message, carriage=carriage or codec.BARE)
    found = door(data, **options)
    assert isinstance(found, Refused)
    return found


def verdict(found: Refused) -> tuple[str, str]:
    reply = found.answer.reply
    assert reply.result is Result.FAILED
    assert reply.error[0].code == found.problem.code
    return found.problem.code, found.problem.xpath


STEPS = OperationSet(
    operation=(
        Operation(operation_id=1, noun="EndDeviceControls", verb="create", content=SWITCH),
        Operation(operation_id=2, noun="MeterReadSchedule", verb="create", content=MeterReadSchedule()),
    )
)


@pytest.mark.parametrize(
    ("message", "wanted"),
    [
        (request("get", "MeterReadings", ASKED), [("get", "MeterReadings")]),
        (request("create", "EndDeviceControls", SWITCH), [("create", "EndDeviceControls")]),
        (request("cancel", "EndDeviceControls", ids=2), [("cancel", "EndDeviceControls")]),
        (request("create", "MeterReadings", MeterReadings()), [("create", "MeterReadings")]),
        (request("get", "EndDeviceFirmware", ids=1), [("get", "EndDeviceFirmware")]),
        (
            request("execute", "OperationSet", payload=Payload(operation_set=STEPS)),
            [("create", "EndDeviceControls"), ("create", "MeterReadSchedule")],
        ),
        (
            Message(header=header("create", "EndDeviceControls"), payload=Payload(content=(SWITCH,))),
            [("create", "EndDeviceControls")],
        ),
    ],
)
def test_what_is_right_is_taken(message: Any, wanted: list[tuple[str, str]]) -> None:
    found = door(codec.to_bytes(message))
    assert isinstance(found, Taken)
    assert found.message == message
    assert [(one.verb, one.noun) for one in found.asked] == wanted


def test_what_is_asked_is_unpacked() -> None:
    got = door(codec.to_bytes(request("get", "MeterReadings", ASKED)))
    packed = door(codec.to_bytes(request("create", "EndDeviceControls", payload=compress(SWITCH))))
    stopped = door(codec.to_bytes(request("cancel", "EndDeviceControls", ids=2)))
    assert isinstance(got, Taken)
    assert isinstance(packed, Taken)
    assert isinstance(stopped, Taken)
    assert got.asked[0].criteria == ASKED
    assert packed.asked[0].content == (SWITCH,)
    assert [one.value for one in stopped.asked[0].ids] == ["0", "1"]


ROOT = "/RequestMessage"


@pytest.mark.parametrize(
    ("message", "code", "xpath"),
    [
        (request("created", "MeterReadings", MeterReadings()), "2.9", f"{ROOT}/Header/Verb"),
        (request("reply", "MeterReadings"), "2.9", f"{ROOT}/Header/Verb"),
        (request("create", "EndDeviceEvents", EndDeviceEvents()), "2.9", f"{ROOT}/Header/Verb"),
        (request("execute", "EndDeviceControls", SWITCH), "2.9", f"{ROOT}/Header/Verb"),
        (request("create", "OperationSet"), "2.9", f"{ROOT}/Header/Verb"),
        (request("get", "WeatherForecast"), "2.5", f"{ROOT}/Header/Noun"),
        (request("get", "GetMeterReadings", ASKED), "2.5", f"{ROOT}/Header/Noun"),
        (request("get", "MeterReadings", GetMeterConfig()), "2.5", f"{ROOT}/Request/GetMeterConfig"),
        (request("get", "MeterReadings", MeterReadings()), "2.5", f"{ROOT}/Request/MeterReadings"),
        (request("get", "MeterReadings", ASKED, ASKED), "1.8", f"{ROOT}/Request/GetMeterReadings[2]"),
        (request("get", "MeterReadings"), "1.6", f"{ROOT}/Request"),
        (RequestMessage(header=header("get", "MeterReadings")), "1.6", f"{ROOT}/Request"),
        (request("create", "EndDeviceControls"), "1.7", f"{ROOT}/Payload/EndDeviceControls"),
        (request("create", "EndDeviceControls", ids=1), "1.7", f"{ROOT}/Payload/EndDeviceControls"),
        (request("cancel", "EndDeviceControls"), "1.7", f"{ROOT}/Payload/EndDeviceControls"),
        (request("create", "EndDeviceControls", MeterReadings()), "2.5", f"{ROOT}/Payload/MeterReadings"),
        (
            request("create", "EndDeviceControls", payload=compress(MeterReadings())),
            "2.5",
            f"{ROOT}/Payload/MeterReadings",
        ),
        (request("create", "EndDeviceControls", payload=Payload(compressed="?")), "1.8", "Compressed:"),
        (request("execute", "OperationSet"), "1.7", f"{ROOT}/Payload/OperationSet"),
        (
            EventMessage(header=header("created", "MeterReadings"), payload=Payload(content=(MeterReadings(),))),
            "2.9",
            "/EventMessage/Header/Verb",
        ),
        (EventMessage(header=header("create", "MeterReadings")), "2.9", "/EventMessage/Header/Verb"),
    ],
)
def test_what_the_schema_takes_and_the_rules_do_not(
    message: Any, code: str, xpath: str, oracle: Callable[[str], etree.XMLSchema]
) -> None:
    oracle("Message").assertValid(etree.fromstring(codec.to_bytes(message)))
    found = refused(message)
    assert verdict(found) == (code, xpath)
    assert isinstance(found.answer, ResponseMessage)
    assert (found.answer.header.verb, found.answer.header.noun) == (Verb.REPLY, message.header.noun)
    assert found.answer.header.correlation_id == "c-1"
    oracle("Message").assertValid(etree.fromstring(found.to_bytes()))


@pytest.mark.parametrize(
    ("change", "code", "xpath"),
    [
        ({"noun": None}, "1.7", "Operation[2]"),
        ({"verb": None}, "1.7", "Operation[2]"),
        ({"content": None}, "1.7", "Operation[2]/MeterReadSchedule"),
        ({"noun": "Weather"}, "2.5", "Operation[2]/noun"),
        ({"verb": "get"}, "2.9", "Operation[2]/verb"),
        ({"verb": "Create"}, "2.9", "Operation[2]/verb"),
        ({"verb": "delete"}, "2.9", "Operation[2]/verb"),
        ({"content": SWITCH}, "2.5", "Operation[2]/EndDeviceControls"),
    ],
)
def test_an_operation_that_is_wrong_is_named(change: dict[str, Any], code: str, xpath: str) -> None:
    first, second = STEPS.operation
    steps = OperationSet(operation=(first, replace(second, **change)))
    found = refused(request("execute", "OperationSet", payload=Payload(operation_set=steps)))
    assert verdict(found) == (code, f"{ROOT}/Payload/OperationSet/{xpath}")


EVENT = EndDeviceEvent(created_date_time=AT, end_device_event_type="3.26.0.85")
CREATE = codec.to_bytes(request("create", "EndDeviceControls", SWITCH))
GET = codec.to_bytes(request("get", "MeterReadings", ASKED))
READ = codec.to_bytes(request("create", "MeterReadings", MeterReadings()))
IN_PAYLOAD = f"{ROOT}/Payload/MeterReadings"


def reading(inside: str) -> bytes:
    xml = f"<MeterReading><Readings>{inside}</Readings></MeterReading>"
    return READ.replace(b"></MeterReadings>", f">{xml}</MeterReadings>".encode())


#: Mistakes of real head ends (iec61968-9, 7), and others of the issue: the schema, or a part of the envelope, is wrong.
MISTAKES = [
    (reading(f'<ReadingType ref="1"/><timeStamp>{AT.isoformat()}</timeStamp>'), "1.8", f"{IN_PAYLOAD}/MeterReading/Readings/timeStamp"),
    (reading('<timeStamp>2026-01-01T00:00:00</timeStamp><ReadingType ref="1"/>'), "1.8", f"{IN_PAYLOAD}/MeterReading/Readings/timeStamp"),
    (reading("<value>1</value>"), "1.7", f"{IN_PAYLOAD}/MeterReading/Readings/ReadingType"),
    (READ.replace(b"></MeterReadings>", b"><ReadingQualityType><systemId>1</systemId></ReadingQualityType></MeterReadings>"), "1.7", f"{IN_PAYLOAD}/ReadingQualityType/Names"),
    (CREATE.replace(b"<EndDeviceControlType", b"<EndDeviceAction><command>off</command></EndDeviceAction><EndDeviceControlType"), "1.8", f"{ROOT}/Payload/EndDeviceControls/EndDeviceControl/EndDeviceAction"),
    (CREATE.replace(b"<Verb>create", b"<Verb>Create"), "2.9", f"{ROOT}/Header/Verb"),
    (CREATE.replace(b"<Verb>create</Verb>", b""), "1.5", f"{ROOT}/Header/Verb"),
    (CREATE.replace(b"<Noun>EndDeviceControls<", b"<Noun>endDeviceControls<"), "2.5", f"{ROOT}/Header/Noun"),
    (CREATE.replace(b"EndDeviceControls#", b"EndDeviceSwitches#"), "1.9", f"{ROOT}/Payload/EndDeviceControls"),
    (CREATE.replace(b"TC57/2011/schema", b"TC57/2031/schema"), "1.9", ROOT),
    (GET.replace(b"<EndDevice>", b"<Meter>").replace(b"</EndDevice>", b"</Meter>"), "1.8", f"{ROOT}/Request/GetMeterReadings/Meter"),
    (GET.replace(b"</EndDevice>", b"</EndDevice><TimeSchedule/>"), "1.6", f"{ROOT}/Request/GetMeterReadings/TimeSchedule/scheduleInterval"),
    (GET.replace(b"<Request>", b"<Request><StartTime>yesterday</StartTime>"), "1.8", f"{ROOT}/Request/StartTime"),
]  # fmt: skip


#: What no schema catches.
MISTAKES += [
    (reading('<value>1</value><ReadingType ref="0.0.0.1.1.1.12.0.0.0.0.0.0.0.0.3.72.0"/>'), "2.4", f"{IN_PAYLOAD}/MeterReading/Meter"),
    (CREATE.replace(b"<mRID>4711</mRID>", b""), "2.4", f"{ROOT}/Payload/EndDeviceControls/EndDeviceControl/EndDevices"),
    (CREATE.replace(b"3.31.0.23", b""), "1.8", f"{ROOT}/Payload/EndDeviceControls/EndDeviceControl/EndDeviceControlType"),
    (GET.replace(b"<mRID>4711</mRID>", b""), "2.4", f"{ROOT}/Request/GetMeterReadings/EndDevice"),
]  # fmt: skip


@pytest.mark.parametrize(("data", "code", "xpath"), MISTAKES)
def test_mistakes_are_answered_with_code_place_and_correlation(data: bytes, code: str, xpath: str) -> None:
    found = refused(data)
    assert verdict(found) == (code, xpath)
    assert isinstance(found.answer, ResponseMessage)
    assert found.answer.header.correlation_id == "c-1"
    error = found.answer.reply.error[0]
    assert error.xpath == xpath.rpartition("/")[2]
    assert error.details is not None
    assert xpath in error.details


def test_an_event_without_its_time_is_named() -> None:
    data = codec.to_bytes(
        EventMessage(
            header=header("created", "EndDeviceEvents"),
            payload=Payload(content=(EndDeviceEvents(end_device_event=(EVENT,)),)),
        )
    )
    start, end = data.index(b"<createdDateTime>"), data.index(b"</createdDateTime>") + len(b"</createdDateTime>")
    place = "/EventMessage/Payload/EndDeviceEvents/EndDeviceEvent/createdDateTime"
    assert verdict(refused(data[:start] + data[end:])) == ("1.7", place)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "1.8"),
        (b"hello", "1.8"),
        (b"<a>", "1.8"),
        (b"\0" * 100, "1.8"),
        (b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "1.8"),
        (b"<a xmlns='urn:x'/>", "2.5"),
        (codec.to_bytes(MeterReadings()), "1.5"),
        (CREATE.replace(b"<MessageID>m-1</MessageID><CorrelationID>c-1</CorrelationID>", b"").replace(b"create<", b"creat<"), "2.9"),
        (b"<RequestMessage xmlns='http://iec.ch/TC57/2011/schema/message'/>", "1.5"),
        (codec.to_bytes(response(header("get", "MeterReadings"), replies.done(), at=AT, source="x")), "2.9"),
        (b"<a>" * 100 + b"</a>" * 100, "3.1"),
        (CREATE.replace(b"<Verb>create", b"<Verb>none").replace(b"c-1", b"c" * 100_000), "2.9"),
    ],
)  # fmt: skip
def test_what_cannot_be_answered_to_anyone_is_a_fault(data: bytes, code: str) -> None:
    found = refused(data)
    assert isinstance(found.answer, FaultMessage)
    assert verdict(found)[0] == code
    assert isinstance(codec.read(found.to_bytes()).message, FaultMessage)


def test_too_large_a_message_is_refused_before_it_is_read() -> None:
    started = time.process_time()
    assert verdict(refused(b"<" * 3_000_000, most_bytes=1_000_000))[0] == "3.1"
    assert time.process_time() - started < 5


@pytest.mark.parametrize("soap", [None, *Soap])
@pytest.mark.parametrize("space", ["", typed.namespace("EndDeviceControls")])
def test_an_answer_travels_as_the_request_did(soap: Soap | None, space: str) -> None:
    carriage = Carriage(soap, space)
    data = codec.to_bytes(request("create", "EndDeviceControls", SWITCH), carriage=carriage)
    taken = door(data)
    assert isinstance(taken, Taken)
    assert taken.way.carriage == carriage
    answer = response(taken.message, replies.acknowledged(), at=AT, source="gateway-1")
    assert codec.read(taken.way.to_bytes(answer)).message == answer
    found = refused(data.replace(b'<EndDeviceControlType ref="3.31.0.23"/>', b""))
    assert found.problem.code == "1.7"
    document = codec.read(found.to_bytes())
    assert (document.message, document.carriage) == (found.answer, carriage)


def test_a_wrapper_that_contradicts_its_header_is_answered_as_its_own_noun() -> None:
    data = codec.to_bytes(
        request("create", "EndDeviceControls", SWITCH),
        carriage=Carriage(Soap.V11, typed.namespace("EndDeviceControls")),
    )
    found = refused(data.replace(b"<Noun>EndDeviceControls<", b"<Noun>MeterReadings<"))
    assert found.problem.code == "2.5"
    message = codec.read(found.to_bytes()).message
    assert (message.header.noun, message.header.correlation_id) == ("EndDeviceControls", "c-1")


def test_broken_soap_is_answered_with_a_soap_fault() -> None:
    data = codec.to_bytes(request("get", "MeterReadings", ASKED), carriage=Carriage(Soap.V12))
    found = refused(data.replace(b"</soap:Body>", b"</soap:Body><soap:More/>"))
    assert b"<soap:Fault>" in found.to_bytes()
    assert found.way.carriage.soap is Soap.V12


@pytest.mark.parametrize(
    ("ours", "draft"),
    [
        ("http://iec.ch/TC57/2011/", "http://www.iec.ch/TC57/2011/"),
        ("http://iec.ch/TC57/2011/", "http://www.iec.ch/TC57/2010/"),
    ],
)
def test_a_draft_is_taken_and_answered_in_2013(ours: str, draft: str) -> None:
    found = door(GET.replace(ours.encode(), draft.encode()))
    assert isinstance(found, Taken)
    assert found.asked[0].criteria == ASKED
    assert found.way.edition.name == "2013"


def test_edition_3_is_taken_and_answered_in_itself() -> None:
    third = edition3(
        {"GetMeterReadSchedules": "urn:edition3:GetSchedules", "MeterReadSchedules": "urn:edition3:Schedules"}
    )
    message = request("create", "MeterReadSchedule", MeterReadSchedule())
    data = codec.to_bytes(message, third).replace(b"<Noun>MeterReadSchedule<", b"<Noun>MeterReadSchedules<")
    assert b'<MeterReadSchedules xmlns="urn:edition3:Schedules">' in data
    found = door(data, known=Known(third))
    assert isinstance(found, Taken)
    assert found.asked[0].noun == "MeterReadSchedule"
    answer = response(found.message, replies.done(), at=AT, source="gateway-1")
    assert ED3_ENVELOPE.encode() in found.way.to_bytes(answer)
    assert answer.header.noun == "MeterReadSchedules"
    without = refused(data)
    assert verdict(without) == ("1.9", f"{ROOT}/Payload/MeterReadSchedules")


IN_SOAP = [
    codec.to_bytes(
        request("create", "EndDeviceControls", payload=compress(SWITCH)),
        carriage=Carriage(Soap.V11, typed.namespace("EndDeviceControls")),
    ),
    codec.to_bytes(
        request("get", "MeterReadings", ASKED), carriage=Carriage(Soap.V12, typed.namespace("MeterReadings", get=True))
    ),
]


def test_a_rule_names_the_place_in_the_document_that_came() -> None:
    data = codec.to_bytes(
        request("create", "EndDeviceControls", MeterReadings()),
        carriage=Carriage(Soap.V11, typed.namespace("EndDeviceControls")),
    )
    assert refused(data).problem.xpath == "/Envelope/Body/CreateEndDeviceControls/Payload/MeterReadings"


ANY_BYTES = st.binary(max_size=200) | st.text(max_size=100).map(
    lambda text: f"<a>{text}".encode("utf-8", "surrogatepass")
)


@st.composite
def changed_requests(draw: st.DrawFn) -> bytes:
    message = bytearray(draw(st.sampled_from([GET, CREATE, READ, *IN_SOAP])))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(message) - 1))
        message[at : at + draw(st.integers(0, 30))] = draw(st.binary(max_size=8))
    return bytes(message)


def taken_or_answered(data: bytes) -> None:
    found = door(data)
    if isinstance(found, Refused):
        assert codec.read(found.to_bytes()).message == found.answer


@settings(max_examples=150)
@given(ANY_BYTES | changed_requests())
def test_any_bytes_are_taken_or_get_an_answer_that_can_be_read(data: bytes) -> None:
    taken_or_answered(data)


@pytest.mark.slow
@pytest.mark.timeout(900)
@given(ANY_BYTES | changed_requests())
def test_any_bytes_are_taken_or_answered_at_length(data: bytes) -> None:
    taken_or_answered(data)
