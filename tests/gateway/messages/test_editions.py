"""Editions: the drafts and edition 1 are read, edition 3 with the namespaces of its owner, and only 2013 and 3 are written."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from click.testing import CliRunner

from drivers.errors import UsageError
from gateway.cim.code_tables import table
from gateway.cli import command
from gateway.messages import codec, from_edition1
from gateway.messages.catalogue import PAYLOADS, configured_edition3
from gateway.messages.compressed import compress, expand
from gateway.messages.editions import DRAFTS, ED1, ED2, ED3_ENVELOPE, Known, edition3
from gateway.messages.envelope import EventMessage, Header, Payload, RequestMessage, Verb
from gateway.messages.errors import SchemaViolation, UnknownMessage
from gateway.messages.exchange import event
from gateway.messages.profiles import edition1
from gateway.messages.profiles.end_device_events import EndDeviceEvent, EndDeviceEvents
from gateway.messages.profiles.meter_read_schedule import MeterReadSchedule
from gateway.messages.profiles.meter_readings import MeterReadings
from gateway.messages.profiles.parts import Identified, Status
from gateway.messages.reception import Taken, receive
from gateway.messages.sample import sample
from gateway.messages.validation import judge

AT = datetime(2026, 1, 1, 12, tzinfo=UTC)

# --- the drafts


@pytest.mark.parametrize(
    ("envelope", "content", "name"),
    [
        ("http://iec.ch/TC57/2011/schema/message", "http://iec.ch/TC57/2011/EndDeviceEvents#", "2013"),
        ("http://www.iec.ch/TC57/2011/schema/message", "http://iec.ch/TC57/2011/EndDeviceEvents#", "draft 2011"),
        ("http://www.iec.ch/TC57/2011/schema/message", "http://www.iec.ch/TC57/2011/EndDeviceEvents#", "draft 2011"),
        ("http://www.iec.ch/TC57/2010/schema/message", "http://iec.ch/TC57/2010/EndDeviceEvents#", "draft 2010"),
        ("http://www.iec.ch/TC57/2010/schema/message", "http://www.iec.ch/TC57/2010/EndDeviceEvents#", "draft 2010"),
    ],
)
def test_the_namespaces_of_the_drafts_are_read(envelope: str, content: str, name: str) -> None:
    events = EndDeviceEvents(
        end_device_event=(EndDeviceEvent(created_date_time=AT, end_device_event_type="3.26.0.85"),)
    )
    message = event(events, at=AT, source="gateway-1")
    data = codec.to_bytes(message)
    draft = data.replace(ED2.envelope.encode(), envelope.encode())
    draft = draft.replace(ED2.namespace("EndDeviceEvents").encode(), content.encode())
    document = codec.read(draft)
    assert (document.message, document.edition.name) == (message, name)
    bare = codec.read(codec.to_bytes(events).replace(ED2.namespace("EndDeviceEvents").encode(), content.encode()))
    assert bare.message == events


def test_the_drafts_are_marked_as_never_written() -> None:
    assert [edition.written for edition in (*DRAFTS, ED1)] == [False] * (len(DRAFTS) + 1)


# --- edition 1

READINGS_2009 = b"""<MeterReadings xmlns="http://iec.ch/TC57/2009/MeterReadings#">
  <MeterReading>
    <CustomerAgreement><mRID>A-1</mRID></CustomerAgreement>
    <EndDeviceEvents>
      <category>3.26.0.85</category><createdDateTime>2026-01-01T12:00:00+01:00</createdDateTime>
      <Assets><mRID>M-1</mRID></Assets>
    </EndDeviceEvents>
    <IntervalBlocks>
      <IntervalReadings><timeStamp>2026-01-01T00:15:00Z</timeStamp><value>0.250</value></IntervalReadings>
      <IntervalReadings><timeStamp>2026-01-01T00:30:00Z</timeStamp><ReadingQualities><quality>missing</quality></ReadingQualities></IntervalReadings>
      <Pending><scalarNumerator>40</scalarNumerator><ReadingType ref="load profile"/></Pending>
      <ReadingType ref="load profile"/>
    </IntervalBlocks>
    <MeterAsset><mRID>M-1</mRID><status><value>in service</value></status></MeterAsset>
    <Readings><timeStamp>2026-01-01T12:00:00Z</timeStamp><value>1234.50</value><ReadingType ref="RT-1"/></Readings>
    <ServiceDeliveryPoint><mRID>SDP-1</mRID></ServiceDeliveryPoint>
  </MeterReading>
  <ReadingType>
    <mRID>RT-1</mRID><aliasName>total</aliasName><channelNumber>1</channelNumber><intervalLength>0</intervalLength>
    <kind>energy</kind><multiplier>k</multiplier><name>import</name><unit>Wh</unit>
  </ReadingType>
  <ReadingType>
    <mRID>RT-2</mRID><defaultQuality>unvalidated</defaultQuality><intervalLength>900</intervalLength>
    <kind>pressure</kind><name>load profile</name><unit>J/s</unit>
  </ReadingType>
