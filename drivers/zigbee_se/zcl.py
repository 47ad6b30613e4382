"""Frames of the Zigbee Cluster Library: the header, and the commands that every cluster has (ZCL 8, 2.4 and 2.5)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from drivers.errors import BadFrame
from drivers.zigbee_se import zcl_types
from drivers.zigbee_se.zcl_types import Octets, Value

# Frame control (2.4.1.1).
_CLUSTER_COMMAND, _MANUFACTURER, _TO_CLIENT, _NO_DEFAULT_RESPONSE = 0x01, 0x04, 0x08, 0x10

# Commands of the profile (2.5).
READ, READ_RESPONSE = 0x00, 0x01
CONFIGURE_REPORTING, CONFIGURE_REPORTING_RESPONSE = 0x06, 0x07
REPORT, DEFAULT_RESPONSE = 0x0A, 0x0B
DISCOVER, DISCOVER_RESPONSE = 0x0C, 0x0D

SUCCESS, UNSUPPORTED_COMMAND, UNSUPPORTED_ATTRIBUTE, NOT_FOUND = 0x00, 0x81, 0x86, 0x8B
MALFORMED = 0x80

#: Statuses by name, for the one who reads of a refusal (2.6.3).
STATUS = {
    0x00: "SUCCESS", 0x01: "FAILURE", 0x7E: "NOT_AUTHORIZED", 0x80: "MALFORMED_COMMAND", 0x81: "UNSUP_CLUSTER_COMMAND",
    0x82: "UNSUP_GENERAL_COMMAND", 0x85: "INVALID_FIELD", 0x86: "UNSUPPORTED_ATTRIBUTE", 0x87: "INVALID_VALUE",
    0x88: "READ_ONLY", 0x89: "INSUFFICIENT_SPACE", 0x8B: "NOT_FOUND", 0x8C: "UNREPORTABLE_ATTRIBUTE",
    0x8D: "INVALID_DATA_TYPE", 0x94: "TIMEOUT", 0x9C: "NO_IMAGE_AVAILABLE", 0xC3: "UNSUPPORTED_CLUSTER",
}  # fmt: skip


def status_name(status: int) -> str:
    """0x86 as ``0x86 UNSUPPORTED_ATTRIBUTE``."""
    return f"0x{status:02x} {STATUS.get(status, '')}".rstrip()


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame. ``tsn`` is the transaction's number; ``to_client`` the direction; ``of_cluster`` False for a command of
    the profile, whose numbers stand in this module.
    """

    command: int
    payload: bytes
    tsn: int
    of_cluster: bool = False
    to_client: bool = False
    manufacturer: int | None = None
    no_default_response: bool = True

    @classmethod
    def parse(cls, data: bytes) -> Frame:
        """Raises BadFrame when the header is not whole or names a reserved frame type."""
        octets = Octets(data)
        control = octets.number(1, "its frame control")
        if control & 0x02:
            raise BadFrame(f"frame control 0x{control:02x} is of a reserved type")
        manufacturer = octets.number(2, "the manufacturer's code") if control & _MANUFACTURER else None
        tsn = octets.number(1, "its transaction number")
        command = octets.number(1, "its command")
        return cls(
            command,
            octets.rest(),
            tsn,
            bool(control & _CLUSTER_COMMAND),
            bool(control & _TO_CLIENT),
            manufacturer,
            bool(control & _NO_DEFAULT_RESPONSE),
        )

    def __bytes__(self) -> bytes:
        control = (
            _CLUSTER_COMMAND * self.of_cluster
            | _MANUFACTURER * (self.manufacturer is not None)
            | _TO_CLIENT * self.to_client
            | _NO_DEFAULT_RESPONSE * self.no_default_response
        )
        manufacturer = b"" if self.manufacturer is None else self.manufacturer.to_bytes(2, "little")
        return bytes([control]) + manufacturer + bytes([self.tsn & 0xFF, self.command]) + self.payload


class Answer(NamedTuple):
    """An attribute's value as a device gave it, or the status in its place. ``raw`` is what stood on the wire."""

    attribute: int
    status: int
    type: int = 0
    raw: bytes = b""

    @property
    def value(self) -> Value:
        """None where the device has none: a status, or the type's invalid value."""
        return None if self.status else zcl_types.value(self.type, self.raw)


