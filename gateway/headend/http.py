"""Requests over HTTP: ``POST /messages`` takes a message, plain or in SOAP, and gives its answer the same way.

A source is known by its bearer token or by the certificate of its TLS connection.
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
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from uvicorn.protocols.http.h11_impl import H11Protocol

from gateway.headend.access import Access, Source
from gateway.headend.door import Door
from gateway.messages import refusals, replies
from gateway.messages.codec import to_bytes
from gateway.messages.exchange import fault
from gateway.messages.refusals import Refusal

_XML = "application/xml; charset=utf-8"
#: At the end, answers that are on their way are waited for so long.
_LAST_ANSWERS_S = 5


class _Connection(H11Protocol):
    """Hands the certificate of the other side to the application: the names in it say who it is."""

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        tls: ssl.SSLObject | None = transport.get_extra_info("ssl_object")
        self.app_state = {**self.app_state, "certificate": tls.getpeercert() if tls else None}


class HttpDoor:
    """The application and its server. ``serve`` until cancelled."""

    def __init__(self, door: Door, access: Access, most_bytes: int) -> None:
        self._door = door
        self._access = access
        self._most_bytes = most_bytes
        self.app = Starlette(routes=[Route("/messages", self._messages, methods=["POST"])])

    async def serve(self, address: str, port: int, tls: Mapping[str, Any]) -> None:
        """Listen. Raises OSError when the address is taken."""
        config = uvicorn.Config(
            self.app,
            http=_Connection,
            log_config=None,
            access_log=False,
            lifespan="off",
            timeout_graceful_shutdown=_LAST_ANSWERS_S,
            **tls,
        )
        server = _Server(config)
        with socket.create_server((address, port)) as listening:
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
        async for part in request.stream():
            body += part
            if len(body) > self._most_bytes:
                return _fault(refusals.too_many_items(len(body), self._most_bytes, "bytes"), 413)
        delivery = await self._door.take(bytes(body), source)
        kind = {"Content-Type": delivery.carriage.soap.content_type if delivery.carriage.soap else _XML}
        return Response(delivery.body, 200 if delivery.understood else 400, kind)

    def _source(self, request: Request) -> Source:
        """Who asks. Raises Refusal (7.2, 7.4)."""
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