</MeterReadings>"""  # fmt: skip

EVENTS_2009 = b"""<EndDeviceEvents xmlns="http://iec.ch/TC57/2009/EndDeviceEvents#">
  <EndDeviceEvent>
    <category>3.26.0.216</category><createdDateTime>2026-01-01T12:00:00Z</createdDateTime>
    <severity>high</severity><Assets><mRID>M-1</mRID></Assets>
  </EndDeviceEvent>
</EndDeviceEvents>"""


def converted(data: bytes) -> Any:
    document = codec.read(data)
    assert document.edition is ED1
    return from_edition1.to_2013(document.message)


def test_meter_readings_of_2009_are_read_and_said_in_the_words_of_2013() -> None:
    found = converted(READINGS_2009)
    (one,) = found.message.meter_reading
    assert (one.meter.mrid, one.meter.status) == ("M-1", Status(value="in service"))
    assert one.usage_point == Identified(mrid="SDP-1")
    (reading,) = one.readings
    assert (reading.time_stamp, reading.value, reading.reading_type) == (AT, "1234.50", "RT-1")
    assert reading.reading_qualities == ()
    (block,) = one.interval_blocks
    first, second = block.interval_readings
    assert (first.value, [quality.reading_quality_type for quality in first.reading_qualities]) == (
        "0.250",
        ["unvalidated"],
    )
    assert (second.value, [quality.reading_quality_type for quality in second.reading_qualities]) == (None, ["missing"])
    assert block.pending_calculation.scalar_numerator == 40
    (event_,) = one.end_device_events
    assert (event_.end_device_event_type, event_.assets.mrid) == ("3.26.0.85", "M-1")
    assert codec.read(codec.to_bytes(found.message)).message == found.message


def test_what_eleven_fields_say_is_written_out_and_the_rest_stays_open() -> None:
    first, second = converted(READINGS_2009).message.reading_type
    assert (first.mrid, first.measurement_kind, first.multiplier, first.unit) == ("RT-1", "12", "3", "72")
    assert [(name.name, name.name_type.name) for name in first.names] == [("import", "name"), ("total", "aliasName")]
    assert (first.flow_direction, first.phases, first.accumulation, first.measuring_period) == (None,) * 4
    assert (second.measuring_period, second.measurement_kind, second.unit) == ("2", None, None)


def test_what_2013_has_no_place_for_is_handed_back() -> None:
    assert converted(READINGS_2009).left_out == (
        "customer agreement A-1 of meter M-1",
        "channelNumber 1 of reading type RT-1",
        "intervalLength 0 of reading type RT-1",
        "kind pressure of reading type RT-2",
        "unit J/s of reading type RT-2",
    )


def test_end_device_events_of_2009_are_read() -> None:
    (one,) = converted(EVENTS_2009).message.end_device_event
    assert (one.end_device_event_type, one.created_date_time, one.severity) == ("3.26.0.216", AT, "high")
    assert one.assets == Identified(mrid="M-1")


def test_an_edition_1_message_is_read_as_strictly_as_any() -> None:
    with pytest.raises(SchemaViolation) as refused:
        codec.read(READINGS_2009.replace(b"<MeterAsset><mRID>M-1</mRID>", b"<MeterAsset>"))
    assert refused.value.xpath == "/MeterReadings/MeterReading/MeterAsset/mRID"
    with pytest.raises(UnknownMessage) as unknown:
        codec.read(b'<MeterConfig xmlns="http://iec.ch/TC57/2009/MeterConfig#"/>')
    assert unknown.value.code == "1.9"


@pytest.mark.parametrize("declared", edition1.MESSAGES.values())
def test_samples_of_edition_1_read_back_and_convert(declared: type) -> None:
    for turn in range(2):
        message = sample(declared, turn)
        assert codec.read(codec.to_bytes(message)).message == message
        found = from_edition1.to_2013(message).message
        assert codec.read(codec.to_bytes(found)).message == found


def test_units_kinds_and_multipliers_of_2009_are_those_of_the_table() -> None:
    """Every multiplier, and the spellings that differ, stand in the table of 2013."""
    names = {field: {part.name for part in table("reading_type_fields.csv").values() if part.part == field}
             for field in ("unit", "multiplier", "measurementKind")}  # fmt: skip
    assert set(from_edition1._UNITS.values()) <= names["unit"]
    assert {str(one) for one in edition1.Multiplier} <= names["multiplier"]
    without = {"other", "phaseAngle", "pressure", "time"}
    assert {str(one) for one in edition1.Kind} - without <= names["measurementKind"]


def test_edition_1_is_valid_and_shown(tmp_path: Any) -> None:
    file = tmp_path / "readings.xml"
    file.write_bytes(READINGS_2009)
    assert judge(READINGS_2009).violations == ()
    assert judge(READINGS_2009.replace(b"<kind>energy", b"<kind>Energy")).violations
    shown = CliRunner().invoke(command, ["message", "show", str(file)])
    assert shown.exit_code == 0, shown.output
    assert "MeterReadings, edition 2009" in shown.output
    assert "1234.50" in shown.output
    assert "customer agreement A-1" in shown.output


def test_edition_1_may_travel_in_a_later_envelope() -> None:
    inside = READINGS_2009.decode()
    header = "<Header><Verb>create</Verb><Noun>MeterReadings</Noun></Header>"
    data = f'<RequestMessage xmlns="{ED2.envelope}">{header}<Payload>{inside}</Payload></RequestMessage>'.encode()
    found = receive(data, at=AT, source="gateway-1")
    assert isinstance(found, Taken)
    assert found.asked[0].content == (converted(READINGS_2009).message,)


# --- edition 3

OWNED = {"MeterReadings": "urn:owner:readings", "MeterReadSchedules": "urn:owner:schedules"}


def test_edition_3_is_written_and_read_with_the_namespaces_of_its_owner() -> None:
    third = edition3(OWNED)
    message = event(MeterReadings(), at=AT, source="gateway-1", edition=third)
    data = codec.to_bytes(message, third)
    assert ED3_ENVELOPE.encode() in data
    assert b'<MeterReadings xmlns="urn:owner:readings">' in data
    document = codec.read(data, known=Known(third))
    assert (document.message, document.edition) == (message, third)


def test_the_renamed_noun_of_edition_3() -> None:
    third = edition3(OWNED)
    message = event(MeterReadSchedule(), at=AT, source="gateway-1", edition=third)
    assert message.header.noun == "MeterReadSchedules"
    data = codec.to_bytes(message, third)
    assert b'<MeterReadSchedules xmlns="urn:owner:schedules">' in data
    assert codec.read(data, known=Known(third)).message == message


def test_a_compressed_payload_of_edition_3_is_of_edition_3() -> None:
    third = edition3(OWNED)
    packed = compress(MeterReadings(), third)
    assert expand(packed, known=Known(third)) == (MeterReadings(),)
    with pytest.raises(UnknownMessage):
        expand(packed)


def test_a_namespace_that_is_not_configured_is_refused_by_name() -> None:
    with pytest.raises(UnknownMessage, match="no namespace is set for EndDeviceEvents of edition 2024") as refused:
        codec.to_bytes(EndDeviceEvents(), edition3(OWNED))
    assert refused.value.code == "1.9"
    with pytest.raises(UnknownMessage) as unknown:
        codec.read(codec.to_bytes(MeterReadings(), edition3(OWNED)))
    assert unknown.value.code == "1.9"


def test_the_owner_of_the_standard_sets_namespaces_by_noun() -> None:
    assert configured_edition3(OWNED) == edition3(OWNED)
    assert configured_edition3({"MeterReadSchedule": "urn:a"}) == configured_edition3({"MeterReadSchedules": "urn:a"})


@pytest.mark.parametrize(
    ("nouns", "words"),
    [
        ({"MeterReading": "urn:a"}, "no message is called MeterReading"),
        ({"MeterReadings": ""}, "no namespace of edition 3 for MeterReadings"),
        ({"MeterReadings": ED2.namespace("MeterReadings")}, "no namespace of edition 3 for MeterReadings"),
        ({"MeterReadings": "urn:a", "EndDeviceEvents": "urn:a"}, "urn:a is given for more than one message"),
    ],
)
def test_namespaces_that_cannot_be_are_refused(nouns: dict[str, str], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        configured_edition3(nouns)


def test_the_envelope_of_edition_3_is_known_without_configuration() -> None:
    header = Header(verb=Verb.CREATED, noun="MeterReadings")
    data = codec.to_bytes(EventMessage(header=header), edition3({}))
    assert codec.read(data).edition.name == "2024"


def test_every_noun_has_its_schema_in_a_configured_edition() -> None:
    third = edition3({noun: f"urn:owner:{noun}" for noun in PAYLOADS})
    for noun in PAYLOADS:
        name = third.element(noun)
        assert f'targetNamespace="urn:owner:{noun}"' in codec.schema(noun, third)
        assert f'<xs:element name="{name}"' in codec.schema(noun, third)
    request = RequestMessage(header=Header(verb=Verb.CREATE, noun="MeterReadSchedules"), payload=Payload())
    assert ED3_ENVELOPE in codec.schema("RequestMessage", third)
    assert codec.read(codec.to_bytes(request, third)).message == request
