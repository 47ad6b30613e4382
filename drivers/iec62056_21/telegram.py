"""Telegrams that a meter pushes by itself: ``/`` identification, data sets, ``!`` (IEC 62056-21, mode D; P1 alike).

``Finder`` takes bytes as they come, a byte or a file at a time, and gives whole telegrams; where it joins in the middle
of one, or one is cut, it says what it left out. It knows no check: a P1 port puts one behind the ``!``, mode D none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from drivers.iec62056_21 import parity

#: An identification line. No data set has a line like it: those end in a bracket.
_IDENTIFICATION = rb"/[A-Za-z]{2}[A-Za-z][ -~][^\r\n()\x80-\xff]{0,76}\r?\n"
_START = re.compile(_IDENTIFICATION)
#: ``!`` at the start of a line, at most four hexadecimal digits of a check, and the line's end.
_END = re.compile(rb"(?<=\n)!([0-9A-Fa-f]{0,4})[ \t]*[\r\n]")
#: The same at the end of a capture, where the line end may have been lost.
_END_OF_FILE = re.compile(rb"(?<=\n)!([0-9A-Fa-f]{0,4})[ \t]*\Z")
#: The longest piece that may yet become an end or a start.
_LONGEST_PIECE = 96
#: A telegram is 2 kB at the most in the field; beyond this it is no telegram.
LONGEST = 1 << 15


@dataclass(frozen=True, slots=True)
class Telegram:
    """One telegram without its parity bits: ``data`` from ``/`` to ``!``, ``check`` the characters behind the ``!``.

    ``whole`` is False where the next telegram, or the end of the capture, came before the ``!``. ``damaged`` counts
    characters with a wrong parity bit, where the line has parity. ``before`` is what stood between it and the telegram
    before it and belongs to neither.
    """

    data: bytes
    check: bytes
    whole: bool = True
    damaged: int = 0
    before: bytes = b""


class Finder:
    """Feed it what is received; it gives the telegrams that have become whole, in order."""

    def __init__(self) -> None:
        self._wire = bytearray()
        self._plain = bytearray()
        #: Where the telegram begins that is being received; -1 while none has begun.
        self._start = -1
        #: Nothing before this can be an end or a start any more.
        self._seen = 0
        self._before = b""

    def feed(self, data: bytes) -> list[Telegram]:
        """The telegrams that ``data`` makes whole, or cuts off."""
        self._wire += data
        self._plain += parity.strip(data)
        found: list[Telegram] = []
        while self._step(found):
            pass
        return found

    def finish(self) -> list[Telegram]:
        """What is left at the end of a capture: a last telegram whose line end, or whose end, was lost."""
        if self._start < 0:
            self._skip(len(self._plain))
            return []
        match = _END_OF_FILE.search(self._plain, self._start)
        end = match.start() + 1 if match else len(self._plain)
        return [self._take(end, bytes(match[1]) if match else b"", len(self._plain), whole=match is not None)]

    @property
    def left(self) -> bytes:
        """What stands behind the last telegram and belongs to none."""
        return self._before

    def _step(self, found: list[Telegram]) -> bool:
        """One start or end. False when more must be received first."""
        if self._start < 0:
            match = _START.search(self._plain, self._seen)
            if match is None:
                self._skip(max(0, len(self._plain) - _LONGEST_PIECE))
                return False
            self._skip(match.start())
            self._start, self._seen = 0, match.end() - match.start() - 1
            return True
        match = self._next()
        if match is None:
            if len(self._plain) > LONGEST:
                found.append(self._take(len(self._plain), b"", len(self._plain), whole=False))
                return True
            self._seen = max(self._seen, len(self._plain) - _LONGEST_PIECE)
            return False
        if match.re is _START:
            found.append(self._take(match.start(), b"", match.start(), whole=False))
        else:
            found.append(self._take(match.start() + 1, bytes(match[1]), match.end(), whole=True))
        return True

    def _next(self) -> re.Match[bytes] | None:
        """The end of the telegram, or the start of the next that comes before it."""
        # A telegram has few of these marks, and one search for both forms would try every byte of it.
        plain, at = self._plain, self._seen
        end, start = plain.find(b"!", at), plain.find(b"/", at)
        while end >= 0 or start >= 0:
            if start < 0 or 0 <= end < start:
                match = _END.match(plain, end)
                end = plain.find(b"!", end + 1)
            else:
                match = _START.match(plain, start)
                start = plain.find(b"/", start + 1)
            if match is not None:
                return match
        return None

    def _take(self, end: int, check: bytes, behind: int, *, whole: bool) -> Telegram:
        made = Telegram(bytes(self._plain[:end]), check, whole, parity.damaged(bytes(self._wire[:end])), self._before)
        del self._wire[:behind], self._plain[:behind]
        self._start, self._seen, self._before = -1, 0, b""
        return made

    def _skip(self, count: int) -> None:
        # Bounded: noise without end is not kept.
        self._before = (self._before + bytes(self._plain[:count]))[-LONGEST:]
        del self._wire[:count], self._plain[:count]
        self._seen = 0
