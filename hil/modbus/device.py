"""A device with registers: request PDU in, answer PDU out. It has what it has been given, and refuses the rest."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

ILLEGAL_FUNCTION, ILLEGAL_ADDRESS, ILLEGAL_VALUE = 1, 2, 3
#: Modbus Application Protocol V1.1b3: the most registers and coils of one request (6.1 to 6.4).
_MOST_REGISTERS, _MOST_COILS = 125, 2000
_TABLE = {1: "coil", 2: "discrete", 3: "holding", 4: "input"}
#: 6.21: conformity level "basic and regular, stream access".
_CONFORMITY = 0x02

Words = dict[int, int]


@dataclass(slots=True)
class Device:
    """``tables`` by name; a read that touches an address that is not there is refused with exception 2, as real ones do.

    ``most``: registers a request may ask, else exception ``over``. ``writable`` addresses of ``holding`` and ``coil``.
    ``objects``: FC 43/14. ``server_id``: FC 17. Functions the device does not have are refused with exception 1.
    """

    tables: dict[str, Words] = field(default_factory=lambda: {"holding": {}, "input": {}})
    most: int = _MOST_REGISTERS
    over: int = ILLEGAL_VALUE
    writable: set[tuple[str, int]] = field(default_factory=set)
    objects: dict[int, str] = field(default_factory=dict)
    server_id: bytes = b""
    written: list[tuple[str, int, int]] = field(default_factory=list)

    def answer(self, pdu: bytes) -> bytes:
        """The answer to a request."""
        function = pdu[0]
        try:
            return bytes([function]) + self._do(function, pdu[1:])
        except Refused as refused:
            return bytes([function | 0x80, refused.code])
        except (struct.error, IndexError):
            return bytes([function | 0x80, ILLEGAL_VALUE])

    def _do(self, function: int, body: bytes) -> bytes:
        if function in _TABLE and _TABLE[function] in self.tables:
            address, count = struct.unpack(">HH", body)
            return self._read(_TABLE[function], address, count)
        if function == 5:
            address, value = struct.unpack(">HH", body)
            self._write("coil", address, [int(value == 0xFF00)])
            return body
        if function == 6:
            address, value = struct.unpack(">HH", body)
            self._write("holding", address, [value])
            return body
        if function == 16:
            address, count = struct.unpack(">HH", body[:4])
            if not 1 <= count <= 123 or body[4] != 2 * count or len(body) != 5 + 2 * count:
                raise Refused(ILLEGAL_VALUE)
            self._write("holding", address, list(struct.unpack(f">{count}H", body[5:])))
            return body[:4]
        if function == 17 and self.server_id:
            return bytes([len(self.server_id) + 1]) + self.server_id + b"\xff"
        if function == 43 and self.objects and body[:1] == b"\x0e":
            return self._identification(body[1], body[2])
        raise Refused(ILLEGAL_FUNCTION)

    def _read(self, table: str, address: int, count: int) -> bytes:
        bits = table in ("coil", "discrete")
        if not 1 <= count <= (_MOST_COILS if bits else _MOST_REGISTERS):
            raise Refused(ILLEGAL_VALUE)
        if count > self.most:
            raise Refused(self.over)
        held = self.tables[table]
        if any(at not in held for at in range(address, address + count)):
            raise Refused(ILLEGAL_ADDRESS)
        words = [held[at] for at in range(address, address + count)]
        if not bits:
            return bytes([2 * count]) + struct.pack(f">{count}H", *words)
        packed = bytearray((count + 7) // 8)
        for number, bit in enumerate(words):
            packed[number // 8] |= bit << number % 8
        return bytes([len(packed)]) + packed

    def _write(self, table: str, address: int, words: list[int]) -> None:
        places = [(table, address + number) for number in range(len(words))]
        if not self.writable.issuperset(places):
            raise Refused(ILLEGAL_ADDRESS)
        for place, word in zip(places, words, strict=True):
            self.tables.setdefault(table, {})[place[1]] = word
            self.written.append((*place, word))

    def _identification(self, code: int, first: int) -> bytes:
        last = {1: 2, 2: 0x7F, 3: 0xFF}.get(code, 0)
        wanted = [number for number in sorted(self.objects) if first <= number <= last]
        if code == 4:
            wanted = [first] if first in self.objects else []
        if not wanted:
            raise Refused(ILLEGAL_ADDRESS)
        told = b"".join(
            bytes([number, len(self.objects[number])]) + self.objects[number].encode("ascii") for number in wanted
        )
        return bytes([0x0E, code, _CONFORMITY, 0, 0, len(wanted)]) + told


class Refused(Exception):
    """Becomes an exception response."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code
