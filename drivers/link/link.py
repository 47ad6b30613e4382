"""The one thing a protocol needs of the world: bytes out, bytes in, by a deadline.

Times are seconds of ``asyncio.get_running_loop().time()`` (monotonic). Baud, bits and parity are the affair of the
serial link; a socket takes any line setting and ignores it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class LineSettings:
    """How characters go over a serial line. ``data_bits`` 7 or 8, ``parity`` ``N``, ``E`` or ``O``."""

    baud: int
    data_bits: int = 8
    parity: str = "N"
    stop_bits: int = 1

    @property
    def character_s(self) -> float:
        """Seconds one character takes on the wire, start bit to last stop bit."""
        return (1 + self.data_bits + (self.parity != "N") + self.stop_bits) / self.baud


class Link(Protocol):
    """An open way to a meter. Not for two users at a time."""

    @property
    def name(self) -> str:
        """What a person calls it: the device path, or host:port."""
        ...

    async def send(self, data: bytes, hidden: bytes = b"") -> float:
        """Send all of ``data`` and wait until its last stop bit has left. Returns that moment. Raises LinkLost.

        ``hidden`` is the part of ``data`` that no trace may show: a password in clear.
        """
        ...

    async def receive(self, deadline: float) -> bytes:
        """The bytes that are there, at least one; ``b""`` when the deadline passes first. Raises LinkLost."""
        ...

    async def set_line(self, settings: LineSettings) -> None:
        """Change the line in place, without closing the port or dropping input."""
        ...

    def discard_input(self) -> bytes:
        """Throw away what has been received and not been taken. Returns it, so that a trace can tell."""
        ...

    async def close(self) -> None: ...
