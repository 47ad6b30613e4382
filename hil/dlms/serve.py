"""Serves an emulated COSEM meter on a pty, over TCP or over UDP."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import cast

from hil.catalogue import EmulateArguments, data_file
from hil.dlms.faults import FAULTS, DlmsFaults
from hil.dlms.hdlc_station import Station
from hil.dlms.meter import Meter
from hil.dlms.profile import LineRule, build, line_rule, load
from hil.dlms.session import Session
from hil.dlms.wrapper import NotWrapper, Unwrapper, Wrapped
from hil.pty_line import PtyLine
from hil.wire import wire

_HOST = "127.0.0.1"


async def serve(arguments: EmulateArguments) -> None:
    """Serve ``arguments.profile`` until cancelled. Raises ValueError for a fault it does not know."""
    data = load(data_file(arguments.profile))
    faults = DlmsFaults(arguments.faults, FAULTS)
    line, meter = line_rule(data), build(data)
    served = Served(meter, line, faults, arguments)
    await {"serial": served.serial, "hdlc": served.hdlc, "wrapper": served.wrapper, "udp": served.udp}[line.link]()


class Served:
    """One meter on its line."""

    def __init__(self, meter: Meter, line: LineRule, faults: DlmsFaults, arguments: EmulateArguments) -> None:
        self.meter = meter
        self.line = line
        self.faults = faults
        self.arguments = arguments

    def _sessions(self) -> Sessions:
        return Sessions(self.meter, self.faults)

    def _station(self) -> Station:
        sessions = self._sessions()
        return Station(self.line.station, sessions.answer, sessions.close)

    async def _react(self) -> None:
        await asyncio.sleep(self.line.reaction_ms / 1000 if self.arguments.real else 0)

    # Serial

    async def serial(self) -> None:
        line = PtyLine(self.line.baud, wire(self.faults, real=self.arguments.real), self.arguments.link)
        station = self._station()
        try:
            self.arguments.announce(line.path)
            while True:
                heard = await line.receive(float("inf"))
                frames = station.feed(heard)
                if frames and "silent" not in self.faults:
                    await line.until(line.heard_at + self.line.reaction_ms / 1000)
                    await line.send(b"".join(frame.encode() for frame in frames))
        finally:
            line.close()

    # TCP

    async def hdlc(self) -> None:
        await self._listen(self._hdlc_client)

    async def wrapper(self) -> None:
        await self._listen(self._wrapper_client)

    async def _listen(self, client: partial[None] | object) -> None:
        server = await asyncio.start_server(client, _HOST, self.line.port)  # type: ignore[arg-type]
        async with server:
            host, port = server.sockets[0].getsockname()[:2]
            self.arguments.announce(f"{host}:{port}")
            await server.serve_forever()

    async def _hdlc_client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        station = self._station()
        try:
            while data := await reader.read(4096):
                frames = station.feed(data)
                if frames and "silent" not in self.faults:
                    await self._react()
                    writer.write(b"".join(frame.encode() for frame in frames))
                    await writer.drain()
        except ConnectionError:
            pass
        finally:
            station.drop()
            writer.close()

    async def _wrapper_client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        sessions, unwrapper = self._sessions(), Unwrapper()
        try:
            while data := await reader.read(4096):
                for heard in unwrapper.feed(data):
                    for answer in sessions.answer_wrapped(heard, self.meter.logical_device):
                        await self._react()
                        writer.write(answer)
                        await writer.drain()
        except (ConnectionError, NotWrapper):
            pass
        finally:
            sessions.close_all()
            writer.close()

    # UDP

    async def udp(self) -> None:
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(lambda: _Datagrams(self), (_HOST, self.line.port))
        try:
            host, port = transport.get_extra_info("sockname")[:2]
            self.arguments.announce(f"{host}:{port}")
            await asyncio.Event().wait()
        finally:
            transport.close()


class Sessions:
    """The sessions on one link, by client SAP."""

    def __init__(self, meter: Meter, faults: DlmsFaults) -> None:
        self._meter = meter
        self._faults = faults
        self._by_client: dict[int, Session] = {}

    def answer(self, client: int, apdu: bytes) -> list[bytes]:
        session = self._by_client.setdefault(client, Session(self._meter, client, self._faults))
        answer = session.answer(apdu)
        return [] if "silent" in self._faults else answer

    def answer_wrapped(self, heard: Wrapped, logical_device: int) -> list[bytes]:
        """The wrapped answers; nothing for another logical device."""
        if heard.destination != logical_device:
            return []
        answers = self.answer(heard.source, heard.apdu)
        return [Wrapped(heard.destination, heard.source, each).encode() for each in answers]

    def close(self, client: int) -> None:
        if client in self._by_client:
            self._by_client[client].close()

    def close_all(self) -> None:
        for client in self._by_client:
            self.close(client)


class _Datagrams(asyncio.DatagramProtocol):
    """One APDU a datagram; sessions by the address they come from."""

    def __init__(self, served: Served) -> None:
        self._served = served
        self._sessions: dict[tuple[str, int], Sessions] = {}

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # Python 3.11's datagram transport is none by its class; it has the methods of one.
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        sessions = self._sessions.setdefault(addr, Sessions(self._served.meter, self._served.faults))
        try:
            messages = Unwrapper().feed(data)
        except NotWrapper:
            return
        for heard in messages:
            for answer in sessions.answer_wrapped(heard, self._served.meter.logical_device):
                self._transport.sendto(answer, addr)
