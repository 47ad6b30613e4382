"""General block transfer (E0; Green Book 9.3.5): any APDU in numbered blocks, both ways, with windows.

    general-block-transfer ::= block-control (last, streaming, window), block number, number acknowledged, data

A sender may stream ``window`` blocks before it waits for a confirmation; a lost block is asked for again by
acknowledging the last one before it.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import NamedTuple

from drivers.dlms.bytes_reader import Damaged, Reader, octets

GENERAL_BLOCK_TRANSFER = 0xE0
LAST, STREAMING, WINDOW = 0x80, 0x40, 0x3F
#: What we take in one go. On a serial line every frame of a window is in order, so a larger one only saves turnarounds.
OUR_WINDOW = 16
#: A block's header: tag, control, two numbers of two octets, and up to three of length.
HEADER = 9
#: An APDU is at most 65 535 octets by its PDU size; GBT may carry longer ones. Beyond this it is no answer any more.
MOST_OCTETS = 1 << 22
#: How often a lost block is asked for again.
_MOST_REPEATS = 5


class Piece(NamedTuple):
    """One general-block-transfer APDU."""

    last: bool
    streaming: bool
    window: int
    number: int
    acknowledged: int
    data: bytes


def build(piece: Piece) -> bytes:
    control = (LAST if piece.last else 0) | (STREAMING if piece.streaming else 0) | piece.window & WINDOW
    numbers = piece.number.to_bytes(2, "big") + piece.acknowledged.to_bytes(2, "big")
    return bytes((GENERAL_BLOCK_TRANSFER, control)) + numbers + octets(piece.data)


def parse(apdu: bytes) -> Piece:
    """Raises Damaged."""
    piece, rest = parse_first(apdu)
    if rest:
        raise Damaged(f"{len(rest)} bytes too many after a block")
    return piece


def parse_first(apdu: bytes) -> tuple[Piece, bytes]:
    """The block that ``apdu`` begins with, and what is behind it. Raises Damaged."""
    reader = Reader(apdu)
    if reader.byte() != GENERAL_BLOCK_TRANSFER:
        raise Damaged(f"no general block transfer: {apdu[:8].hex()}")
    control = reader.byte()
    number, acknowledged = reader.number(2), reader.number(2)
    data = reader.octets()
    piece = Piece(bool(control & LAST), bool(control & STREAMING), control & WINDOW, number, acknowledged, data)
    return piece, reader.rest()


def is_block(apdu: bytes) -> bool:
    return apdu[:1] == bytes((GENERAL_BLOCK_TRANSFER,))


def send(apdu: bytes, size: int) -> Generator[bytes, bytes, bytes]:
    """Send an APDU that is longer than ``size`` in blocks, each confirmed. Yields what to send; returns the answer's first
    APDU, which may be a block itself."""
    room = max(1, size - HEADER)
    parts = [apdu[at : at + room] for at in range(0, len(apdu), room)]
    answer = b""
    acknowledged = 0
    number = 1
    repeats = 0
    while number <= len(parts):
        last = number == len(parts)
        answer = yield build(Piece(last, False, OUR_WINDOW if last else 1, number, acknowledged, parts[number - 1]))
        if last:
            return answer
        if not is_block(answer):
            return answer  # an exception-response: the caller knows it
        confirmed = parse(answer)
        if confirmed.acknowledged == number:
            number, repeats = number + 1, 0
        else:
            repeats += 1
            if confirmed.acknowledged > number or repeats > _MOST_REPEATS:
                raise Damaged(f"block {number} sent, {confirmed.acknowledged} acknowledged")
            number = confirmed.acknowledged + 1
    return answer


class Assembly:
    """The blocks of one APDU from the other side, in order."""

    def __init__(self) -> None:
        self._data = bytearray()
        self.received = 0
        self.whole = False

    def add(self, piece: Piece) -> bool:
        """Take a block. Returns False when it is not the next one (lost or repeated)."""
        if piece.number != self.received + 1:
            return False
        self.received = piece.number
        self._data += piece.data
        if len(self._data) > MOST_OCTETS:
            raise Damaged(f"an APDU of more than {MOST_OCTETS} octets in blocks")
        self.whole = piece.last
        return True

    @property
    def data(self) -> bytes:
        return bytes(self._data)


def receive(first: bytes) -> Generator[bytes, bytes, bytes]:
    """Put the blocks together that begin with ``first``. Yields confirmations, ``b""`` for "say nothing, receive more";
    returns the whole APDU. Raises Damaged."""
    assembly = Assembly()
    apdu = first
    repeats = 0
    ours = 1
    while True:
        piece = parse(apdu)
        if assembly.add(piece):
            repeats = 0
        else:
            repeats += 1
            if repeats > _MOST_REPEATS + OUR_WINDOW:
                raise Damaged(f"block {assembly.received + 1} does not come; the meter sends {piece.number}")
        if assembly.whole:
            return assembly.data
        if piece.streaming:  # more is on its way: a lost one is asked for at the end of the window
            apdu = yield b""
            continue
        apdu = yield build(Piece(True, False, OUR_WINDOW, ours, assembly.received, b""))
        ours += 1
        if not is_block(apdu):
            raise Damaged(f"an APDU {apdu[:1].hex()} among the blocks of another")
