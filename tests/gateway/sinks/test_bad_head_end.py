"""A head end that is slow, hangs up, answers with nonsense, 401 and 500: each message arrives, in order, with its bytes."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from gateway.backoff import Backoff
from gateway.sinks import http_answer
from gateway.sinks.delivery import Delivery
from gateway.sinks.http import HttpSettings, HttpSink
from gateway.store.outbox import MessageClass, Outbox

NOON = datetime(2026, 3, 29, 12, tzinfo=UTC)
OK = b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n"
#: What it does with one request after the other: bytes to answer, None to say nothing and keep the line open.
MISDEEDS = (
    OK,
    None,
    b"",
    b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 4\r\n\r\noops",
    b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 0\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf of it",
    b"\x00\xff no HTTP at all\r\n\r\n",
    OK,
)


class HeadEnd:
    """Reads requests; ``got`` is what it took, also where it then misbehaves."""

    def __init__(self) -> None:
        self.misdeeds = itertools.cycle(MISDEEDS)
        self.got: list[bytes] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                lines = head.lower().split(b"\r\n")
                length = next(int(line.split(b":")[1]) for line in lines if line.startswith(b"content-length"))
                body = await reader.readexactly(length)
                answer = next(self.misdeeds)
                if answer == OK:
                    self.got.append(body)
                if answer is None:
                    await reader.read()
                    return
                writer.write(answer)
                await writer.drain()
                if answer != OK:
                    return
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@pytest.fixture
async def head_end() -> AsyncIterator[tuple[HeadEnd, str]]:
    made = HeadEnd()
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    yield made, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    server.close()


async def test_everything_arrives_in_order(
    head_end: tuple[HeadEnd, str], outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_answer, "_NOT_US_AFTER_S", 0.01)
    made, url = head_end
    bodies = [f"<m>{number}</m>".encode() for number in range(6)]
    for number, body in enumerate(bodies):
        await asyncio.wrap_future(outbox.accept(["sink"], f"m{number}", MessageClass.TELEMETRY, body, NOON))
    sink = HttpSink("sink", HttpSettings(url, timeout_s=0.5))
    told: list[str] = []
    delivery = Delivery(outbox, sink, backoff=Backoff(0.001, 0.002), on_state=lambda _, trouble: told.append(trouble))
    task = asyncio.create_task(delivery.run())
    async with asyncio.timeout(90):
        while await asyncio.wrap_future(outbox.next("sink", 1)):
            await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert made.got == bodies
    assert delivery.counts.refused == 0
    assert delivery.counts.retried >= len(MISDEEDS) - 2
    assert any("ReadTimeout" in trouble for trouble in told)
    assert any("does not accept our credentials" in trouble for trouble in told)
