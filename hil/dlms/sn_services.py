"""Read and write by short name (IEC 62056-5-3), with lists, parameters and blocks, as a server answers them.

Attribute n of an object stands at its base name + 8 (n - 1); its methods from an offset on that its class gives. A method
that returns something is read with its parameter, one that does not is written.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from hil.dlms.axdr import Data, NotAxdr, Reader, encode, length
from hil.dlms.cosem_object import (
    BLOCK_NUMBER_INVALID,
    BLOCK_UNAVAILABLE,
    READ_WRITE_DENIED,
    SUCCESS,
    UNDEFINED,
    CosemObject,
    Refused,
    Selection,
)
from hil.dlms.view import View

READ, WRITE = 0x05, 0x06

#: class -> offset of its first method (IEC 62056-6-2, annex on short names).
METHOD_OFFSETS = {
    3: 0x28,
    4: 0x38,
    5: 0x48,
    7: 0x58,
    8: 0x60,
    12: 0x20,
    18: 0x40,
    70: 0x20,
    72: 0x60,
    9: 0x20,
    64: 0x30,
    40: 0x38,
}

#: Tag, count, choice, last, block number (2): what a block of a read response has before its length.
_BLOCK_HEAD = 6


@dataclass(frozen=True, slots=True)
class _Place:
    each: CosemObject
    attribute: int
    method: int


@dataclass(slots=True)
class SnServices:
    """The two services on one association. ``max_pdu`` is what the client can take, 0 without limit."""

    view: View
    max_pdu: int
    list_in_blocks: bool = False
    _outgoing: list[bytes] = field(default_factory=list)
    _sent: int = 0
    _incoming: bytearray = field(default_factory=bytearray)
    _incoming_block: int = 0

    def answer(self, request: bytes) -> bytes:
        """The response. Raises NotAxdr for what is no request."""
        reader = Reader(request)
        service = reader.byte()
        if service == READ:
            return self._read(reader)
        if service == WRITE:
            return self._write(reader)
        raise NotAxdr(f"no service {service:02X}")

    def _place(self, name: int) -> _Place:
        """Raises Refused."""
        for each in self.view.all():
            offset = name - each.base_name
            if not each.base_name or offset < 0 or offset % 8:
                continue
            if offset // 8 + 1 in each.attributes:
                return _Place(each, offset // 8 + 1, 0)
            first = METHOD_OFFSETS.get(each.class_id)
            if first is not None and (offset - first) // 8 + 1 in each.methods:
                return _Place(each, 0, (offset - first) // 8 + 1)
        raise Refused(UNDEFINED)

    # Read

    def _read(self, reader: Reader) -> bytes:
        count = reader.length()
        results = []
        for _ in range(count):
            choice = reader.byte()
            if choice == 5:
                return self._next_block(reader.number(2))
            if choice not in (2, 4):
                raise NotAxdr(f"no variable access {choice}")
            name = reader.number(2)
            selection = Selection(reader.byte(), reader.data()) if choice == 4 else None
            results.append(self._value(name, selection))
        listed = length(count) + b"".join(results)
        if not self.max_pdu or 1 + len(listed) <= self.max_pdu:
            return b"\x0c" + listed
        # In blocks a single value travels bare, without count and choice, as gurux-dlms makes and takes it; the standard's
        # text can be read as the whole list, which ``list_in_blocks`` gives.
        if count == 1 and results[0][0] == 0 and not self.list_in_blocks:
            listed = results[0][1:]
        room = self.max_pdu - _BLOCK_HEAD
        size = room - len(length(room))
        self._outgoing = [listed[at : at + size] for at in range(0, len(listed), size)]
        self._sent = 0
        return self._next_block(0)

    def _next_block(self, acknowledged: int) -> bytes:
        if not self._outgoing or acknowledged != self._sent:
            error = BLOCK_NUMBER_INVALID if self._outgoing else BLOCK_UNAVAILABLE
            self._outgoing = []
            return bytes([0x0C, 1, 1, error])
        piece = self._outgoing.pop(0)
        self._sent += 1
        head = bytes([0x0C, 1, 2, not self._outgoing]) + self._sent.to_bytes(2, "big")
        return head + length(len(piece)) + piece

    def _value(self, name: int, selection: Selection | None) -> bytes:
        try:
            place = self._place(name)
            if place.attribute:
                each = place.each
                return b"\0" + encode(self.view.read(each.class_id, each.name, place.attribute, selection))
            parameter = selection.parameters if selection else None
            data = self.view.call(place.each.class_id, place.each.name, place.method, parameter)
            return b"\0" + encode(data or Data(0))
        except Refused as error:
            return bytes([1, error.result])

    # Write

    def _write(self, reader: Reader) -> bytes:
        count = reader.length()
        names: list[int] = []
        for _ in range(count):
            choice = reader.byte()
            if choice == 7:
                return self._collect(reader)
            if choice != 2:
                raise NotAxdr(f"no variable access {choice}")
            names.append(reader.number(2))
        if reader.length() != count:
            raise NotAxdr("as many values as names are wanted")
        return b"\x0d" + length(count) + b"".join(self._put(name, reader.data()) for name in names)

    def _collect(self, reader: Reader) -> bytes:
        """Write-data-block-access: last, block number; then one octet-string, a piece of the whole request."""
        last, number = bool(reader.byte()), reader.number(2)
        if reader.length() != 1:
            raise NotAxdr("a block is one value")
        piece = reader.data().value
        if number == 1:
            self._incoming.clear()
            self._incoming_block = 0
        if number != self._incoming_block + 1:
            return bytes([0x0D, 1, 1, BLOCK_NUMBER_INVALID])
        self._incoming_block = number
        self._incoming += piece
        if not last:
            return b"\x0d\x01\x02" + number.to_bytes(2, "big")
        return self._write(Reader(bytes(self._incoming)))

    def _put(self, name: int, data: Data) -> bytes:
        try:
            place = self._place(name)
            each = place.each
            if place.attribute:
                self.view.write(each.class_id, each.name, place.attribute, data)
            elif self.view.call(each.class_id, each.name, place.method, data) is not None:
                # What it gives back cannot travel in a write response.
                raise Refused(READ_WRITE_DENIED)
        except Refused as error:
            return bytes([1, error.result])
        return bytes([SUCCESS])


def allocate(objects: list[CosemObject]) -> None:
    """Give every object its base name: one after the other from 0100 on, as far apart as attributes and methods ask for."""
    free = 0x0100
    for each in objects:
        end = 8 * max(each.attributes)
        if each.methods:
            end = max(end, METHOD_OFFSETS.get(each.class_id, end) + 8 * max(each.methods))
        each.base_name = free
        free += -(-end // 0x10) * 0x10
