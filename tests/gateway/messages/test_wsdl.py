"""The WSDLs: complete, taken by an independent SOAP client, and what it writes from them is read here."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from gateway.messages import codec, replies, typed
from gateway.messages.carriage import Carriage
from gateway.messages.envelope import ID, Header, Option, Payload, Request, RequestMessage, Result, Verb
from gateway.messages.errors import UnknownMessage
from gateway.messages.exchange import event, fault, response
from gateway.messages.profiles.end_device_controls import EndDeviceControls
from gateway.messages.profiles.get_meter_readings import GetMeterReadings
from gateway.messages.profiles.meter_readings import MeterReading, MeterReadings, Reading
from gateway.messages.sample import sample
from gateway.messages.soap import Soap
from gateway.messages.wsdl import Service, operations, services, wsdl

zeep = pytest.importorskip("zeep", reason="no zeep in this environment; make .venv/installed-dev brings it")

AT = datetime(2026, 1, 1, 12, tzinfo=UTC)
TYPE = "0.0.0.1.1.1.12.0.0.0.0.0.0.0.0.3.72.0"


def header(noun: str, verb: str = "get") -> Header:
    return Header(verb=Verb(verb), noun=noun, message_id="m-1", correlation_id="c-1")


def typed_sample(verb: str, noun: str, content: type) -> RequestMessage:
    request = Request(start_time=AT, end_time=AT, option=(Option(name="a"),), id=(ID(value="1", kind="name"),))
    filled = (sample(content),)
    if verb == "get":
        return RequestMessage(header=header(noun, verb), request=replace(request, content=filled))
    return RequestMessage(header=header(noun, verb), request=request, payload=Payload(content=filled))


@pytest.fixture
def client_of(tmp_path: Path) -> Any:
    """A zeep client of a service; its WSDL lies in a file and nothing is fetched."""

    def load(service: Service, noun: str) -> Any:
        file = tmp_path / f"{service}{noun}.wsdl"
        file.write_text(wsdl(service, noun, "http://gateway.example/soap"))
        return zeep.Client(str(file))

    return load


def test_the_get_meter_readings_of_a_zeep_client_is_read(client_of: Any) -> None:
    client = client_of(Service.GET, "MeterReadings")
    body = client.create_message(
        client.service,
        "GetMeterReadings",
        Header={"Verb": "get", "Noun": "MeterReadings", "Timestamp": AT, "MessageID": "m-1", "CorrelationID": "c-1"},
        Request={
            "StartTime": AT,
            "GetMeterReadings": {
                "EndDevice": [{"mRID": "4711"}, {"Names": [{"name": "4712", "NameType": {"name": "serialNumber"}}]}],
                "ReadingType": [{"Names": [{"name": TYPE}]}],
                "TimeSchedule": [{"scheduleInterval": {"start": AT, "end": AT}}],
            },
        },
    )
    document = codec.read(etree.tostring(body))
    message = document.message
    assert isinstance(message, RequestMessage)
    assert document.carriage == Carriage(Soap.V11, "http://iec.ch/TC57/2011/GetMeterReadingsMessage")
    assert (message.header.verb, message.header.correlation_id, message.header.timestamp) == (Verb.GET, "c-1", AT)
    assert message.request is not None
    assert message.request.start_time == AT
    (asked,) = message.request.content
    assert isinstance(asked, GetMeterReadings)
    assert asked.end_device[0].mrid == "4711"
    assert asked.end_device[1].names[0].name_type.name == "serialNumber"  # type: ignore[union-attr]
    assert asked.reading_type[0].names[0].name == TYPE


def test_a_zeep_client_reads_our_answer(client_of: Any) -> None:
    client = client_of(Service.GET, "MeterReadings")
    request = RequestMessage(header=header("MeterReadings"))
    reading = Reading(time_stamp=AT, value="1.50", reading_type=TYPE)
    content = MeterReadings(meter_reading=(MeterReading(readings=(reading,)),))
    answer = response(request, replies.done(), at=AT, source="gateway-1", content=content)
    data = codec.to_bytes(answer, carriage=Carriage(Soap.V11, "http://iec.ch/TC57/2011/GetMeterReadingsMessage"))
    operation = client.service._binding.get("GetMeterReadings")
    said = operation.output.deserialize(etree.fromstring(data))
    assert said.Reply.Result == Result.OK
    assert said.Header.CorrelationID == "c-1"
    assert said.Payload.MeterReadings.MeterReading[0].Readings[0].value == "1.50"


@pytest.mark.parametrize(
    ("service", "noun", "calls"),
    [
        (Service.EXECUTE, "EndDeviceControls", {"CreateEndDeviceControls", "CancelEndDeviceControls", "ChangeEndDeviceControls"}),
        (Service.REQUEST, "EndDeviceControls", {"CreateEndDeviceControls", "CancelEndDeviceControls", "ChangeEndDeviceControls"}),
        (Service.RECEIVE, "MeterReadings", {"CreatedMeterReadings"}),
        (Service.SEND, "EndDeviceEvents", {"CreatedEndDeviceEvents"}),
        (Service.GET, "MeterConfig", {"GetMeterConfig"}),
    ],
)  # fmt: skip
def test_a_service_has_the_operations_of_its_noun(client_of: Any, service: Service, noun: str, calls: set[str]) -> None:
    binding = client_of(service, noun).service._binding
    assert set(binding._operations) == calls == set(operations(service, noun))


def test_an_event_of_a_zeep_client_is_read(client_of: Any) -> None:
    client = client_of(Service.RECEIVE, "EndDeviceEvents")
    event = {"createdDateTime": AT, "EndDeviceEventType": {"ref": "3.26.0.85"}, "Assets": {"mRID": "4711"}}
    body = client.create_message(
        client.service,
        "CreatedEndDeviceEvents",
        Header={"Verb": "created", "Noun": "EndDeviceEvents"},
        Payload={"EndDeviceEvents": {"EndDeviceEvent": [event]}},
    )
    message = codec.read(etree.tostring(body)).message
    assert isinstance(message.payload, Payload)
    assert message.payload.content[0].end_device_event[0].assets.mrid == "4711"


def test_every_wsdl_is_taken_by_zeep(client_of: Any) -> None:
    found = services()
    assert {(Service.GET, "MeterReadings"), (Service.EXECUTE, "MeterConfig")} <= set(found)
    for service, noun in found:
        assert set(client_of(service, noun).service._binding._operations) == set(operations(service, noun))


def schema_of(document: str, folder: Path) -> etree.XMLSchema:
    """The schemas in a WSDL as files that import each other, for libxml2, which is stricter than zeep."""
    schemas = list(etree.fromstring(document.encode()).find("{*}types"))
    files = {schema.get("targetNamespace"): folder / f"{number}.xsd" for number, schema in enumerate(schemas)}
    for schema in schemas:
        for imported in schema.findall("{*}import"):
            imported.set("schemaLocation", str(files[imported.get("namespace")]))
        files[schema.get("targetNamespace")].write_bytes(etree.tostring(schema))
    return etree.XMLSchema(file=str(files[schemas[-1].get("targetNamespace")]))


@pytest.mark.parametrize(
    ("service", "noun", "message"),
    [
        (Service.GET, "MeterReadings", typed_sample("get", "MeterReadings", GetMeterReadings)),
        (Service.EXECUTE, "EndDeviceControls", typed_sample("create", "EndDeviceControls", EndDeviceControls)),
        (Service.RECEIVE, "MeterReadings", event(sample(MeterReadings), at=AT, source="gateway-1")),
        (Service.RECEIVE, "MeterReadings", event(MeterReadings(), at=AT, source="gateway-1", compressed=True)),
        (Service.RECEIVE, "MeterReadings", fault(replies.failed([TimeoutError()]))),
        (Service.EXECUTE, "MeterConfig", response(header("MeterConfig"), replies.done(), at=AT, source="gateway-1")),
    ],
    ids=["get", "create", "created", "compressed", "fault", "response"],
)
def test_what_is_written_fits_the_wsdl(service: Service, noun: str, message: Any, tmp_path: Path) -> None:
    space = typed.namespace(noun, get=service is Service.GET)
    data = codec.to_bytes(message, carriage=Carriage(None, space))
    schema_of(wsdl(service, noun), tmp_path).assertValid(etree.fromstring(data))
    assert codec.read(data).message == message


@pytest.mark.parametrize(
    ("service", "noun"), [(Service.RECEIVE, "UsagePointConfig"), (Service.GET, "GetMeterReadings")]
)
def test_a_service_without_operations_has_no_wsdl(service: Service, noun: str) -> None:
    with pytest.raises(UnknownMessage, match="no service"):
        wsdl(service, noun)
