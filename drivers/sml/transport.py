"""Frames of SML, transport version 1: found in whatever is received, checked, and freed of their escapes.

    1B1B1B1B 01010101  messages  padding  1B1B1B1B 1A <padding, 1> <CRC, 2>

Four 1B in the messages are doubled. Makers disagree whether only at multiples of four bytes; the CRC stands over the
bytes as sent, so the end of a frame is the first end whose CRC fits, and either way is read.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from drivers.crc16 import kermit, x25

_ESCAPE = b"\x1b\x1b\x1b\x1b"
_START = _ESCAPE + b"\x01\x01\x01\x01"
#: In a frame four 1B behind four others are an escape, whatever follows.
_END_OR_START = re.compile(rb"\x1b\x1b\x1b\x1b\x1a([\x00-\x07])(..)|(?<!\x1b\x1b\x1b\x1b)" + _START, re.DOTALL)
_START_BYTES, _END_BYTES = 8, 8
#: A list is below 1 kB in the field; beyond this it is no frame.
LONGEST = 1 << 14


class Frame(NamedTuple):
    """The messages of one frame. ``kind`` is the CRC that fits, ``x25`` or ``kermit``, empty where none does.

    ``whole`` is False where the next frame, or the end of the capture, came before its end.
    """

    messages: bytes
    kind: str
    whole: bool = True


class FrameFinder:
    """Feed it what is received; it gives the frames that have become whole, or were cut, in order."""

    def __init__(self) -> None:
        self._data = bytearray()
        self._began = False
        #: Nothing before this can be an end or a start any more.
        self._seen = 0
        #: Where the first end stands whose CRC does not fit; 0 while there is none.
        self._wrong = 0
        self.left_out = 0

    def feed(self, data: bytes) -> list[Frame]:
        """The frames that ``data`` makes whole, or shows to be damaged."""
        self._data += data
        found: list[Frame] = []
        while self._step(found):
            pass
        return found

    def finish(self) -> list[Frame]:
        """What is left at the end of a capture: a frame that was damaged, or cut."""
        if not self._began:
            self.left_out += len(self._data)
            return []
        found: list[Frame] = []
        self._damaged(len(self._data), found)
        return found

    def _step(self, found: list[Frame]) -> bool:
        if not self._began:
            start = self._data.find(_START, self._seen)
            if start < 0:
                self._seen = self._skip(max(0, len(self._data) - 2 * _START_BYTES))
                return False
            self._skip(start)
            self._began, self._seen, self._wrong = True, _START_BYTES, 0
            return True
        match = self._mark()
        if match is None:
            if len(self._data) > LONGEST:
                self._damaged(len(self._data), found)
                return True
            self._seen = max(self._seen, len(self._data) - _END_BYTES - len(_ESCAPE))
            return False
        if match[1] is None:
            self._damaged(match.start(), found)
            return True
        kind = self._kind(match.end())
        if kind:
            found.append(Frame(self._messages(match.start()), kind))
            self._next(match.end())
        else:
            self._wrong = self._wrong or match.start()
            self._seen = match.start() + 1
        return True

    def _mark(self) -> re.Match[bytes] | None:
        """The next end or start; what is looked for byte by byte is only the escape that both begin with."""
        at = self._data.find(_ESCAPE, self._seen)
        while at >= 0:
            match = _END_OR_START.match(self._data, at)
            if match is not None:
                return match
            at = self._data.find(_ESCAPE, at + 1)
        return None

    def _kind(self, end: int) -> str:
        covered = bytes(self._data[: end - 2])
        low, high = self._data[end - 2 : end]
        if x25(covered) == (low | high << 8):
            return "x25"
        # Holley sends it high byte first; its emulated relatives as the standard has it.
        return "kermit" if kermit(covered) in (low | high << 8, low << 8 | high) else ""

    def _messages(self, end: int) -> bytes:
        """The messages and the zeros that pad them, which are no message: makers count up to four of those."""
        return bytes(self._data[_START_BYTES:end]).replace(_ESCAPE + _ESCAPE, _ESCAPE)

    def _damaged(self, until: int, found: list[Frame]) -> None:
        found.append(Frame(self._messages(self._wrong or until), "", whole=self._wrong > 0))
        self._next(until)

    def _next(self, end: int) -> None:
        del self._data[:end]
        self._began, self._seen, self._wrong = False, 0, 0

    def _skip(self, count: int) -> int:
        self.left_out += count
        del self._data[:count]
        return 0
