"""How a message travels to one sink: compressed, in SOAP; the same bytes each time, and the same message in them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from gateway.messages import codec
from gateway.messages.catalogue import declared
from gateway.messages.compressed import expand
from gateway.messages.exchange import event
from gateway.messages.sample import sample
from gateway.sinks.dressing import Dress
from gateway.sinks.http_answer import outcome
from gateway.sinks.sink import Delivered, Refused, Retry
from gateway.store.outbox import Waiting

FAULT = b"<s:Envelope><s:Body><s:Fault><faultcode>s:%s</faultcode><faultstring>no such meter</faultstring></s:Fault>"


@pytest.fixture
def told(message: Waiting) -> Waiting:
    """A real message of the outbox."""
    said = event(sample(declared("MeterReadings")), at=message.accepted_at, source="g")
    return replace(message, message_id=said.header.message_id or "", body=codec.to_bytes(said))


def test_bare_is_what_the_outbox_holds(told: Waiting) -> None:
    assert Dress().on(told) is told.body
    assert Dress(compress_beyond=len(told.body)).on(told) is told.body


def test_compressed_is_the_same_message(told: Waiting) -> None:
    dress = Dress(compress_beyond=len(told.body) - 1)
    sent, bare = codec.read(dress.on(told)).message, codec.read(told.body).message
    assert sent.header == bare.header
    assert sent.payload.compressed
    assert expand(sent.payload) == bare.payload.content
    assert dress.on(told) == dress.on(told)


@pytest.mark.parametrize(("version", "content_type"), [("1.1", "text/xml"), ("1.2", "application/soap+xml")])
def test_in_soap(told: Waiting, version: str, content_type: str) -> None:
    dress = Dress(soap=version)
    read = codec.read(dress.on(told))
    assert read.carriage.soap is not None
    assert read.message == codec.read(told.body).message
    assert dress.headers()["Content-Type"].startswith(content_type)
    assert ("SOAPAction" in dress.headers()) == (version == "1.1")


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (200, b"", Delivered),
        (202, b"<ResponseMessage><Reply><Result>OK</Result></Reply></ResponseMessage>", Delivered),
        (200, b"<m:Reply><m:Result>FAILED</m:Result><m:code>2.4</m:code></m:Reply>", Refused),
        (500, FAULT % b"Client", Refused),
        (500, FAULT % b"Server", Retry),
        (500, b"<soap:Code><soap:Value>soap:Sender</soap:Value></soap:Code>", Refused),
        (500, b"Traceback ...", Retry),
        (400, b"bad", Refused),
        (401, b"", Retry),
    ],
)
def test_what_an_answer_means(status: int, body: bytes, kind: type) -> None:
    assert isinstance(outcome("http://h", status, "...", None, body), kind)


def test_a_refusal_is_told_in_the_head_ends_words() -> None:
    refused = outcome("http://h/x", 500, "Internal Server Error", None, FAULT % b"Client")
    assert isinstance(refused, Refused)
    assert "no such meter" in refused.why


def test_the_folder_sink_writes_it_dressed(told: Waiting, tmp_path: Path) -> None:
    from gateway.sinks.directory import DirectorySink

    sink = DirectorySink("s", tmp_path, Dress(compress_beyond=10))
    sink._write(told)
    (file,) = tmp_path.glob("*.xml")
    assert codec.read(file).message.payload.compressed
