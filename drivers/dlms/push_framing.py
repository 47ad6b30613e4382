"""What a meter pushes, from the bytes of a line to whole APDUs: HDLC (UI and I frames, segments), the wrapper, M-Bus long
frames, general block transfer inside any of them, and bare APDUs in files.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from drivers.dlms import block_transfer
from drivers.dlms.bytes_reader import Damaged
from drivers.dlms.hdlc_frame import FLAG, Frame, FrameReader, Lost
from drivers.dlms.hdlc_segments import LLC_COMMAND, LLC_RESPONSE, Segments, without_llc
from drivers.dlms.mbus_frame import START, MbusReader, Segment
from drivers.dlms.wrapper import VERSION, WrapperReader
from drivers.errors import BadFrame

#: Addresses that may be segmenting at the same time; a line that shows more shows noise.
_MOST_SENDERS = 16
_FLAG = bytes((FLAG,))
#: The octets that tell the framing: the wrapper's header, two of the M-Bus's four and more.
_ENOUGH = 8


class Framing(StrEnum):
    HDLC = "HDLC"
    MBUS = "M-Bus"
    WRAPPER = "wrapper"
    BARE = "no framing"


class Pushed(NamedTuple):
    """A whole APDU. ``checked``: whether check sequences vouch for it."""

    apdu: bytes
    framing: Framing
    checked: bool


def framing_of(data: bytes) -> Framing:
    """The framing that bytes begin with."""
    if data[:1] == bytes((FLAG,)):
        return Framing.HDLC
    if len(data) >= 4 and data[0] == data[3] == START and data[1] == data[2]:
        return Framing.MBUS
    return Framing.WRAPPER if data[:2] == VERSION and len(data) >= 8 and data[6:8] != b"\x00\x00" else Framing.BARE


class PushReader:
    """Bytes of one line in; APDUs, and bytes that were none, out. The framing is that of the first bytes, or, ``searching``
    on a line where one comes in at any moment, that of the first good frame."""

    def __init__(self, framing: Framing | None = None, *, searching: bool = False) -> None:
        self._framing = framing
        self._searching = searching
        self._first = bytearray()
        self._hdlc = FrameReader()
        self._mbus = MbusReader()
        self._wrapper = WrapperReader()
        self._segments: dict[tuple[bytes, bytes], Segments] = {}
        self._mbus_parts: list[bytes] = []
        self._blocks: block_transfer.Assembly | None = None

    def feed(self, data: bytes) -> list[Pushed | Lost]:
        """Raises Damaged only for a stream of the wrapper that is none."""
        if self._framing is None and self._searching:
            return self._search(data)
        if self._framing is None:
            self._first += data
            if self._first[:1] != _FLAG and len(self._first) < _ENOUGH:
                return []
            return self._begin()
        return self._next(data)

    def _search(self, data: bytes) -> list[Pushed | Lost]:
        """Read as everything until something is a good frame; what was before it is no news."""
        if self._first == b"" and framing_of(data) is Framing.WRAPPER:
            self._framing = Framing.WRAPPER
            return self._next(data)
        self._first[:] = b"."  # the line has begun
        hdlc, mbus = self._hdlc.feed(data), self._mbus.feed(data)
        for place, event in enumerate(hdlc):
            if isinstance(event, Frame):
                self._framing = Framing.HDLC
                return [one for each in hdlc[place:] for one in self._hdlc_event(each)]
        for place, found in enumerate(mbus):
            if isinstance(found, Segment):
                self._framing = Framing.MBUS
                return self._mbus_parts_of(mbus[place:])
        return []

    def _begin(self) -> list[Pushed | Lost]:
        first, self._first = bytes(self._first), bytearray()
        self._framing = framing_of(first)
        return self._next(first)

    def _next(self, data: bytes) -> list[Pushed | Lost]:
        if self._framing is Framing.HDLC:
            return [one for event in self._hdlc.feed(data) for one in self._hdlc_event(event)]
        if self._framing is Framing.MBUS:
            return self._mbus_parts_of(self._mbus.feed(data))
        if self._framing is Framing.WRAPPER:
            return [one for wrapped in self._wrapper.feed(data) for one in self._whole(wrapped.apdu, checked=False)]
        return self._whole(without_llc(data), checked=False) if data else []

    def gap(self) -> list[Pushed | Lost]:
        """The line was idle for longer than a frame allows; segments and blocks may pause for seconds and are kept."""
        if self._framing is None:
            if self._searching:
                self._hdlc.gap()
                self._mbus.gap()
                return []
            return self._begin() if self._first else []
        found = [one for event in self._hdlc.gap() for one in self._hdlc_event(event)]
        found += [event for event in self._mbus.gap() if isinstance(event, Lost)]
        return found

    def _hdlc_event(self, event: Frame | Lost) -> list[Pushed | Lost]:
        if isinstance(event, Lost):
            return [event]
        if not event.information:
            return []
        sender = (event.destination, event.source)
        if len(self._segments) >= _MOST_SENDERS:
            self._segments.pop(next(iter(self._segments)))
        segments = self._segments.setdefault(sender, Segments())
        if event.information[:3] in (LLC_COMMAND, LLC_RESPONSE):
            segments.clear()  # an APDU begins: what waited for its end has none
        try:
            whole = segments.add(event)
        except BadFrame as error:
            return [Lost(event.information, error.what)]
        if whole is None:
            return []
        del self._segments[sender]
        return self._whole(whole, checked=True)

    def _mbus_parts_of(self, events: list[Segment | Lost]) -> list[Pushed | Lost]:
        found: list[Pushed | Lost] = []
        for event in events:
            if isinstance(event, Lost):
                found.append(event)
                continue
            if event.number == 0:
                if self._mbus_parts:
                    found.append(Lost(b"".join(self._mbus_parts), "an APDU without its last segment"))
                self._mbus_parts = []
            elif event.number != len(self._mbus_parts) & 0x0F or not self._mbus_parts:
                found.append(Lost(event.data, f"segment {event.number} without the one before it"))
                self._mbus_parts = []
                continue
            self._mbus_parts.append(event.data)
            if event.last:
                found += self._whole(b"".join(self._mbus_parts), checked=True)
                self._mbus_parts = []
        return found

    def _whole(self, apdu: bytes, *, checked: bool) -> list[Pushed | Lost]:
        framing = self._framing or Framing.BARE
        if not block_transfer.is_block(apdu):
            return [Pushed(apdu, framing, checked)] if apdu else []
        found: list[Pushed | Lost] = []
        try:
            for piece in _pieces(apdu):
                if piece.number == 1 or self._blocks is None:
                    self._blocks = block_transfer.Assembly()
                if not self._blocks.add(piece):
                    self._blocks = None
                    found.append(Lost(apdu, f"block {piece.number} without the one before it"))
                elif self._blocks.whole:
                    found.append(Pushed(self._blocks.data, framing, checked))
                    self._blocks = None
        except Damaged as error:
            self._blocks = None
            found.append(Lost(apdu, error.what))
        return found


def _pieces(apdu: bytes) -> list[block_transfer.Piece]:
    """The blocks of one APDU, or of a file in which they stand one behind the other."""
    found = []
    while apdu:
        piece, apdu = block_transfer.parse_first(apdu)
        found.append(piece)
    return found
