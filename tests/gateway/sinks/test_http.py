"""An HTTP head end with mutual TLS, its answers, and what each means for the message."""

from __future__ import annotations

import http.server
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from gateway.sinks.http import HttpSettings, HttpSink
from gateway.sinks.sink import Delivered, Refused, Retry
from gateway.store.outbox import Waiting


class Authority:
    """A certificate authority of this test's own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test authority")])
        self.file = folder / "ca.pem"
        self.file.write_bytes(self._sign(self.name, self.key, ca=True).public_bytes(serialization.Encoding.PEM))

    def issue(self, name: str) -> Path:
        """A certificate and its key in one file."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        file = self.folder / f"{name}.pem"
        file.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            + self._sign(subject, key, ca=False).public_bytes(serialization.Encoding.PEM)
        )
        return file

    def _sign(self, subject: x509.Name, key: ec.EllipticCurvePrivateKey, ca: bool) -> x509.Certificate:
        now = datetime.now(UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(hours=1))
            .not_valid_after(now + timedelta(hours=1))
            .add_extension(x509.BasicConstraints(ca, None), critical=True)
            .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False)
            .sign(self.key, hashes.SHA256())
        )


class HeadEnd:
    """An HTTPS server that demands a client certificate and answers as told."""

    def __init__(self, authority: Authority) -> None:
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


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def head_end(authority: Authority) -> Iterator[HeadEnd]:
    made = HeadEnd(authority)
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def tls(authority: Authority) -> ssl.SSLContext:
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


async def test_without_our_certificate_it_is_a_retry(head_end: HeadEnd, authority: Authority, message: Waiting) -> None:
    context = ssl.create_default_context(cafile=str(authority.file))
    async with HttpSink("sink", HttpSettings(head_end.url), context) as sink:
        assert isinstance(await sink.deliver(message), Retry)
    assert head_end.got == []


async def test_nobody_there_is_a_retry(message: Waiting) -> None:
    async with HttpSink("sink", HttpSettings("http://127.0.0.1:1/", timeout_s=2)) as sink:
        assert isinstance(await sink.deliver(message), Retry)
