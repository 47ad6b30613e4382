"""Association requests and answers (AARQ, AARE, RLRQ, RLRE of IEC 62056-5-3), in BER, and the xDLMS initiate inside."""

from __future__ import annotations

from dataclasses import dataclass, replace

from hil.dlms.axdr import NotAxdr, Reader, length

AARQ, AARE, RLRQ, RLRE = 0x60, 0x61, 0x62, 0x63

_CONTEXT_OID = bytes.fromhex("608574050801")
_MECHANISM_OID = bytes.fromhex("608574050802")

#: Application contexts: logical or short names, without and with ciphering.
LN, SN, LN_CIPHERED, SN_CIPHERED = 1, 2, 3, 4

ACCEPTED, REJECTED_PERMANENT, REJECTED_TRANSIENT = 0, 1, 2
#: acse-service-user diagnostics.
NO_DIAGNOSTIC, NO_REASON, CONTEXT_UNSUPPORTED, MECHANISM_UNKNOWN, MECHANISM_REQUIRED = 0, 1, 2, 11, 12
AUTHENTICATION_FAILURE, AUTHENTICATION_REQUIRED = 13, 14

#: Names of conformance bits, bit 0 first (IEC 62056-5-3, xDLMS conformance block).
CONFORMANCE = (
    "", "general-protection", "general-block-transfer", "read", "write", "unconfirmed-write", "delta-value-encoding",
    "", "attribute-0-with-set", "priority-mgmt", "attribute-0-with-get", "block-transfer-with-get-or-read",
    "block-transfer-with-set-or-write", "block-transfer-with-action", "multiple-references", "information-report",
    "data-notification", "access", "parameterized-access", "get", "set", "selective-access", "event-notification",
    "action",
)  # fmt: skip


def conformance(names: frozenset[str]) -> int:
    """The 24 bits as a number, bit 0 the highest."""
    return sum(1 << (23 - bit) for bit, name in enumerate(CONFORMANCE) if name and name in names)


def conformance_names(bits: int) -> frozenset[str]:
    return frozenset(name for bit, name in enumerate(CONFORMANCE) if name and bits >> (23 - bit) & 1)


@dataclass(frozen=True, slots=True)
class Initiate:
    """An xDLMS initiate request: what the client proposes."""

    conformance: int
    max_pdu: int
    dedicated_key: bytes = b""
    response_allowed: bool = True
    dlms_version: int = 6
    quality: int | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """An association request. ``mechanism`` None: no authentication asked for. ``initiate`` may be ciphered."""

    context: int
    mechanism: int | None = None
    value: bytes = b""
    system_title: bytes = b""
    initiate: bytes = b""


def parse_request(raw: bytes) -> Request:
    """Raises NotAxdr for what is no AARQ."""
    outer = Reader(raw)
    if outer.byte() != AARQ:
        raise NotAxdr("no AARQ")
    reader = Reader(outer.octets())
    request = Request(context=0)
    while reader.left:
        tag, content = reader.byte(), Reader(reader.octets())
        if tag == 0xA1:
            request = replace(request, context=_oid(content, _CONTEXT_OID))
        elif tag == 0xA6:
            request = replace(request, system_title=_inner(content))
        elif tag == 0x8B:
            oid = content.rest()
            request = replace(request, mechanism=oid[-1] if oid[:-1] == _MECHANISM_OID else -1)
        elif tag == 0xAC:
            request = replace(request, value=_inner(content))
        elif tag == 0xBE:
            request = replace(request, initiate=_inner(content))
    return request


def _inner(reader: Reader) -> bytes:
    reader.byte()
    return reader.octets()


def _oid(reader: Reader, wanted: bytes) -> int:
    oid = _inner(reader)
    return oid[-1] if oid[:-1] == wanted else -1


def parse_initiate(raw: bytes) -> Initiate:
    """The plain initiate request. Raises NotAxdr."""
    reader = Reader(raw)
    if reader.byte() != 0x01:
        raise NotAxdr("no initiate request")
    dedicated = reader.octets() if reader.byte() else b""
    allowed = bool(reader.byte()) if reader.byte() else True
    quality = reader.byte() if reader.byte() else None
    version = reader.byte()
    if reader.take(2) != b"\x5f\x1f" or reader.number(2) != 0x0400:
        raise NotAxdr("no conformance block")
    bits, max_pdu = reader.number(3), reader.number(2)
    return Initiate(bits, max_pdu, dedicated, allowed, version, quality)


def initiate_response(bits: int, max_pdu: int, *, short_names: bool) -> bytes:
    """VAA-name 0007 for logical names, FA00 (the association's base name) for short ones."""
    vaa = 0xFA00 if short_names else 0x0007
    head = bytes.fromhex("0800065F1F0400")
    return head + bits.to_bytes(3, "big") + max_pdu.to_bytes(2, "big") + vaa.to_bytes(2, "big")


@dataclass(frozen=True, slots=True)
class Response:
    """An association response. ``name_mechanism`` False leaves the mechanism's name out although there is a value;
    ``protocol_version`` adds the default ``80 02 07 80`` explicitly, which is valid BER."""

    context: int
    result: int
    diagnostic: int
    user_information: bytes = b""
    system_title: bytes = b""
    mechanism: int | None = None
    value: bytes = b""
    name_mechanism: bool = True
    protocol_version: bool = False

    def encode(self) -> bytes:
        body = b"\x80\x02\x07\x80" if self.protocol_version else b""
        body += _field(0xA1, _field(0x06, _CONTEXT_OID + bytes([self.context])))
        body += _field(0xA2, _field(0x02, bytes([self.result])))
        body += _field(0xA3, _field(0xA1, _field(0x02, bytes([self.diagnostic]))))
        if self.system_title:
            body += _field(0xA4, _field(0x04, self.system_title))
        if self.value:
            if self.name_mechanism and self.mechanism is not None:
                body += b"\x88\x02\x07\x80" + _field(0x89, _MECHANISM_OID + bytes([self.mechanism]))
            body += _field(0xAA, _field(0x80, self.value))
        if self.user_information:
            body += _field(0xBE, _field(0x04, self.user_information))
        return _field(AARE, body)


def _field(tag: int, content: bytes) -> bytes:
    return bytes([tag]) + length(len(content)) + content


def release_response(user_information: bytes = b"") -> bytes:
    body = b"\x80\x01\x00"
    if user_information:
        body += _field(0xBE, _field(0x04, user_information))
    return _field(RLRE, body)
