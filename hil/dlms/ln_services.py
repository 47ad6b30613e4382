"""GET, SET and ACTION by logical name, with lists and with blocks (IEC 62056-5-3), as a server answers them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from hil.dlms.axdr import NotAxdr, Reader, encode, length
from hil.dlms.cosem_object import (
    BLOCK_NUMBER_INVALID,
    BLOCK_UNAVAILABLE,
    LONG_GET_ABORTED,
    SUCCESS,
    TYPE_UNMATCHED,
    Refused,
    Selection,
)
from hil.dlms.view import View

GET, SET, ACTION = 0xC0, 0xC1, 0xC3

#: Tag, choice, invoke-id, last-block, block number (4), choice of raw data: what a block has before its length.
_BLOCK_HEAD = 9


@dataclass(frozen=True, slots=True)
class _Target:
    class_id: int
    name: bytes
    index: int
    selection: Selection | None = None


@dataclass(slots=True)
class LnServices:
    """The three services on one association. ``max_pdu`` is what the client can take, 0 without limit."""

    view: View
    max_pdu: int
    #: A fault: the first block of a list's response has the choice of a list.
    list_blocks_03: bool = False
    _outgoing: list[bytes] = field(default_factory=list)
    _outgoing_head: bytes = b""
    _sent: int = 0
    _incoming: bytearray = field(default_factory=bytearray)
    _incoming_block: int = 0
    _finish: Callable[[Reader], bytes] | None = None

    def answer(self, request: bytes) -> bytes:
        """The response. Raises NotAxdr for what is no request."""
        reader = Reader(request)
        service, choice, invoke = reader.byte(), reader.byte(), reader.byte()
        handlers = {
            (GET, 1): self._get, (GET, 2): self._get_next, (GET, 3): self._get_list,
            (SET, 1): self._set, (SET, 2): self._set_first, (SET, 3): self._set_block,
            (SET, 4): self._set_list, (SET, 5): self._set_list_first,
            (ACTION, 1): self._action, (ACTION, 2): self._action_next, (ACTION, 3): self._action_list,
            (ACTION, 4): self._action_first, (ACTION, 5): self._action_list_first, (ACTION, 6): self._action_block,
        }  # fmt: skip
        if (service, choice) not in handlers:
            raise NotAxdr(f"no service {service:02X} {choice:02X}")
        return handlers[service, choice](reader, invoke)

    # GET

    def _get(self, reader: Reader, invoke: int) -> bytes:
        result = self._read(_target(reader, selective=True))
        whole = bytes([0xC4, 1, invoke]) + result
        if self._fits(whole) or result[0] != 0:
            return whole
        return self._begin_blocks(bytes([0xC4, 2, invoke]), result[1:], get=True)

    def _get_list(self, reader: Reader, invoke: int) -> bytes:
        results = [self._read(_target(reader, selective=True)) for _ in range(reader.length())]
        listed = length(len(results)) + b"".join(results)
        whole = bytes([0xC4, 3, invoke]) + listed
        choice = 3 if self.list_blocks_03 else 2
        return whole if self._fits(whole) else self._begin_blocks(bytes([0xC4, choice, invoke]), listed, get=True)

    def _get_next(self, reader: Reader, invoke: int) -> bytes:
        number = reader.number(4)
        if not self._outgoing:
            return bytes([0xC4, 2, invoke, 1]) + number.to_bytes(4, "big") + bytes([1, LONG_GET_ABORTED])
        if number != self._sent:
            self._outgoing.clear()
            return bytes([0xC4, 2, invoke, 1]) + number.to_bytes(4, "big") + bytes([1, BLOCK_NUMBER_INVALID])
        return self._next_block(bytes([0xC4, 2, invoke]), get=True)

    def _read(self, target: _Target) -> bytes:
        try:
            return b"\0" + encode(self.view.read(target.class_id, target.name, target.index, target.selection))
        except Refused as error:
            return bytes([1, error.result])

    # Blocks that the client fetches

    def _fits(self, whole: bytes) -> bool:
        return not self.max_pdu or len(whole) <= self.max_pdu

    def _begin_blocks(self, head: bytes, data: bytes, *, get: bool) -> bytes:
        room = self.max_pdu - _BLOCK_HEAD
        size = room - len(length(room))
        self._outgoing = [data[at : at + size] for at in range(0, len(data), size)]
        self._sent = 0
        return self._next_block(head, get=get)

    def _next_block(self, head: bytes, *, get: bool) -> bytes:
        piece = self._outgoing.pop(0)
        self._sent += 1
        last = bytes([not self._outgoing])
        choice = b"\0" if get else b""
        return head + last + self._sent.to_bytes(4, "big") + choice + length(len(piece)) + piece

    # Blocks that the client sends

    def _collect(self, reader: Reader, finish: Callable[[Reader], bytes] | None) -> tuple[bool, int, bytes | None]:
        """Take a block of the client: whether it was the last, its number, and the final answer if it was."""
        last, number = bool(reader.byte()), reader.number(4)
        piece = reader.octets()
        if finish is not None:
            self._incoming.clear()
            self._incoming_block, self._finish = 0, finish
        if self._finish is None:
            raise Refused(BLOCK_UNAVAILABLE)
        if number != self._incoming_block + 1:
            self._finish = None
            raise Refused(BLOCK_NUMBER_INVALID)
        self._incoming_block = number
        self._incoming += piece
        if not last:
            return False, number, None
        finished, self._finish = self._finish, None
        return True, number, finished(Reader(bytes(self._incoming)))

    # SET

    def _set(self, reader: Reader, invoke: int) -> bytes:
        target = _target(reader, selective=True)
        return bytes([0xC5, 1, invoke, self._write(target, reader)])

    def _set_list(self, reader: Reader, invoke: int) -> bytes:
        targets = [_target(reader, selective=True) for _ in range(reader.length())]
        return bytes([0xC5, 5, invoke]) + self._write_list(targets, reader)

    def _set_first(self, reader: Reader, invoke: int) -> bytes:
        target = _target(reader, selective=True)
        return self._set_collect(reader, invoke, lambda data: b"\x03" + bytes([self._write(target, data)]))

    def _set_list_first(self, reader: Reader, invoke: int) -> bytes:
        targets = [_target(reader, selective=True) for _ in range(reader.length())]
        return self._set_collect(reader, invoke, lambda data: b"\x04" + self._write_list(targets, data))

    def _set_block(self, reader: Reader, invoke: int) -> bytes:
        return self._set_collect(reader, invoke, None)

    def _set_collect(self, reader: Reader, invoke: int, finish: Callable[[Reader], bytes] | None) -> bytes:
        try:
            last, number, answer = self._collect(reader, finish)
        except Refused as error:
            return bytes([0xC5, 3, invoke, error.result]) + self._incoming_block.to_bytes(4, "big")
        if not last or answer is None:
            return bytes([0xC5, 2, invoke]) + number.to_bytes(4, "big")
        # The final answer begins with its choice: last block, or last block of a list.
        return bytes([0xC5, answer[0], invoke]) + answer[1:] + number.to_bytes(4, "big")

    def _write(self, target: _Target, reader: Reader) -> int:
        try:
            data = reader.data()
            self.view.write(target.class_id, target.name, target.index, data)
        except Refused as error:
            return error.result
        return SUCCESS

    def _write_list(self, targets: list[_Target], reader: Reader) -> bytes:
        if reader.length() != len(targets):
            return length(len(targets)) + bytes([TYPE_UNMATCHED]) * len(targets)
        return length(len(targets)) + bytes(self._write(target, reader) for target in targets)

    # ACTION

    def _action(self, reader: Reader, invoke: int) -> bytes:
        target = _target(reader)
        result = self._call(target, Reader(reader.rest()) if reader.byte() else None)
        whole = bytes([0xC7, 1, invoke]) + result
        return whole if self._fits(whole) else self._begin_blocks(bytes([0xC7, 2, invoke]), result, get=False)

    def _action_list(self, reader: Reader, invoke: int) -> bytes:
        targets = [_target(reader) for _ in range(reader.length())]
        listed = self._call_list(targets, reader)
        whole = bytes([0xC7, 3, invoke]) + listed
        return whole if self._fits(whole) else self._begin_blocks(bytes([0xC7, 2, invoke]), listed, get=False)

    def _action_first(self, reader: Reader, invoke: int) -> bytes:
        target = _target(reader)
        return self._action_collect(reader, invoke, lambda data: b"\x01" + self._call(target, data))

    def _action_list_first(self, reader: Reader, invoke: int) -> bytes:
        targets = [_target(reader) for _ in range(reader.length())]
        return self._action_collect(reader, invoke, lambda data: b"\x03" + self._call_list(targets, data))

    def _action_block(self, reader: Reader, invoke: int) -> bytes:
        return self._action_collect(reader, invoke, None)

    def _action_collect(self, reader: Reader, invoke: int, finish: Callable[[Reader], bytes] | None) -> bytes:
        try:
            last, number, answer = self._collect(reader, finish)
        except Refused as error:
            return bytes([0xC7, 1, invoke, error.result, 0])
        if not last or answer is None:
            return bytes([0xC7, 4, invoke]) + number.to_bytes(4, "big")
        whole = bytes([0xC7, answer[0], invoke]) + answer[1:]
        return whole if self._fits(whole) else self._begin_blocks(bytes([0xC7, 2, invoke]), answer[1:], get=False)

    def _action_next(self, reader: Reader, invoke: int) -> bytes:
        if reader.number(4) != self._sent or not self._outgoing:
            self._outgoing.clear()
            return bytes([0xC7, 1, invoke, BLOCK_NUMBER_INVALID, 0])
        return self._next_block(bytes([0xC7, 2, invoke]), get=False)

    def _call(self, target: _Target, parameter: Reader | None) -> bytes:
        """Action-Response-With-Optional-Data: the result, then whether data follow, and they as a Get-Data-Result."""
        try:
            given = None if parameter is None else parameter.data()
            data = self.view.call(target.class_id, target.name, target.index, given)
        except Refused as error:
            return bytes([error.result, 0])
        return bytes([SUCCESS, 0]) if data is None else bytes([SUCCESS, 1, 0]) + encode(data)

    def _call_list(self, targets: list[_Target], reader: Reader) -> bytes:
        if reader.length() != len(targets):
            return length(len(targets)) + bytes([TYPE_UNMATCHED, 0]) * len(targets)
        return length(len(targets)) + b"".join(self._call(target, reader) for target in targets)


def _target(reader: Reader, *, selective: bool = False) -> _Target:
    class_id, name, index = reader.number(2), reader.take(6), reader.byte()
    selection = Selection(reader.byte(), reader.data()) if selective and reader.byte() else None
    return _Target(class_id, name, index, selection)