def read(attributes: Sequence[int]) -> bytes:
    """Payload of Read Attributes."""
    return b"".join(one.to_bytes(2, "little") for one in attributes)


def parse_read(payload: bytes) -> list[int]:
    octets = Octets(payload)
    wanted = []
    while octets.left:
        wanted.append(octets.number(2, "an attribute's identifier"))
    return wanted


def parse_read_response(payload: bytes) -> list[Answer]:
    """Read Attributes Response. Raises BadFrame when a record is cut short or of a type that is not decoded."""
    octets = Octets(payload)
    found = []
    while octets.left:
        attribute = octets.number(2, "an attribute's identifier")
        status = octets.number(1, f"the status of attribute 0x{attribute:04x}")
        if status:
            found.append(Answer(attribute, status))
            continue
        found.append(_answer(attribute, octets))
    return found


def read_response(answers: Iterable[Answer]) -> bytes:
    return b"".join(
        one.attribute.to_bytes(2, "little")
        + (bytes([one.status]) if one.status else b"\x00" + bytes([one.type]) + one.raw)
        for one in answers
    )


def parse_report(payload: bytes) -> list[Answer]:
    """Report Attributes. Raises BadFrame as ``parse_read_response``."""
    octets = Octets(payload)
    found = []
    while octets.left:
        found.append(_answer(octets.number(2, "an attribute's identifier"), octets))
    return found


def _answer(attribute: int, octets: Octets) -> Answer:
    what = f"attribute 0x{attribute:04x}"
    kind = octets.number(1, f"the type of {what}")
    return Answer(attribute, SUCCESS, kind, zcl_types.raw(kind, octets, what))


class Reporting(NamedTuple):
    """How an attribute shall be reported: at the most every ``least_s`` seconds, at the least every ``most_s``, and when
    it changed by ``change`` (of the attribute's type; only numbers have one).
    """

    attribute: int
    type: int
    least_s: int
    most_s: int
    change: int


def configure_reporting(wanted: Sequence[Reporting]) -> bytes:
    """Payload of Configure Reporting, the device reporting to us."""
    return b"".join(
        b"\x00"
        + one.attribute.to_bytes(2, "little")
        + bytes([one.type])
        + one.least_s.to_bytes(2, "little")
        + one.most_s.to_bytes(2, "little")
        # Bitmaps and enumerations are discrete: they have no reportable change.
        + (b"" if one.type in range(0x18, 0x20) or one.type in (0x30, 0x31) else zcl_types.encode(one.type, one.change))
        for one in wanted
    )


class Configured(NamedTuple):
    """The status of one attribute's reporting; ``attribute`` None where one status stands for all."""

    status: int
    attribute: int | None = None


def parse_configure_reporting_response(payload: bytes) -> list[Configured]:
    """Raises BadFrame when it is cut short."""
    octets = Octets(payload)
    if octets.left == 1:
        return [Configured(octets.number(1, "the status"))]
    found = []
    while octets.left:
        status, _, attribute = (octets.number(size, "a record of reporting") for size in (1, 1, 2))
        found.append(Configured(status, attribute))
    return found


class DefaultResponse(NamedTuple):
    """What became of a command that has no answer of its own."""

    command: int
    status: int


def default_response(command: int, status: int) -> bytes:
    return bytes([command, status])


def parse_default_response(payload: bytes) -> DefaultResponse:
    octets = Octets(payload)
    return DefaultResponse(octets.number(1, "the command"), octets.number(1, "the status"))


def discover(start: int, most: int) -> bytes:
    """Payload of Discover Attributes: identifiers from ``start`` on, so many at the most."""
    return start.to_bytes(2, "little") + bytes([most])


def parse_discover_response(payload: bytes) -> tuple[bool, list[tuple[int, int]]]:
    """Whether that was all, and (identifier, type) of each. Raises BadFrame when it is cut short."""
    octets = Octets(payload)
    complete = bool(octets.number(1, "whether it is all"))
    found = []
    while octets.left:
        found.append((octets.number(2, "an identifier"), octets.number(1, "a type")))
    return complete, found
