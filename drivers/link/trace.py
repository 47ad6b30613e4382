"""Every byte of a link with its time, in a file that can be read by eye, sent to a colleague, and replayed.

A trace is JSON lines. The first says what it is; each other holds ``t`` (seconds since the start), and one of ``tx``,
``rx``, ``dropped`` (hex of bytes), ``line`` (a line setting) or ``lost`` (a text). What a caller hides (a password) is
written as ``**`` pairs.
"""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

from drivers.errors import BadFrame, LinkLost, UsageError
from drivers.link.link import LineSettings, Link

KIND = "metergate-trace"


class TracedLink:
    """A link that writes down what goes over it. ``file`` is flushed at every line: a crash keeps what came before."""

    def __init__(self, link: Link, file: TextIO) -> None:
        self._link = link
        self._file = file
        self._start = asyncio.get_running_loop().time()
        self._write({"trace": KIND, "version": 1, "link": link.name, "at": datetime.now(UTC).isoformat()})

    @property
    def name(self) -> str:
        return self._link.name

    async def send(self, data: bytes, hidden: bytes = b"") -> float:
        self._note(tx=_hide(data, hidden))
        try:
            return await self._link.send(data, hidden)
        except LinkLost as error:
            self._note(lost=error.what)
            raise

    async def receive(self, deadline: float) -> bytes:
        try:
            data = await self._link.receive(deadline)
        except LinkLost as error:
            self._note(lost=error.what)
            raise
        if data:
            self._note(rx=data.hex())
        return data

    async def set_line(self, settings: LineSettings) -> None:
        await self._link.set_line(settings)
        self._note(line=f"{settings.baud} {settings.data_bits}{settings.parity}{settings.stop_bits}")

    def discard_input(self) -> bytes:
        dropped = self._link.discard_input()
        if dropped:
            self._note(dropped=dropped.hex())
        return dropped

    async def close(self) -> None:
        await self._link.close()
        self._file.close()

    def _note(self, **what: str) -> None:
        self._write({"t": round(asyncio.get_running_loop().time() - self._start, 6), **what})

    def _write(self, line: dict[str, Any]) -> None:
        self._file.write(json.dumps(line) + "\n")
        self._file.flush()


class ReplayLink:
    """A trace in the place of a meter: gives what was received, and holds the caller to what was sent."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lines = [line for line in _lines(path) if not line.keys() & {"line", "dropped", "trace"}]
        self._loop = asyncio.get_running_loop()

    @property
    def name(self) -> str:
        return str(self._path)

    async def send(self, data: bytes, hidden: bytes = b"") -> float:
        line = self._next("tx")
        if line is None or line["tx"] != _hide(data, hidden):
            told = "nothing" if line is None else line["tx"]
            raise BadFrame(f"the trace has {told} sent where {data.hex()} is sent now", where=self.name)
        return self._loop.time()

    async def receive(self, deadline: float) -> bytes:
        line = self._next("rx")
        if line is not None:
            return bytes.fromhex(line["rx"])
        if self._lines and "lost" in self._lines[0]:
            raise LinkLost(self._lines[0]["lost"], where=self.name)
        await asyncio.sleep(deadline - self._loop.time())
        return b""

    async def set_line(self, settings: LineSettings) -> None:
        """The line is as it was traced."""

    def discard_input(self) -> bytes:
        return b""

    async def close(self) -> None:
        self._lines.clear()

    def _next(self, kind: str) -> dict[str, Any] | None:
        return self._lines.pop(0) if self._lines and kind in self._lines[0] else None


def is_trace(data: bytes) -> bool:
    """Whether a file's bytes are a trace."""
    return data.startswith(b"{") and KIND.encode() in data[:200]


def received(path: Path) -> bytes:
    """All bytes that a trace received, in order, for a decoder. Raises UsageError when the file is no trace."""
    return b"".join(bytes.fromhex(line["rx"]) for line in _lines(path) if "rx" in line)


def _lines(path: Path) -> list[dict[str, Any]]:
    found = []
    for number, text in enumerate(path.read_text().splitlines(), 1):
        try:
            line = json.loads(text)
            if not isinstance(line, dict) or (number == 1 and line.get("trace") != KIND):
                raise ValueError("not a trace")
            for kind in ("tx", "rx", "dropped"):
                bytes.fromhex(line.get(kind, "").replace("*", "0"))
        except ValueError as error:
            raise UsageError(f"line {number} is not of a trace ({error})", where=str(path)) from None
        found.append(line)
    return found


def _hide(data: bytes, hidden: bytes) -> str:
    text = data.hex()
    return text.replace(hidden.hex(), "**" * len(hidden)) if hidden else text
