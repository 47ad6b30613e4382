"""A station on a serial line: requests end by their length, answers keep the 3.5 characters, and so must the client.

A request that begins less than 3.5 characters after the last frame on the line is not understood, as by a meter that takes
both for one frame (``counts["crowded"]``). An answer that is still to come when the next request arrives comes all the same.
"""

from __future__ import annotations

import asyncio

from hil.modbus.frames import crc, request_length, rtu, silence_s
from hil.modbus.station import Reply, Station
from hil.pty_line import PtyLine

#: A pty that is closed loses what its client has not read yet; a cable that is pulled does not.
_LAST_BYTES_S = 0.03
#: Bytes of one request follow each other within this; more is a request that was cut.
_PAUSE_S = 0.1
#: A pty may be seen a little early against the computed wire: what is still a silence of 3.5 characters.
_TOLERANCE = 0.9


class PtyServer:
    """Serves until cancelled."""

    def __init__(self, line: PtyLine, station: Station) -> None:
        self._line = line
        self._station = station
        self._loop = asyncio.get_running_loop()
        self._silence_s = silence_s(line.baud, line.wire.character_bits) if line.wire.real else 0.0
        self._line_free = 0.0
        self._talking = asyncio.Lock()
        self._answers = 0
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        heard = b""
        began = 0.0
        while True:
            wait = self._loop.time() + _PAUSE_S if heard else float("inf")
            data = await self._line.receive(wait, 1)
            if not data:
                self._station.counts["cut requests"] += 1
                heard = b""
                continue
            if not heard:
                began = self._line.heard_at - self._line.character_s(self._line.client_baud)
            heard += data
            length = request_length(heard)
            if length == 0:
                heard = heard[1:]  # noise, or another device's answer
            elif length is not None and len(heard) >= length:
                self._request(heard[:length], began)
                heard = b""

    def _request(self, frame: bytes, began: float) -> None:
        if crc(frame[:-2]) != frame[-2:]:
            self._station.counts["wrong crc"] += 1
            return
        ended = self._line.heard_at
        crowded = began - self._line_free < _TOLERANCE * self._silence_s
        self._line_free = max(self._line_free, ended)
        if crowded:
            self._station.counts["crowded"] += 1
            if "patient" not in self._station.faults:
                return
        reply = self._station.reply(frame[0], frame[1:-2])
        if reply is not None:
            task = self._loop.create_task(self._send(reply, ended))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _send(self, reply: Reply, ended: float) -> None:
        start = ended + max(reply.delay_s, self._silence_s)
        await self._line.until(start)
        frame = rtu(reply.unit, reply.pdu)
        if reply.spoil_crc:
            frame = frame[:-1] + bytes([frame[-1] ^ 0x55])
        if reply.cut:
            frame = frame[: reply.cut]
        async with self._talking:
            if reply.gap_s:
                half = len(frame) // 2
                self._line_free = await self._line.send(reply.before + frame[:half], start)
                await self._line.pause(reply.gap_s)
                self._line_free = await self._line.send(frame[half:] + reply.after)
            else:
                self._line_free = await self._line.send(reply.before + frame + reply.after, start)
        self._answers += 1
        await self._perhaps_unplug()

    async def _perhaps_unplug(self) -> None:
        faults = self._station.faults
        if "unplug" not in faults or self._answers < faults.number("unplug") or not faults.once("unplug"):
            return
        await asyncio.sleep(_LAST_BYTES_S)
        self._line.unplug()
        if "replug" in faults:
            await asyncio.sleep(faults.seconds("replug"))
            self._line.plug()
