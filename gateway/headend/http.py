"""Requests over HTTP: ``POST /messages`` takes a message, plain or in SOAP, and gives its answer the same way.

``/services/GetMeterReadings`` and the like are the same for SOAP clients that go by the WSDL, which a GET gives. A source
is known by its bearer token, by the certificate of its TLS connection, or by being allowed to open a socket on this machine.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from uvicorn.protocols.http.h11_impl import H11Protocol

from gateway.headend.access import Access, Source
from gateway.headend.door import Door
from gateway.messages import refusals, replies
from gateway.messages.codec import to_bytes
from gateway.messages.errors import UnknownMessage
from gateway.messages.exchange import fault
from gateway.messages.refusals import Refusal

_XML = "application/xml; charset=utf-8"
#: A client has so long for the head of its request, and again for its body.
_HEADERS_S, _BODY_S = 20.0, 60.0
#: Connections at once, of all clients.
_MOST_CONNECTIONS = 200
#: At the end, answers that are on their way are waited for so long.
_LAST_ANSWERS_S = 5


class _Connection(H11Protocol):
    """Says to the application who is on the other side: the names in its certificate, or that it is on this machine.

    A client that connects and says nothing is not waited for, and of too many at once the newest are let go.
    """

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        if len(self.connections) > _MOST_CONNECTIONS:
            transport.abort()
            return
        tls: ssl.SSLObject | None = transport.get_extra_info("ssl_object")
        local = transport.get_extra_info("socket").family == socket.AF_UNIX
        self.app_state = {**self.app_state, "certificate": tls.getpeercert() if tls else None, "local": local}
        self.loop.call_later(_HEADERS_S, self._let_go)

    def _let_go(self) -> None:
        if self.cycle is None and not self.transport.is_closing():
            self.transport.close()


class HttpDoor:
    """The application and its servers. ``local`` is who asks by a socket on this machine: the right to open it is the
    credential. ``serve`` until cancelled.
    """

    def __init__(self, door: Door, access: Access, most_bytes: int, local: Source | None = None) -> None:
        self._door = door
        self._access = access
        self._most_bytes = most_bytes
        self._local = local
        routes = [
            Route("/messages", self._messages, methods=["POST"]),
            Route("/services/{name}", self._messages, methods=["POST"]),
            Route("/services/{name}", self._wsdl, methods=["GET"]),
        ]
        self.app = Starlette(routes=routes)

    async def serve(self, listening: socket.socket, tls: Mapping[str, Any] | None = None) -> None:
        """Take requests at a socket that listens already; it is closed in the end."""
        config = uvicorn.Config(
            self.app,
            http=_Connection,
            log_config=None,
            access_log=False,
            lifespan="off",
            timeout_graceful_shutdown=_LAST_ANSWERS_S,
            **(tls or {}),
        )
        server = _Server(config)
        with listening:
            try:
                await server.serve([listening])
            except asyncio.CancelledError:
                await server.shutdown([listening])
                raise

    async def _messages(self, request: Request) -> Response:
        try:
            source = self._source(request)
        except Refusal as problem:
            return _fault(problem, 401)
        body = bytearray()
        try:
            async with asyncio.timeout(_BODY_S):
                async for part in request.stream():
                    body += part
                    if len(body) > self._most_bytes:
                        return _fault(refusals.too_many_items(len(body), self._most_bytes, "bytes"), 413)
        except TimeoutError:
            return _fault(refusals.timed_out(_BODY_S), 408)
        except ClientDisconnect:
            return Response(status_code=400)
        delivery = await self._door.take(bytes(body), source)
        kind = {"Content-Type": delivery.carriage.soap.content_type if delivery.carriage.soap else _XML}
        return Response(delivery.body, 200 if delivery.understood else 400, kind)

    async def _wsdl(self, request: Request) -> Response:
        """The WSDL of a service, for whoever asks: it says what is in the documentation."""
        from gateway.messages import wsdl  # a client asks for it once in its life

        try:
            service, noun = wsdl.named(request.path_params["name"])
        except UnknownMessage as error:
            return Response(str(error), 404, media_type="text/plain")
        return Response(wsdl.wsdl(service, noun, str(request.url.replace(query=""))), media_type="text/xml")

    def _source(self, request: Request) -> Source:
        """Who asks. Raises Refusal (7.2, 7.4)."""
        if self._local is not None and request.state.local:
            return self._local
        certificate = getattr(request.state, "certificate", None)
        if certificate and (found := self._access.by_certificate(_names(certificate))):
            return found
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        if kind.lower() != "bearer":
            raise refusals.authentication_required()
        if (found := self._access.by_token(token.strip().encode())) is None:
            raise refusals.authentication_failed()
        return found


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Signals are the gateway's."""
        yield


def _fault(problem: Refusal, status: int) -> Response:
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else {}
    body = to_bytes(fault(replies.failed([problem])))
    return Response(body, status, {"Content-Type": _XML, **headers})


def _names(certificate: Mapping[str, Any]) -> Iterator[str]:
    """The common name of its subject, and its alternative names."""
    for part in certificate.get("subject", ()):
        for key, value in part:
            if key == "commonName":
                yield value
    for _, value in certificate.get("subjectAltName", ()):
        yield value
