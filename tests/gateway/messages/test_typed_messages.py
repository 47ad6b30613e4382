"""Strongly typed messages and SOAP: both ways, in both places of the namespaces, with the XPath of what is wrong."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from lxml import etree

from gateway.messages import codec, refusals, replies, typed
from gateway.messages.carriage import BARE, Carriage
from gateway.messages.compressed import compress
from gateway.messages.envelope import (
    ID,
    EventMessage,
    Header,
    OperationSet,
    Option,
    Payload,
    Request,
    RequestMessage,
    Verb,
)
from gateway.messages.errors import CannotWrite, ElementMissing, MessageError, SchemaViolation
from gateway.messages.exchange import event, fault, response
from gateway.messages.profiles.end_device_controls import EndDeviceControl, EndDeviceControls
from gateway.messages.profiles.end_device_events import EndDeviceEvents
from gateway.messages.profiles.get_meter_readings import GetMeterReadings
from gateway.messages.profiles.meter_readings import MeterReadings
from gateway.messages.profiles.parts import Identified
from gateway.messages.reception import Taken, receive
from gateway.messages.soap import Soap

AT = datetime(2026, 1, 1, 12, tzinfo=UTC)
READINGS = typed.namespace("MeterReadings")
ASKING = typed.namespace("MeterReadings", get=True)
CONTROLS = typed.namespace("EndDeviceControls")

GET = RequestMessage(
    header=Header(verb=Verb.GET, noun="MeterReadings", message_id="m-1"),
    request=Request(
        start_time=AT,
        option=(Option(name="priority", value="high"),),
        id=(ID(value="1"),),
        content=(GetMeterReadings(end_device=(Identified(mrid="4711"),)),),
    ),
)
CREATED = event(MeterReadings(), at=AT, source="gateway-1")
SWITCH = RequestMessage(
    header=Header(verb=Verb.CREATE, noun="EndDeviceControls", message_id="m-2"),
    request=Request(id=(ID(value="1"),)),
    payload=Payload(
        content=(EndDeviceControls(end_device_control=(EndDeviceControl(end_device_control_type="3.31.0.23"),)),)
    ),
)
ANSWER = response(GET, replies.done(), at=AT, source="gateway-1", content=MeterReadings())
FAULT = fault(replies.failed([refusals.authentication_required()]))

TYPED = [
    (GET, ASKING, "GetMeterReadings"),
    (ANSWER, ASKING, "MeterReadingsResponseMessage"),
    (FAULT, ASKING, "MeterReadingsFaultMessage"),
    (CREATED, READINGS, "CreatedMeterReadings"),
    (SWITCH, CONTROLS, "CreateEndDeviceControls"),
    (replace(CREATED, payload=compress(MeterReadings())), READINGS, "CreatedMeterReadings"),
    (replace(CREATED, payload=Payload(operation_set=OperationSet())), READINGS, "CreatedMeterReadings"),
]


@pytest.mark.parametrize(("message", "space", "name"), TYPED, ids=lambda value: value if isinstance(value, str) else "")
@pytest.mark.parametrize("soap", [None, *Soap])
def test_typed_messages_go_both_ways(message: Any, space: str, name: str, soap: Soap | None) -> None:
    carriage = Carriage(soap, space)
    data = codec.to_bytes(message, carriage=carriage)
    root = etree.fromstring(data)
    assert len(root.findall(f".//{{{space}}}{name}")) == (0 if soap is None else 1)
    document = codec.read(data)
    assert (document.message, document.carriage) == (message, carriage)


@pytest.mark.parametrize("soap", Soap)
def test_the_generic_envelope_travels_in_soap_too(soap: Soap) -> None:
    for message in (GET, CREATED, ANSWER, FAULT):
        document = codec.read(codec.to_bytes(message, carriage=Carriage(soap)))
        assert (document.message, document.carriage) == (message, Carriage(soap))
    assert codec.read(codec.to_bytes(CREATED)).carriage == BARE


def test_where_the_elements_of_a_typed_message_stand() -> None:
    root = etree.fromstring(codec.to_bytes(GET, carriage=Carriage(None, ASKING)))
    message = "http://iec.ch/TC57/2011/schema/message"
    for path in (
        "w:Header/m:Verb",
        "w:Request/w:StartTime",
        "w:Request/w:Option/m:name",
        "w:Request/p:GetMeterReadings",
    ):
        spaces = {"w": ASKING, "m": message, "p": "http://iec.ch/TC57/2011/GetMeterReadings#"}
        assert root.find(path, spaces) is not None, path
    switch = etree.fromstring(codec.to_bytes(SWITCH, carriage=Carriage(None, CONTROLS)))
    assert switch.find("w:Request/m:ID", {"w": CONTROLS, "m": message}) is not None


def test_elements_in_the_other_place_are_read_as_well() -> None:
    data = codec.to_bytes(GET, carriage=Carriage(None, ASKING))
    moved = data.replace(b"<w:StartTime>", b"<StartTime>").replace(b"</w:StartTime>", b"</StartTime>")
    assert moved != data
    assert codec.read(moved).message == GET


@pytest.mark.parametrize(
    ("space", "answered"),
    [
        (CONTROLS, CONTROLS),
        ("http://www.iec.ch/TC57/2011/EndDeviceControlsMessage", CONTROLS),
        ("http://iec.ch/TC57/2017/EndDeviceControlsMessage", "http://iec.ch/TC57/2017/EndDeviceControlsMessage"),
    ],
)
def test_wrappers_of_drafts_and_other_years_are_read(space: str, answered: str) -> None:
    data = codec.to_bytes(SWITCH, carriage=Carriage(None, CONTROLS)).replace(CONTROLS.encode(), space.encode())
    document = codec.read(data)
    assert (document.message, document.carriage.wrapper) == (SWITCH, space)
    assert typed.written_namespace(space) == answered


#: As a client in the field writes: prefixes everywhere, the schema's place, a time with a decimal, no ref and no MessageID.
BY_HAND = b"""<?xml version="1.0"?>
<t:CreateMeterReadings xmlns:t="http://iec.ch/TC57/2011/MeterReadingsMessage"
    xmlns:o="http://iec.ch/TC57/2011/MeterReadings#" xmlns:m="http://iec.ch/TC57/2011/schema/message"
    xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
    xsi:schemaLocation="http://iec.ch/TC57/2011/MeterReadingsMessage MeterReadingsMessage.xsd">
  <!-- an on-demand read as it was asked for before there was a get -->
  <t:Header>
    <m:Verb>create</m:Verb><m:Noun>MeterReadings</m:Noun><m:Revision>0.1</m:Revision>
    <m:Timestamp>2026-01-01T12:00:00.0+01:00</m:Timestamp>
    <m:ReplyAddress>https://headend.example/replies</m:ReplyAddress><m:CorrelationID>ask-1</m:CorrelationID>
  </t:Header>
  <t:Payload>
    <o:MeterReadings>
      <o:MeterReading><o:Meter><o:Names><o:name>4711</o:name></o:Names></o:Meter></o:MeterReading>
      <o:ReadingType><o:Names><o:name>0.0.0.1.1.1.12.0.0.0.0.0.0.0.0.3.72.0</o:name></o:Names></o:ReadingType>
    </o:MeterReadings>
  </t:Payload>
