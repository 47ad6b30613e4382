"""A station behind a socket: Modbus TCP, Modbus TLS, or RTU frames in a stream."""

from __future__ import annotations

import asyncio
import ssl

from hil.modbus.frames import crc, mbap, request_length, rtu
from hil.modbus.station import Reply, Station


class TcpServer:
    """One listening socket. ``framing`` is ``mbap`` or ``rtu``."""

    def __init__(self, station: Station, framing: str = "mbap", *, real: bool = True) -> None:
        self._station = station
        self._framing = framing
        self._real = real
        self._answers = 0
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.connections = 0

    async def start(self, host: str, port: int, tls: ssl.SSLContext | None = None) -> tuple[str, int]:
        """Listen; port 0 takes a free one. Returns the address."""
        self._server = await asyncio.start_server(self._client, host, port, ssl=tls)
        where = self._server.sockets[0].getsockname()
        return where[0], where[1]

    async def serve(self) -> None:
        if self._server is not None:
            await self._server.serve_forever()

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        if self._server is not None:
            self._server.close()

    async def _client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        faults, answers = self._station.faults, 0
        try:
            while True:
                head, unit, pdu = await (self._mbap(reader) if self._framing == "mbap" else self._rtu(reader))
                answers += 1
                if "deaf" in faults and self.connections == 1 and answers > faults.number("deaf"):
                    continue
                reply = self._station.reply(unit, pdu)
                self._answers += 1
                if self._answers > 1 and faults.once("close-once"):
                    return
                if reply is None:
                    continue
                if self._real and reply.delay_s > 0:
                    task = asyncio.get_running_loop().create_task(self._later(writer, head, reply))
                    self._tasks.add(task)
                    task.add_done_callback(self._tasks.discard)
                else:
                    self._send(writer, head, reply)
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.close()

    async def _later(self, writer: asyncio.StreamWriter, head: bytes, reply: Reply) -> None:
        await asyncio.sleep(reply.delay_s)
        if not writer.is_closing():
            self._send(writer, head, reply)

    def _send(self, writer: asyncio.StreamWriter, head: bytes, reply: Reply) -> None:
        if self._framing == "mbap":
            writer.write(mbap(head, reply.unit, reply.pdu))
            return
        frame = rtu(reply.unit, reply.pdu)
        if reply.spoil_crc:
            frame = frame[:-1] + bytes([frame[-1] ^ 0x55])
        writer.write(reply.before + (frame[: reply.cut] if reply.cut else frame) + reply.after)

    async def _mbap(self, reader: asyncio.StreamReader) -> tuple[bytes, int, bytes]:
        head = await reader.readexactly(7)
        pdu = await reader.readexactly(int.from_bytes(head[4:6], "big") - 1)
        return head[:2], head[6], pdu

    async def _rtu(self, reader: asyncio.StreamReader) -> tuple[bytes, int, bytes]:
        heard = b""
        while True:
            heard += await reader.readexactly(1)
            length = request_length(heard)
            if length == 0:
                heard = heard[1:]
            elif length is not None and len(heard) == length:
                if crc(heard[:-2]) == heard[-2:]:
                    return b"", heard[0], heard[1:-2]
                heard = heard[1:]
