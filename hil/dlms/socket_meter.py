"""An emulated COSEM meter on a socket: wrapper over TCP and UDP, HDLC over TCP."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import cast

from hil.catalogue import EmulateArguments
from hil.dlms.faults import DlmsFaults
from hil.dlms.happenings import Happenings
from hil.dlms.hdlc_station import Station
from hil.dlms.meter import Meter
from hil.dlms.profile import LineRule
from hil.dlms.session import Dropped
from hil.dlms.sessions import Sessions
from hil.dlms.wrapper import NotWrapper, Unwrapper


@dataclass(frozen=True, slots=True)
class Place:
    """Where to listen. ``scheme`` stands before host and port in what is announced."""

    host: str
    port: int
    scheme: str


ServeSocket = Callable[[Place, EmulateArguments, Meter, LineRule, DlmsFaults], Awaitable[None]]
#: Gives the bytes that answer bytes of the client. Raises Dropped, NotWrapper.
_Answer = Callable[[bytes], list[bytes]]


async def serve_wrapper(
    place: Place, arguments: EmulateArguments, meter: Meter, line: LineRule, faults: DlmsFaults
) -> None:
    def connection() -> tuple[_Answer, Sessions]:
        sessions, unwrapper = Sessions(meter, faults), Unwrapper()

        def answer(data: bytes) -> list[bytes]:
            return [each for heard in unwrapper.feed(data) for each in sessions.answer_wrapped(heard)]

        return answer, sessions

    await _serve_tcp(place, arguments, line, meter, faults, connection)


async def serve_hdlc(
    place: Place, arguments: EmulateArguments, meter: Meter, line: LineRule, faults: DlmsFaults
) -> None:
    def connection() -> tuple[_Answer, Sessions]:
        sessions = Sessions(meter, faults)
        station = Station(line.station, sessions.answer, sessions.close, faults)
        return lambda data: list(filter(None, [station.feed(data)])), sessions

    await _serve_tcp(place, arguments, line, meter, faults, connection)


async def _serve_tcp(
    place: Place,
    arguments: EmulateArguments,
    line: LineRule,
    meter: Meter,
    faults: DlmsFaults,
    connection: Callable[[], tuple[_Answer, Sessions]],
) -> None:
    here: set[asyncio.StreamWriter] = set()
    happenings = Happenings(meter, faults, lambda: [writer.close() for writer in here])

    async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        happenings.spoken_to()
        if happenings.dark or (here and "one-connection" in faults):
            writer.close()
            return
        here.add(writer)
        answer, sessions = connection()
        try:
            while data := await reader.read(4096):
                for each in answer(data):
                    await asyncio.sleep((line.reaction_ms / 1000 if arguments.real else 0) + sessions.late_s)
                    writer.write(each)
                    await writer.drain()
        except (ConnectionError, NotWrapper, Dropped):
            pass
        finally:
            here.discard(writer)
            writer.close()

    server = await asyncio.start_server(client, place.host, place.port or line.port)
    async with server:
        host, port = server.sockets[0].getsockname()[:2]
        arguments.announce(f"{place.scheme}{host}:{port}")
        await server.serve_forever()


async def serve_udp(
    place: Place, arguments: EmulateArguments, meter: Meter, line: LineRule, faults: DlmsFaults
) -> None:
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(
        lambda: _Datagrams(meter, faults), (place.host, place.port or line.port)
    )
    try:
        host, port = transport.get_extra_info("sockname")[:2]
        arguments.announce(f"{place.scheme}{host}:{port}")
        await asyncio.Event().wait()
    finally:
        transport.close()


class _Datagrams(asyncio.DatagramProtocol):
    """One APDU a datagram; sessions by the address they come from."""

    def __init__(self, meter: Meter, faults: DlmsFaults) -> None:
        self._meter = meter
        self._faults = faults
        self._sessions: dict[tuple[str, int], Sessions] = {}
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # asyncio's own is no DatagramTransport by class before Python 3.12.
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        sessions = self._sessions.setdefault(addr, Sessions(self._meter, self._faults))
        try:
            answers = [each for heard in Unwrapper().feed(data) for each in sessions.answer_wrapped(heard)]
        except (NotWrapper, Dropped):
            return
        for each in answers:
            if self._transport is not None:
                self._transport.sendto(each, addr)
