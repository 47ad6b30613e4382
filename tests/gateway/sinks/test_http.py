"""An HTTP head end with mutual TLS, its answers, and what each means for the message."""

from __future__ import annotations

import http.server
import ssl
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from gateway.sinks.http import HttpSettings, HttpSink
from gateway.sinks.sink import Delivered, Refused, Retry
from gateway.store.outbox import Waiting


class HeadEnd:
    """An HTTPS server that demands a client certificate and answers as told."""

    def __init__(self, authority: Any) -> None:
        self.status = 200
        self.headers: dict[str, str] = {}
        self.got: list[tuple[dict[str, str], bytes]] = []
        head_end = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                head_end.got.append((dict(self.headers), body))
                self.send_response(head_end.status)
                for name, value in head_end.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *arguments: object) -> None: ...

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(authority.issue("head-end"))
        context.load_verify_locations(authority.file)
        context.verify_mode = ssl.CERT_REQUIRED
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.url = f"https://127.0.0.1:{self.server.server_address[1]}/cim"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()


@pytest.fixture
def head_end(authority: Any) -> Iterator[HeadEnd]:
    made = HeadEnd(authority)
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def tls(authority: Any) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(authority.file))
    context.load_cert_chain(authority.issue("gateway"))
    return context


async def test_delivered_over_mutual_tls(head_end: HeadEnd, tls: ssl.SSLContext, message: Waiting) -> None:
    async with HttpSink("sink", HttpSettings(head_end.url), tls) as sink:
        assert await sink.deliver(message) == Delivered()
        assert await sink.deliver(message) == Delivered()
    (headers, body), again = head_end.got
    assert body == message.body == again[1]
    assert headers["Idempotency-Key"] == message.message_id == again[0]["Idempotency-Key"]
    assert headers["Content-Type"] == "application/xml"


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, Refused),
        (404, Refused),
        (413, Refused),
        (401, Retry),
        (403, Retry),
        (408, Retry),
        (429, Retry),
        (500, Retry),
        (503, Retry),
    ],
)
async def test_what_an_answer_means(
    head_end: HeadEnd, tls: ssl.SSLContext, message: Waiting, status: int, kind: type
) -> None:
    head_end.status = status
    async with HttpSink("sink", HttpSettings(head_end.url), tls) as sink:
        assert isinstance(await sink.deliver(message), kind)


async def test_retry_after_is_kept_to(head_end: HeadEnd, tls: ssl.SSLContext, message: Waiting) -> None:
    head_end.status, head_end.headers = 503, {"Retry-After": "17"}
    async with HttpSink("sink", HttpSettings(head_end.url), tls) as sink:
        outcome = await sink.deliver(message)
    assert isinstance(outcome, Retry)
    assert outcome.after_s == 17


async def test_a_head_end_we_do_not_trust_gets_nothing(head_end: HeadEnd, message: Waiting) -> None:
    async with HttpSink("sink", HttpSettings(head_end.url)) as sink:
        outcome = await sink.deliver(message)
    assert isinstance(outcome, Retry)
    assert "CERTIFICATE_VERIFY_FAILED" in outcome.why
    assert head_end.got == []


async def test_without_our_certificate_it_is_a_retry(head_end: HeadEnd, authority: Any, message: Waiting) -> None:
    context = ssl.create_default_context(cafile=str(authority.file))
    async with HttpSink("sink", HttpSettings(head_end.url), context) as sink:
        assert isinstance(await sink.deliver(message), Retry)
    assert head_end.got == []


async def test_nobody_there_is_a_retry(message: Waiting) -> None:
    async with HttpSink("sink", HttpSettings("http://127.0.0.1:1/", timeout_s=2)) as sink:
        assert isinstance(await sink.deliver(message), Retry)
