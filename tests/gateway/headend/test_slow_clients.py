"""Clients that say nothing, half a head, or a body for ever: let go in time, and nobody else waits for them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import httpx
import pytest

from gateway.headend import http
from gateway.messages import codec

Ask = Callable[..., bytes]
HALF_A_HEAD = b"POST /messages HTTP/1.1\r\nHost: x\r\n"


def head(token: bytes, length: int) -> bytes:
    lines = (HALF_A_HEAD.strip(), b"Authorization: Bearer " + token, b"Content-Length: %d" % length)
    return b"\r\n".join(lines) + b"\r\n\r\n"


async def connect(url: str, sent: bytes = b"") -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    address = httpx.URL(url)
    reader, writer = await asyncio.open_connection(address.host, address.port)
    writer.write(sent)
    await writer.drain()
    return reader, writer


async def ask(url: str, body: bytes, token: bytes) -> httpx.Response:
    async with httpx.AsyncClient(trust_env=False) as client:
        return await client.post(url, content=body, headers={"Authorization": f"Bearer {token.decode()}"}, timeout=60)


@pytest.mark.parametrize("sent", [b"", HALF_A_HEAD])
async def test_who_says_no_whole_head_is_let_go(url: str, monkeypatch: pytest.MonkeyPatch, sent: bytes) -> None:
    monkeypatch.setattr(http, "_HEADERS_S", 0.2)
    reader, writer = await connect(url, sent)
    async with asyncio.timeout(30):
        assert await reader.read() == b""
    writer.close()


async def test_a_body_that_does_not_come_is_not_waited_for(
    url: str, token: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "_BODY_S", 0.2)
    reader, writer = await connect(url, head(token, 1000) + b"<")
    async with asyncio.timeout(30):
        answer = await reader.readuntil(b"\r\n")
    assert answer.startswith(b"HTTP/1.1 408")
    writer.close()


async def test_others_are_answered_meanwhile_and_too_many_are_refused(
    url: str, token: bytes, get_readings: Ask
) -> None:
    silent = [await connect(url, HALF_A_HEAD) for _ in range(150)]
    dribbling = [await connect(url, head(token, 1000) + b"<") for _ in range(20)]
    for number in range(5):
        got = await ask(url, get_readings(message_id=f"m-{number}"), token)
        assert codec.read(got.content).message.reply.result == "OK"
    crowd = [await connect(url) for _ in range(100)]
    async with asyncio.timeout(30):
        gone = [await reader.read() for reader, _ in crowd[-50:]]
    assert gone == [b""] * 50
    for _, writer in (*silent, *dribbling, *crowd):
        writer.close()


async def test_a_body_without_end_is_refused_at_its_limit(url: str, token: bytes) -> None:
    reader, writer = await connect(url, head(token, 10**9))

    async def pour() -> None:
        while True:
            writer.write(b"x" * 65536)
            await writer.drain()

    pouring = asyncio.create_task(pour())
    async with asyncio.timeout(30):
        answer = await reader.readuntil(b"\r\n")
    assert answer.startswith(b"HTTP/1.1 413")
    pouring.cancel()
    await asyncio.gather(pouring, return_exceptions=True)
    writer.close()
