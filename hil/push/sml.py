"""SML telegrams of German meters: transport version 1, open, list and close response (SML 1.04, BSI TR-03109-1 annex IV).

    1B1B1B1B 01010101  messages  padding  1B1B1B1B 1A <padding> <CRC low> <CRC high>

A data file gives the server id, the list entries and the maker's quirks; numbers grow by ``step`` from telegram to
telegram.
"""

from __future__ import annotations

import tomllib
from typing import Any

from hil.catalogue import EmulateArguments, data_file
from hil.faults import Faults
from hil.pty_line import PtyLine
from hil.push.checks import CRCS
from hil.push.loop import FAULTS, PushLine, serve_on_pty
from hil.wire import wire

_ESCAPE = b"\x1b\x1b\x1b\x1b"
_START = _ESCAPE + b"\x01\x01\x01\x01"
_OCTETS, _INTEGER, _UNSIGNED, _LIST = 0x0, 0x5, 0x6, 0x7
_ABSENT = b"\x01"
_OPEN, _LIST_RESPONSE, _CLOSE = 0x0101, 0x0701, 0x0201


def _type_length(kind: int, count: int) -> bytes:
    """A type-length field. ``count``: bytes of the value, or elements of a list; only the former count the field too."""
    for size in (1, 2, 3):
        length = count if kind == _LIST else count + size
        if length < 16**size:
            nibbles = [length >> 4 * (size - 1 - place) & 0xF for place in range(size)]
            return bytes(
                (0x80 if place < size - 1 else 0) | (kind << 4 if place == 0 else 0) | nibble
                for place, nibble in enumerate(nibbles)
            )
    raise ValueError(f"{count} is too long")


def octets(value: bytes) -> bytes:
    return _type_length(_OCTETS, len(value)) + value


def unsigned(value: int, size: int) -> bytes:
    return _type_length(_UNSIGNED, size) + value.to_bytes(size, "big")


def integer(value: int, size: int) -> bytes:
    return _type_length(_INTEGER, size) + value.to_bytes(size, "big", signed=True)


def sequence(*elements: bytes) -> bytes:
    return _type_length(_LIST, len(elements)) + b"".join(elements)


class SmlMeter:
    """Makes the telegrams of one data file."""

    def __init__(self, data: dict[str, Any]) -> None:
        self.line = PushLine(**data["line"])
        self._crc = CRCS[data.get("check", "x25")]
        self._server = bytes.fromhex(data["server_id"])
        self._list_name = bytes.fromhex(data.get("list_name", "0100620AFFFF"))
        self._entries: list[dict[str, Any]] = data["entry"]
        #: The maker leaves the choice of SML_Time out and sends the seconds alone.
        self._bare_time = bool(data.get("bare_time", False))
        self._signature = bytes.fromhex(data.get("signature", ""))
        self._seconds = int(data.get("seconds_index", 1_000_000))

    def telegram(self, number: int, wrong: bool = False) -> bytes:
        """The telegram of that number, as it stands on the wire; with a wrong CRC at its end if so asked."""
        messages = (
            self._message(number, 0, _OPEN, sequence(_ABSENT, _ABSENT, octets(_counted(number)), *self._opening()))
            + self._message(number, 1, _LIST_RESPONSE, self._list(number))
            + self._message(number, 2, _CLOSE, sequence(_ABSENT))
        )
        padding = -len(messages) % 4
        body = messages.replace(_ESCAPE, _ESCAPE + _ESCAPE) + bytes(padding)
        framed = _START + body + _ESCAPE + b"\x1a" + bytes([padding])
        crc = self._crc(framed) ^ (0x5A5A if wrong else 0)
        return framed + crc.to_bytes(2, "little")

    def _opening(self) -> tuple[bytes, ...]:
        return octets(self._server), _ABSENT, _ABSENT

    def _message(self, number: int, place: int, tag: int, body: bytes) -> bytes:
        """Transaction, group, what to do at an error, the body with its tag, CRC, end."""
        inside = (
            _type_length(_LIST, 6)
            + octets(_counted(3 * number + place))
            + unsigned(0, 1)
            + unsigned(0, 1)
            + sequence(unsigned(tag, 2), body)
        )
        return inside + b"\x63" + self._crc(inside).to_bytes(2, "little") + b"\x00"

    def _list(self, number: int) -> bytes:
        seconds = unsigned(self._seconds + int(number * self.line.every_s), 4)
        return sequence(
            _ABSENT,
            octets(self._server),
            octets(self._list_name),
            seconds if self._bare_time else sequence(unsigned(1, 1), seconds),
            sequence(*(_entry(entry, number) for entry in self._entries)),
            octets(self._signature) if self._signature else _ABSENT,
            _ABSENT,
        )


def _counted(number: int) -> bytes:
    return (0x00A51000 + number).to_bytes(4, "big")


def _entry(entry: dict[str, Any], number: int) -> bytes:
    """Name, status, time, unit, scaler, value, signature."""
    return sequence(
        octets(bytes.fromhex(entry["obis"])),
        unsigned(entry["status"], entry.get("status_bytes", 4)) if "status" in entry else _ABSENT,
        _ABSENT,
        unsigned(entry["unit"], 1) if "unit" in entry else _ABSENT,
        integer(entry["scaler"], 1) if "scaler" in entry else _ABSENT,
        _value(entry, number),
        _ABSENT,
    )


def _value(entry: dict[str, Any], number: int) -> bytes:
    """``octets``: hex. Else a number of ``bytes`` bytes, signed or not. A number that does not fit goes out as its lowest
    bytes, which is what some makers do: a negative one as an unsigned, a large one as a signed of too few bytes."""
    if "octets" in entry:
        return octets(bytes.fromhex(entry["octets"]))
    value, size = entry["value"] + number * entry.get("step", 0), entry["bytes"]
    if entry.get("signed", False):
        half = 256**size // 2
        return integer((value + half) % 256**size - half, size)
    return unsigned(value % 256**size, size)


async def serve(arguments: EmulateArguments) -> None:
    """Push the telegrams of ``arguments.profile`` until cancelled. Raises ValueError for an unknown fault."""
    meter = SmlMeter(tomllib.loads(data_file(arguments.profile).read_text()))
    faults = Faults(arguments.faults, FAULTS)
    line = PtyLine(meter.line.baud, wire(faults, real=arguments.real), arguments.link)
    await serve_on_pty(meter.line, meter.telegram, faults, line, arguments.announce)
