"""The door: an answer to everything, done once under one MessageID, by those only who may."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from lxml import etree

from gateway.headend.access import Grant, Source
from gateway.headend.door import Door
from gateway.messages import codec
from gateway.messages.envelope import FaultMessage, ResponseMessage, Result

Ask = Callable[..., bytes]


def answer(body: bytes) -> ResponseMessage:
    message = codec.read(body).message
    assert isinstance(message, ResponseMessage)
    return message


async def test_what_is_kept_of_a_meter_is_given(
    door: Door, head_end: Source, get_readings: Ask, oracle: Callable[[str], etree.XMLSchema]
) -> None:
    got = (await door.take(get_readings(), head_end)).body
    message = answer(got)
    assert message.reply.result is Result.OK
    assert message.header.correlation_id == "c-1"
    assert message.payload is not None
    (readings,) = message.payload.content
    assert [one.value for meter in readings.meter_reading for one in meter.readings] == ["1234.567"]
    root = etree.fromstring(got)
    oracle("Message").assertValid(root)
    oracle("MeterReadings").assertValid(next(root.iter("{http://iec.ch/TC57/2011/MeterReadings#}MeterReadings")))


async def test_what_is_asked_twice_is_answered_with_the_same_bytes(
    door: Door, head_end: Source, get_readings: Ask
) -> None:
    first = await door.take(get_readings(), head_end)
    assert (await door.take(get_readings(), head_end)).body == first.body


async def test_another_message_under_a_used_id_is_refused(door: Door, head_end: Source, get_readings: Ask) -> None:
    await door.take(get_readings(), head_end)
    other = answer((await door.take(get_readings("other"), head_end)).body)
    assert (other.reply.result, other.reply.error[0].code) == (Result.FAILED, "2.15")


async def test_an_unknown_meter_is_named(door: Door, head_end: Source, get_readings: Ask) -> None:
    refused = answer((await door.take(get_readings("nobody"), head_end)).body).reply
    assert (refused.result, refused.error[0].code) == (Result.FAILED, "2.4")
    assert refused.error[0].id is not None
    assert refused.error[0].id.value == "nobody"


async def test_who_was_not_granted_it_is_refused(door: Door, get_readings: Ask) -> None:
    other = Source("HE-001", (Grant(frozenset({"get"}), frozenset({"EndDeviceEvents"})),))
    refused = answer((await door.take(get_readings(), other)).body).reply
    assert (refused.result, refused.error[0].code) == (Result.FAILED, "7.5")


async def test_who_speaks_as_another_is_refused(door: Door, head_end: Source, get_readings: Ask) -> None:
    refused = answer((await door.take(get_readings(source="HE-002"), head_end)).body).reply
    assert refused.error[0].code == "2.14"


@pytest.mark.parametrize("data", [b"", b"\x00\xff", b"<a/>", b"<a", b"{}"])
async def test_what_is_no_message_is_answered_too(door: Door, head_end: Source, data: bytes) -> None:
    got = await door.take(data, head_end)
    message = codec.read(got.body).message
    assert isinstance(message, FaultMessage)
    assert message.reply.result is Result.FAILED
    assert not got.understood
