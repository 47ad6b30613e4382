"""Faults of HDLC frames on their way: lost, repeated, spoilt; and segments cut so that their check ends in 7E."""

from __future__ import annotations

import random
from dataclasses import replace

from hil.dlms import hdlc_frame as hdlc
from hil.dlms.faults import DlmsFaults
from hil.dlms.hdlc_frame import Frame


class FrameFaults:
    """Between the station and the line, in both directions."""

    def __init__(self, faults: DlmsFaults) -> None:
        self._faults = faults
        self._random = random.Random(46)
        self._sent = 0
        self._heard = 0

    def deaf(self) -> bool:
        """Whether the frame that comes now is lost."""
        self._heard += 1
        return "deaf-frame" in self._faults and self._heard == self._faults.number("deaf-frame")

    def outgoing(self, frames: list[Frame]) -> bytes:
        """The bytes of frames, less what is lost, and with what is wrong."""
        return b"".join(map(self._one, frames))

    def _one(self, frame: Frame) -> bytes:
        faults = self._faults
        self._sent += 1
        made = frame.encode()
        if self._is(self._sent, "lost-frame") or self._is_every(self._sent, "lost-frames"):
            return b""
        if self._is(self._sent, "wrong-fcs"):
            made = made[:-2] + bytes([made[-2] ^ 0x15]) + made[-1:]
        if self._is(self._sent, "repeat-frame"):
            made += made
        if "noise" in faults:
            noise = bytes(self._random.choice(range(0x20, 0x7E)) for _ in range(faults.number("noise")))
            made = noise + made
        if "unasked-ui" in faults and frame.kind == "I" and frame.poll:
            ui = replace(frame, control=hdlc.UI, information=_NOTIFICATION, segmented=False)
            made = ui.encode() + made
        return made

    def _is(self, count: int, name: str) -> bool:
        return name in self._faults and count == self._faults.number(name)

    def _is_every(self, count: int, name: str) -> bool:
        return name in self._faults and count % self._faults.number(name) == 0


#: LLC and a DataNotification without a date, whose body is the number 7.
_NOTIFICATION = bytes.fromhex("E6E7000F00000001001107")


def cut_for_7e(message: bytes, size: int, head: Frame) -> list[bytes]:
    """Information fields such that the check of as many frames as can be ends in 7E.

    ``head`` is the frame that the first field will stand in; numbers count up from its. The final bit is that of a window
    of 1. Nothing is lost by it: a field may be as short as one likes.
    """
    pieces: list[bytes] = []
    while message:
        piece = message[:size]
        for length in range(min(size, len(message)), 0, -1):
            more = length < len(message)
            control = hdlc.information((head.ns + len(pieces)) % 8, head.nr, final=True)
            frame = replace(head, control=control, information=message[:length], segmented=more)
            if frame.encode()[-2] == hdlc.FLAG:
                piece = message[:length]
                break
        pieces.append(piece)
        message = message[len(piece) :]
    return pieces
