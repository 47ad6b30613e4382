"""ZigBee cluster library frames: header, data types, the general commands, and clusters that hold attributes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from hil.zigbee.fields import Reader, counted, u8, u16

READ, READ_RESPONSE, WRITE, WRITE_RESPONSE = 0x00, 0x01, 0x02, 0x04
CONFIGURE_REPORTING, CONFIGURE_REPORTING_RESPONSE, REPORT, DEFAULT_RESPONSE = 0x06, 0x07, 0x0A, 0x0B
DISCOVER, DISCOVER_RESPONSE = 0x0C, 0x0D

SUCCESS, FAILURE, NOT_FOUND = 0x00, 0x01, 0x8B
UNSUPPORTED_CLUSTER_COMMAND, UNSUPPORTED_GENERAL_COMMAND = 0x81, 0x82
UNSUPPORTED_ATTRIBUTE, READ_ONLY, UNREPORTABLE = 0x86, 0x88, 0x8C

_CLUSTER_SPECIFIC, _MANUFACTURER, _FROM_SERVER, _NO_DEFAULT_RESPONSE = 0x01, 0x04, 0x08, 0x10

#: name -> (type id, octets); signed ones begin with "s". Strings have their length in front.
TYPES: dict[str, tuple[int, int]] = {
    "bool": (0x10, 1),
    **{f"map{8 * size}": (0x17 + size, size) for size in range(1, 9)},
    **{f"u{8 * size}": (0x1F + size, size) for size in range(1, 9)},
    **{f"s{8 * size}": (0x27 + size, size) for size in range(1, 9)},
    "enum8": (0x30, 1),
    "enum16": (0x31, 2),
    "utc": (0xE2, 4),
    "eui64": (0xF0, 8),
    "octets": (0x41, 0),
    "text": (0x42, 0),
}
_STRINGS = ("octets", "text")
#: Types whose values have a distance, so that a change can be too small to be reported.
_ANALOG = frozenset((*range(0x20, 0x30), *range(0x38, 0x3B), 0xE0, 0xE1, 0xE2))
_SIZES = dict(TYPES.values())


def encode(kind: str, value: int | str) -> bytes:
    """A value as its type has it on the wire. A text of type ``octets`` is sent as its characters."""
    if kind in _STRINGS:
        return counted(str(value).encode())
    size = TYPES[kind][1]
    return int(value).to_bytes(size, "little", signed=kind.startswith("s"))


def skip(reader: Reader, type_id: int) -> bytes:
    """The octets of a value of this type."""
    size = _SIZES.get(type_id, 0)
    return reader.take(size) if size else counted(reader.counted())


@dataclass(frozen=True, slots=True)
class Frame:
    """A ZCL frame without a manufacturer's code."""

    sequence: int
    command: int
    body: bytes
    cluster_specific: bool
    from_server: bool
    wants_default_response: bool = False

    def encoded(self) -> bytes:
        control = (
            (_CLUSTER_SPECIFIC if self.cluster_specific else 0)
            | (_FROM_SERVER if self.from_server else 0)
            | (0 if self.wants_default_response else _NO_DEFAULT_RESPONSE)
        )
        return bytes((control, self.sequence, self.command)) + self.body

    def response(self, command: int, body: bytes) -> Frame:
        return Frame(self.sequence, command, body, self.cluster_specific, not self.from_server)

    def general(self, command: int, body: bytes) -> Frame:
        return Frame(self.sequence, command, body, cluster_specific=False, from_server=not self.from_server)

    def default_response(self, status: int) -> Frame:
        return self.general(DEFAULT_RESPONSE, u8(self.command) + u8(status))


def parse(data: bytes) -> Frame | None:
    """The frame in ``data``; None for one of a manufacturer's own. Raises Short when it is cut."""
    reader = Reader(data)
    control = reader.u8()
    if control & _MANUFACTURER:
        return None
    sequence, command = reader.u8(), reader.u8()
    return Frame(
        sequence,
        command,
        reader.data,
        cluster_specific=control & 3 == _CLUSTER_SPECIFIC,
        from_server=bool(control & _FROM_SERVER),
        wants_default_response=not control & _NO_DEFAULT_RESPONSE,
    )


@dataclass(slots=True)
class Attribute:
    """A value and its type. ``reportable`` False refuses reporting; ``live`` makes the value when it is read."""

    kind: str
    value: int | str
    writable: bool = False
    reportable: bool = True
    live: Callable[[], int] | None = None

    def encoded(self) -> bytes:
        value = self.value if self.live is None else self.live()
        return u8(TYPES[self.kind][0]) + encode(self.kind, value)


@dataclass(slots=True)
class Reporting:
    """How one attribute is to be reported; seconds."""

    shortest: int
    longest: int
    last: float = float("-inf")


@dataclass(slots=True)
class Attributes:
    """The attributes of one side of a cluster, and the general commands on them.

    ``room`` is what a response may hold: one to a read that asks for more ends with the last attribute that fits.
    """

    values: dict[int, Attribute] = field(default_factory=dict)
    reporting: dict[int, Reporting] = field(default_factory=dict)
    room: int = 70

    def answer(self, frame: Frame) -> Frame:
        reader = Reader(frame.body)
        if frame.command == READ:
            body = b""
            while reader.data and len(body + (record := self._read(reader.u16()))) <= self.room:
                body += record
            return frame.general(READ_RESPONSE, body)
        if frame.command == WRITE:
            return frame.general(WRITE_RESPONSE, self._write(reader))
        if frame.command == CONFIGURE_REPORTING:
            return frame.general(CONFIGURE_REPORTING_RESPONSE, self._configure(reader))
        if frame.command == DISCOVER:
            return frame.general(DISCOVER_RESPONSE, self._discover(reader))
        return frame.default_response(UNSUPPORTED_GENERAL_COMMAND)

    def _read(self, name: int) -> bytes:
        attribute = self.values.get(name)
        if attribute is None:
            return u16(name) + u8(UNSUPPORTED_ATTRIBUTE)
        return u16(name) + u8(SUCCESS) + attribute.encoded()

    def _write(self, reader: Reader) -> bytes:
        refused = b""
        while reader.data:
            name, kind = reader.u16(), reader.u8()
            value = skip(reader, kind)
            attribute = self.values.get(name)
            if attribute is None:
                refused += u8(UNSUPPORTED_ATTRIBUTE) + u16(name)
            elif not attribute.writable or TYPES[attribute.kind][0] != kind:
                refused += u8(READ_ONLY) + u16(name)
            else:
                attribute.value = int.from_bytes(value, "little", signed=attribute.kind.startswith("s"))
        return refused or u8(SUCCESS)

    def _configure(self, reader: Reader) -> bytes:
        refused = b""
        while reader.data:
            direction, name = reader.u8(), reader.u16()
            if direction:
                reader.u16()
                continue
            kind, shortest, longest = reader.u8(), reader.u16(), reader.u16()
            if kind in _ANALOG:
                skip(reader, kind)  # the reportable change: here every change is reported
            attribute = self.values.get(name)
            if attribute is None or not attribute.reportable:
                status = UNSUPPORTED_ATTRIBUTE if attribute is None else UNREPORTABLE
                refused += u8(status) + u8(0) + u16(name)
            else:
                self.reporting[name] = Reporting(shortest, longest)
        return refused or u8(SUCCESS)

    def _discover(self, reader: Reader) -> bytes:
        start, limit = reader.u16(), reader.u8()
        names = sorted(name for name in self.values if name >= start)
        listed = b"".join(u16(name) + u8(TYPES[self.values[name].kind][0]) for name in names[:limit])
        return u8(len(names) <= limit) + listed
