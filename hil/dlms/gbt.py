"""General block transfer (IEC 62056-5-3, 9.4.6.13): any APDU in numbered blocks, in windows, with lost ones asked for again.

E0 | last, streaming, window (6 bits) | block number | block number acknowledged | block
"""

from __future__ import annotations

from dataclasses import dataclass, field

from hil.dlms.axdr import Reader, length

TAG = 0xE0
_LAST, _STREAMING, _WINDOW = 0x80, 0x40, 0x3F
#: Tag, control, two block numbers; the length comes on top.
_HEAD = 6


@dataclass(slots=True)
class BlockTransfer:
    """Both directions on one association. ``window`` is what this side takes in one go."""

    window: int = 1
    #: What the other side takes in one go, until it says so.
    peer_window: int = 1
    _outgoing: list[bytes] = field(default_factory=list)
    _sent: int = 0
    _acknowledged: int = 0
    _incoming: dict[int, bytes] = field(default_factory=dict)
    _received: int = 0

    def cut(self, apdu: bytes, max_pdu: int) -> list[bytes]:
        """Begin to send an APDU: the first blocks of it."""
        room = max_pdu - _HEAD
        size = room - len(length(room))
        self._outgoing = [apdu[at : at + size] for at in range(0, len(apdu), size)]
        self._sent = self._acknowledged = 0
        return self._send()

    def heard(self, apdu: bytes) -> tuple[bytes | None, list[bytes]]:
        """A block of the client: the whole APDU when it was the last, else blocks to send."""
        reader = Reader(apdu[1:])
        control, number, acknowledged = reader.byte(), reader.number(2), reader.number(2)
        block = reader.octets()
        self.peer_window = max(control & _WINDOW, 1)
        if block:
            return self._take(control, number, block)
        if not self._outgoing:
            return None, []
        # What was not acknowledged was lost: from there again.
        self._acknowledged = self._sent = min(acknowledged, len(self._outgoing))
        if self._sent == len(self._outgoing):
            self._outgoing = []
            return None, []
        return None, self._send()

    def _take(self, control: int, number: int, block: bytes) -> tuple[bytes | None, list[bytes]]:
        if number == 1:
            self._incoming, self._received = {}, 0
        self._incoming[number] = block
        while self._received + 1 in self._incoming:
            self._received += 1
        if control & _LAST and self._received == max(self._incoming):
            whole = b"".join(self._incoming[each] for each in sorted(self._incoming))
            self._incoming, self._received = {}, 0
            return whole, []
        if control & _STREAMING:
            return None, []
        return None, [self._block(_LAST | self.window, 1, self._received, b"")]

    def _send(self) -> list[bytes]:
        count = min(self.peer_window, len(self._outgoing) - self._sent)
        made = []
        for place in range(count):
            self._sent += 1
            last = self._sent == len(self._outgoing)
            streaming = 0 if last or place == count - 1 else _STREAMING
            control = (_LAST if last else 0) | streaming | self.window
            made.append(self._block(control, self._sent, self._received, self._outgoing[self._sent - 1]))
        return made

    @staticmethod
    def _block(control: int, number: int, acknowledged: int, content: bytes) -> bytes:
        head = bytes([TAG, control]) + number.to_bytes(2, "big") + acknowledged.to_bytes(2, "big")
        return head + length(len(content)) + content