</t:CreateMeterReadings>"""


def test_a_message_as_clients_write_it_by_hand_is_taken_and_answered_in_kind() -> None:
    found = receive(BY_HAND, at=AT, source="gateway-1")
    assert isinstance(found, Taken)
    (asked,) = found.asked
    assert (asked.verb, asked.noun, found.header.timestamp) == (Verb.CREATE, "MeterReadings", AT.replace(hour=11))
    assert asked.content[0].meter_reading[0].meter.names[0].name == "4711"
    answer = response(found.message, replies.acknowledged(), at=AT, source="gateway-1")
    root = etree.fromstring(found.way.to_bytes(answer))
    assert root.tag == f"{{{READINGS}}}MeterReadingsResponseMessage"
    assert answer.header.correlation_id == "ask-1"


def test_a_draft_names_requests_without_their_verb() -> None:
    data = codec.to_bytes(GET, carriage=Carriage(None, ASKING))
    data = data.replace(b":GetMeterReadings ", b":MeterReadingsRequestMessage ")
    data = data.replace(b"/w:GetMeterReadings>", b"/w:MeterReadingsRequestMessage>")
    data = data.replace(ASKING.encode(), b"http://www.iec.ch/TC57/2011/MeterReadingsMessage")
    assert codec.read(data).message == GET


def test_the_header_must_say_what_the_wrapper_says() -> None:
    data = codec.to_bytes(SWITCH, carriage=Carriage(Soap.V11, CONTROLS))
    with pytest.raises(SchemaViolation) as verb:
        codec.read(data.replace(b"<Verb>create<", b"<Verb>cancel<"))
    assert (verb.value.code, verb.value.xpath) == ("2.9", "/Envelope/Body/CreateEndDeviceControls/Header/Verb")
    with pytest.raises(SchemaViolation) as noun:
        codec.read(data.replace(b"<Noun>EndDeviceControls<", b"<Noun>MeterReadings<"))
    assert (noun.value.code, noun.value.xpath) == ("2.5", "/Envelope/Body/CreateEndDeviceControls/Header/Noun")


def test_a_fault_inside_has_its_xpath_through_soap() -> None:
    data = codec.to_bytes(SWITCH, carriage=Carriage(Soap.V12, CONTROLS))
    wrong = data.replace(b'<EndDeviceControlType ref="3.31.0.23"/>', b"")
    with pytest.raises(ElementMissing) as missing:
        codec.read(wrong)
    path = "/Envelope/Body/CreateEndDeviceControls/Payload/EndDeviceControls/EndDeviceControl/EndDeviceControlType"
    assert (missing.value.code, missing.value.xpath) == ("1.7", path)


def soap11(body: str, header: str = "") -> bytes:
    space = "http://schemas.xmlsoap.org/soap/envelope/"
    return f'<s:Envelope xmlns:s="{space}">{header}<s:Body>{body}</s:Body></s:Envelope>'.encode()


WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"


@pytest.mark.parametrize(
    ("data", "code", "xpath"),
    [
        (soap11(""), "1.8", "/Envelope/Body"),
        (soap11("<a/><b/>"), "1.8", "/Envelope/Body"),
        (soap11("<a xmlns='urn:x'/>"), "2.5", "/Envelope/Body/a"),
        (b'<Envelope xmlns="urn:soap:3"/>', "1.8", "/Envelope"),
        (b'<Envelope xmlns="http://schemas.xmlsoap.org/soap/envelope/"/>', "1.8", "/Envelope/Body"),
        (soap11("<a/>", "<s:Trailer/>"), "1.8", "/Envelope/Trailer"),
        (
            soap11("<a/>", f"<s:Header><w:Security xmlns:w='{WSSE}' s:mustUnderstand='1'/></s:Header>"),
            "7.3",
            "/Envelope/Header/Security",
        ),
        (
            soap11("<a/>", "<s:Header><x:To xmlns:x='urn:x' s:mustUnderstand='true'/></s:Header>"),
            "1.8",
            "/Envelope/Header/To",
        ),
        (
            soap11("<s:Fault><faultcode>s:Server</faultcode><faultstring>out of order</faultstring></s:Fault>"),
            "1.8",
            "/Envelope/Body/Fault",
        ),
    ],
)
def test_soap_that_is_none_is_refused_with_its_place(data: bytes, code: str, xpath: str) -> None:
    with pytest.raises(MessageError) as refused:
        codec.read(data)
    assert (refused.value.code, refused.value.xpath) == (code, xpath)


def test_header_blocks_that_need_not_be_understood_are_passed_over() -> None:
    inside = codec.to_bytes(CREATED).partition(b"?>\n")[2].decode()
    header = f"<s:Header><w:Security xmlns:w='{WSSE}'/></s:Header>"
    assert codec.read(soap11(inside, header)).message == CREATED


@pytest.mark.parametrize(
    ("message", "space"),
    [
        (SWITCH, READINGS),
        (GET, "http://iec.ch/TC57/2011/schema/message"),
        (replace(GET, header=replace(GET.header, verb=Verb.CREATED)), ASKING),
        (EventMessage(header=Header(verb=Verb.CREATE, noun="MeterReadings")), READINGS),
    ],
)
def test_what_has_no_typed_form_is_not_written(message: Any, space: str) -> None:
    with pytest.raises(CannotWrite):
        codec.to_bytes(message, carriage=Carriage(None, space))


def test_a_fault_of_the_writer_has_its_place() -> None:
    unset: Any = None
    message = replace(CREATED, payload=Payload(content=(EndDeviceEvents(end_device_event=(unset,)),)))
    with pytest.raises(CannotWrite):
        codec.to_bytes(message, carriage=Carriage(Soap.V11, READINGS))


@pytest.mark.parametrize(
    ("message", "carriage", "headers"),
    [
        (CREATED, BARE, {"Content-Type": "application/xml; charset=utf-8"}),
        (CREATED, Carriage(Soap.V11), {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": '""'}),
        (
            CREATED,
            Carriage(Soap.V11, READINGS),
            {
                "Content-Type": "text/xml; charset=utf-8",
                "SOAPAction": '"http://iec.ch/TC57/2011/MeterReadings/CreatedMeterReadings"',
            },
        ),
        (
            GET,
            Carriage(Soap.V12, ASKING),
            {
                "Content-Type": "application/soap+xml; charset=utf-8; "
                'action="http://iec.ch/TC57/2011/GetMeterReadings/GetMeterReadings"'
            },
        ),
        (ANSWER, Carriage(Soap.V12, ASKING), {"Content-Type": "application/soap+xml; charset=utf-8"}),
    ],
)
def test_what_http_says_of_a_message(message: Any, carriage: Carriage, headers: dict[str, str]) -> None:
    assert carriage.http_headers(message) == headers
