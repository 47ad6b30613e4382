"""The door over TLS: a source is known by a name in its certificate, and nobody comes in without one."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest

from gateway.config.headend import DoorTlsTable
from gateway.headend.access import Access, Credentials, Source
from gateway.headend.door import Door
from gateway.headend.http import HttpDoor
from gateway.headend.making import tls
from gateway.messages import codec

Ask = Callable[..., bytes]


@pytest.fixture
async def address(door: Door, head_end: Source, authority: Any) -> AsyncIterator[str]:
    own = str(authority.issue("gateway"))
    table = DoorTlsTable.model_validate({"certificate": own, "key": own, "ca": str(authority.file)})
    listening = socket.create_server(("127.0.0.1", 0))
    http = HttpDoor(door, Access([(head_end, Credentials(certificate="he-001"))]), 100_000)
    task = asyncio.create_task(http.serve(listening, tls(table)))
    yield f"https://127.0.0.1:{listening.getsockname()[1]}/messages"
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def post(address: str, authority: Any, name: str | None, body: bytes) -> httpx.Response:
    context = ssl.create_default_context(cafile=str(authority.file))
    if name is not None:
        context.load_cert_chain(authority.issue(name))
    async with httpx.AsyncClient(verify=context, trust_env=False) as client:
        return await client.post(address, content=body, timeout=60)


async def test_a_source_is_known_by_its_certificate(address: str, authority: Any, get_readings: Ask) -> None:
    got = await post(address, authority, "he-001", get_readings())
    assert codec.read(got.content).message.reply.result == "OK"


async def test_another_certificate_of_the_same_authority_is_nobody(
    address: str, authority: Any, get_readings: Ask
) -> None:
    got = await post(address, authority, "he-002", get_readings())
    assert got.status_code == 401


async def test_without_a_certificate_there_is_no_connection(address: str, authority: Any, get_readings: Ask) -> None:
    with pytest.raises(httpx.TransportError):
        await post(address, authority, None, get_readings())
