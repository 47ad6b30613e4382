"""Compressed payloads: read and written, and bounded whatever they claim."""

from __future__ import annotations

import base64
import binascii
import gzip
import tracemalloc
from datetime import UTC, datetime

import pytest

from gateway.messages import codec
from gateway.messages.compressed import compress, expand, unpack
from gateway.messages.envelope import EventMessage, Header, Payload, Verb
from gateway.messages.errors import MessageError, SchemaViolation, TooLarge
from gateway.messages.profiles.end_device_events import EndDeviceEvent, EndDeviceEvents

EVENT = EndDeviceEvent(created_date_time=datetime(2026, 1, 1, tzinfo=UTC), end_device_event_type="3.26.0.85")
EVENTS = EndDeviceEvents(end_device_event=(EVENT,) * 20)


def packed(data: bytes) -> Payload:
    return Payload(compressed=base64.b64encode(data).decode())


def test_what_was_compressed_is_read_back_from_an_envelope() -> None:
    header = Header(verb=Verb.CREATED, noun="EndDeviceEvents")
    sent = codec.to_bytes(EventMessage(header=header, payload=compress(EVENTS)))
    assert sent == codec.to_bytes(EventMessage(header=header, payload=compress(EVENTS)))
    assert expand(codec.read(sent).message.payload) == (EVENTS,)


def test_a_payload_that_is_not_compressed_is_given_as_it_stands() -> None:
    assert expand(Payload(content=(EVENTS,))) == (EVENTS,)


def test_base64_in_lines_uuencode_and_several_members_are_read() -> None:
    xml = codec.to_bytes(EVENTS)
    lines = base64.encodebytes(gzip.compress(xml)).decode()
    assert unpack(lines) == xml
    small = gzip.compress(xml)
    uu = "".join(binascii.b2a_uu(small[at : at + 45]).decode() for at in range(0, len(small), 45))
    assert unpack(f"begin 644 payload\n{uu}`\nend\n") == xml
    halves = gzip.compress(xml[:100]) + gzip.compress(xml[100:]) + b"\0" * 8
    assert expand(packed(halves)) == (EVENTS,)
    assert expand(packed(xml)) == (EVENTS,), "binary without gzip"


@pytest.mark.parametrize(
    "text",
    [
        "no base64!",
        base64.b64encode(gzip.compress(b"<a/>" * 100, mtime=0)[:-9]).decode(),
        base64.b64encode(gzip.compress(b"<a/>", mtime=0)[:12] + b"\xff" * 30).decode(),
        base64.b64encode(gzip.compress(b"<a/>", mtime=0) + b"rubbish").decode(),
    ],
    ids=["no base64", "cut", "overwritten", "rubbish behind it"],
)
def test_damage_is_refused(text: str) -> None:
    with pytest.raises(SchemaViolation) as refused:
        expand(Payload(compressed=text))
    assert refused.value.code == "1.8"
    assert refused.value.xpath.startswith("Compressed:")


def test_a_bomb_is_refused_with_little_memory() -> None:
    bomb = packed(gzip.compress(b" " * 50_000_000, 1))
    tracemalloc.start()
    with pytest.raises(TooLarge) as refused:
        expand(bomb, most_bytes=1_000_000)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert refused.value.code == "3.1"
    assert peak < 8_000_000


def test_many_members_are_bounded_together() -> None:
    for members in (gzip.compress(b" " * 10_000) * 200, gzip.compress(b"") * 100_000):
        with pytest.raises(TooLarge):
            unpack(base64.b64encode(members).decode(), 1_000_000)


def test_a_fault_inside_is_named_by_its_place() -> None:
    xml = codec.to_bytes(EVENTS).replace(b"createdDateTime", b"created", 2)
    with pytest.raises(MessageError) as refused:
        expand(packed(gzip.compress(xml)))
    assert refused.value.xpath == "Compressed:/EndDeviceEvents/EndDeviceEvent[1]/created"
