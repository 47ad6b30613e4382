"""The envelope: every root fits the oracle and our own schema, and reads back as it was written."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from lxml import etree

from gateway.messages import codec
from gateway.messages.envelope import (
    ENVELOPES,
    ID,
    Error,
    Header,
    Operation,
    OperationSet,
    Payload,
    Reply,
    Request,
    RequestMessage,
    ResponseMessage,
    Result,
    Verb,
)
from gateway.messages.errors import CannotWrite, SchemaViolation
from gateway.messages.profiles.end_device_events import EndDeviceEvent, EndDeviceEvents
from gateway.messages.profiles.get_meter_readings import GetMeterReadings
from gateway.messages.profiles.parts import Identified
from gateway.messages.sample import sample

#: So many turns of every choice: Payload has four alternatives.
TURNS = range(4)

HEADER = Header(verb=Verb.GET, noun="MeterReadings", message_id="m-1", correlation_id="c-1")


@pytest.mark.parametrize("root", list(ENVELOPES))
def test_every_root_fits_the_oracle_and_our_schema_and_reads_back(
    root: str, oracle: Callable[[str], etree.XMLSchema], own_schema: Callable[[str], etree.XMLSchema]
) -> None:
    for turn in TURNS:
        message = sample(ENVELOPES[root], turn)
        data = codec.to_bytes(message)
        oracle("Message").assertValid(etree.fromstring(data))
        own_schema(root).assertValid(etree.fromstring(data))
        assert codec.read(data).message == message


def test_payloads_are_read_inside_the_envelope() -> None:
    asked = GetMeterReadings(end_device=(Identified(mrid="4711"),))
    event = EndDeviceEvent(created_date_time=datetime(2026, 1, 1, tzinfo=UTC), end_device_event_type="3.26.0.85")
    operations = OperationSet(
        operation=(
            Operation(operation_id=1, noun="EndDeviceEvents", content=EndDeviceEvents(end_device_event=(event,))),
        )
    )
    for message in (
        RequestMessage(header=HEADER, request=Request(content=(asked,))),
        RequestMessage(header=HEADER, payload=Payload(content=(EndDeviceEvents(end_device_event=(event,)),))),
        RequestMessage(header=HEADER, payload=Payload(operation_set=operations)),
    ):
        assert codec.read(codec.to_bytes(message)).message == message


def test_a_fault_in_a_payload_is_named_by_its_place_in_the_envelope() -> None:
    xml = codec.to_bytes(RequestMessage(header=HEADER, request=Request(content=(GetMeterReadings(),))))
    wrong = xml.replace(b"></GetMeterReadings>", b"><Meter/></GetMeterReadings>")
    with pytest.raises(SchemaViolation) as refused:
        codec.read(wrong)
    assert refused.value.xpath == "/RequestMessage/Request/GetMeterReadings/Meter"


def test_what_cannot_be_written_is_named_by_its_whole_path() -> None:
    error = Error(code="1.8", xpath="no name")
    message = ResponseMessage(header=HEADER, reply=Reply(result=Result.FAILED, error=(error,)))
    with pytest.raises(CannotWrite) as refused:
        codec.to_bytes(message)
    assert refused.value.xpath == "/ResponseMessage/Reply/Error[1]/xpath"


def test_an_element_of_a_namespace_without_a_scheme_is_refused() -> None:
    xml = codec.to_bytes(RequestMessage(header=HEADER, payload=Payload(content=(EndDeviceEvents(),))))
    with pytest.raises(SchemaViolation, match="no absolute URI") as refused:
        codec.read(xml.replace(b"http://iec.ch/TC57/2011/EndDeviceEvents#", b"TC57/EndDeviceEvents"))
    assert refused.value.xpath == "/RequestMessage/Payload/EndDeviceEvents"


def test_a_payload_is_one_of_four() -> None:
    both = b"<Payload><OperationSet/><ID>1</ID></Payload>"
    xml = codec.to_bytes(RequestMessage(header=HEADER, payload=Payload()))
    with pytest.raises(SchemaViolation, match="only one of OperationSet, ID"):
        codec.read(xml.replace(b"<Payload></Payload>", both))


def test_the_xpath_of_an_error_may_have_a_prefix_that_is_bound(oracle: Callable[[str], etree.XMLSchema]) -> None:
    error = Error(code="1.8", xpath="Header", id=ID(value="4711", id_type="serialNumber", kind="name"))
    message = ResponseMessage(header=HEADER, reply=Reply(result=Result.FAILED, error=(error,)))
    xml = codec.to_bytes(message)
    bound = xml.replace(b"<xpath>Header", b'<xpath xmlns:m="urn:example">m:Header')
    unbound = xml.replace(b"<xpath>Header", b"<xpath>m:Header")
    assert codec.read(bound).message == message
    oracle("Message").assertValid(etree.fromstring(bound))
    assert not oracle("Message").validate(etree.fromstring(unbound))
    with pytest.raises(SchemaViolation, match="bound to no namespace"):
        codec.read(unbound)
