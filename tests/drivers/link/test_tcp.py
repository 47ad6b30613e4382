"""A TCP link: bytes both ways, and every way it can fail named."""

from __future__ import annotations

import asyncio

import pytest

from drivers.errors import LinkLost
from drivers.link.tcp import open_tcp


async def test_bytes_both_ways_and_the_other_end_closing() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"got " + await reader.read(100))
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    link = await open_tcp("127.0.0.1", port)
    await link.send(b"hello")
    loop = asyncio.get_running_loop()
    assert await link.receive(loop.time() + 2) == b"got hello"
    with pytest.raises(LinkLost, match="closed the connection"):
        await link.receive(loop.time() + 2)
    await link.close()
    server.close()


async def test_a_silent_end_is_no_error() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    link = await open_tcp("127.0.0.1", server.sockets[0].getsockname()[1])
    assert await link.receive(asyncio.get_running_loop().time() + 0.02) == b""
    await link.close()
    server.close()


async def test_nobody_listens() -> None:
    server = await asyncio.start_server(lambda r, w: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    with pytest.raises(LinkLost, match="no connection"):
        await open_tcp("127.0.0.1", port)
