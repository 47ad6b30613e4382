"""What both sides of an association can do, negotiated by the initiate request and response (IEC 62056-5-3, 7.3).

The initiate request is written by dlms-cosem; the response is read here, because meters leave fields out.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntFlag

from drivers.dlms.bytes_reader import Damaged, Reader
from drivers.dlms.secret import Secret

INITIATE_REQUEST, INITIATE_RESPONSE, CONFIRMED_SERVICE_ERROR = 0x01, 0x08, 0x0E


class Conformance(IntFlag):
    """The conformance block; bit 0 of the standard is the most significant of 24."""

    GENERAL_PROTECTION = 1 << 22
    GENERAL_BLOCK_TRANSFER = 1 << 21
    READ = 1 << 20
    WRITE = 1 << 19
    UNCONFIRMED_WRITE = 1 << 18
    DELTA_VALUE_ENCODING = 1 << 17
    ATTRIBUTE_0_WITH_SET = 1 << 15
    PRIORITY = 1 << 14
    ATTRIBUTE_0_WITH_GET = 1 << 13
    BLOCK_TRANSFER_WITH_GET = 1 << 12
    BLOCK_TRANSFER_WITH_SET = 1 << 11
    BLOCK_TRANSFER_WITH_ACTION = 1 << 10
    MULTIPLE_REFERENCES = 1 << 9
    INFORMATION_REPORT = 1 << 8
    DATA_NOTIFICATION = 1 << 7
    ACCESS = 1 << 6
    PARAMETERIZED_ACCESS = 1 << 5
    GET = 1 << 4
    SET = 1 << 3
    SELECTIVE_ACCESS = 1 << 2
    EVENT_NOTIFICATION = 1 << 1
    ACTION = 1 << 0


C = Conformance
#: What this client can do, by logical and by short names. Delta values are understood; attribute 0 is never asked for.
LOGICAL_NAMES = (
    C.GENERAL_PROTECTION | C.GENERAL_BLOCK_TRANSFER | C.PRIORITY | C.BLOCK_TRANSFER_WITH_GET | C.BLOCK_TRANSFER_WITH_SET
    | C.BLOCK_TRANSFER_WITH_ACTION | C.MULTIPLE_REFERENCES | C.GET | C.SET | C.SELECTIVE_ACCESS | C.EVENT_NOTIFICATION
    | C.ACTION
)  # fmt: skip
SHORT_NAMES = (
    C.GENERAL_PROTECTION | C.GENERAL_BLOCK_TRANSFER | C.READ | C.WRITE | C.BLOCK_TRANSFER_WITH_GET
    | C.BLOCK_TRANSFER_WITH_SET | C.MULTIPLE_REFERENCES | C.INFORMATION_REPORT | C.PARAMETERIZED_ACCESS
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Initiated:
    """The meter's answer: what may be used, the largest APDU it takes, and the name of its virtual device (7 or FA00)."""

    conformance: Conformance
    pdu_size: int
    vaa_name: int
    version: int = 6


class _Block:
    """The conformance as dlms-cosem's InitiateRequest wants it: something with ``to_bytes``."""

    def __init__(self, conformance: Conformance) -> None:
        self._octets = b"\x00" + int(conformance).to_bytes(3, "big")

    def to_bytes(self) -> bytes:
        return self._octets


def initiate_request(conformance: Conformance, pdu_size: int = 0xFFFF, dedicated_key: Secret | None = None) -> bytes:
    """The initiate request. ``pdu_size`` is what we take; 65 535 and not 0, which some meters refuse."""
    from dlms_cosem.protocol.xdlms import InitiateRequest

    return bytes(
        InitiateRequest(
            proposed_conformance=_Block(conformance),
            client_max_receive_pdu_size=pdu_size,
            dedicated_key=dedicated_key.reveal() if dedicated_key else None,
        ).to_bytes()
    )


def parse_initiate_response(apdu: bytes) -> Initiated:
    """Read an initiate response. Raises Damaged."""
    reader = Reader(apdu)
    if reader.byte() != INITIATE_RESPONSE:
        raise Damaged(f"no initiate response: {apdu[:16].hex()}")
    if reader.optional():
        reader.byte()  # quality of service, of no use
    version = reader.byte()
    # [APPLICATION 31] in one octet of tag by older devices, in two by the standard; then its length, and unused bits.
    if reader.take(1) != b"\x5f":
        raise Damaged("an initiate response without its conformance")
    if reader.peek() == 0x1F:
        reader.byte()
    block = reader.octets()
    if len(block) != 4:
        raise Damaged(f"a conformance of {len(block)} octets")
    conformance = Conformance(int.from_bytes(block[1:], "big"))
    pdu_size = reader.number(2)
    vaa_name = reader.number(2) if reader.left >= 2 else 0x0007
    return Initiated(conformance, pdu_size, vaa_name, version)
