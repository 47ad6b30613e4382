"""Association control (ISO/IEC 15954 in BER, IEC 62056-5-3 7.2 and annex D): AARQ, AARE, RLRQ, RLRE.

The reader takes what real meters send: an explicit protocol version, fields in another order, unknown fields, an RLRE
that is empty or longer than it says.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from drivers.dlms.bytes_reader import Damaged, Reader, octets

AARQ, AARE, RLRQ, RLRE = 0x60, 0x61, 0x62, 0x63
#: 2.16.756.5.8.1.x application contexts and 2.16.756.5.8.2.x mechanisms (Green Book 9.4.2.2).
_CONTEXT = bytes.fromhex("608574050801")
_MECHANISM = bytes.fromhex("608574050802")
#: acse-requirements: a bit string with the authentication bit set.
_AUTHENTICATION = bytes.fromhex("0780")


class Mechanism(IntEnum):
    """Authentication mechanisms (Green Book 9.2.7.2)."""

    NONE = 0
    LLS = 1
    HLS = 2
    HLS_MD5 = 3
    HLS_SHA1 = 4
    HLS_GMAC = 5
    HLS_SHA256 = 6
    HLS_ECDSA = 7


#: result-source-diagnostic of the ACSE service user (Green Book 9.4.2.4).
DIAGNOSTICS = {
    0: "no reason given",
    1: "no reason given",
    2: "the application context is not supported",
    3: "the calling system title is not recognised",
    11: "the authentication mechanism is not recognised",
    12: "authentication mechanism required",
    13: "authentication failed",
    14: "authentication required",
}


@dataclass(frozen=True, slots=True)
class Aare:
    """An answer to an AARQ. ``result`` 0 accepts, 1 rejects for good, 2 for now; ``provider`` says who gave ``diagnostic``.

    ``user_information`` is the initiate response, perhaps ciphered; empty fields were not there.
    """

    result: int
    diagnostic: int
    provider: bool = False
    context: int = 1
    title: bytes = b""
    mechanism: int | None = None
    challenge: bytes = b""
    user_information: bytes = b""
    certificate: bytes = b""


def _field(tag: int, content: bytes) -> bytes:
    return bytes((tag,)) + octets(content)


def aarq(
    context: int,
    user_information: bytes,
    *,
    mechanism: Mechanism = Mechanism.NONE,
    authentication: bytes = b"",
    title: bytes = b"",
    certificate: bytes = b"",
) -> bytes:
    """An AARQ. ``context`` 1 logical names, 2 short names, 3 and 4 the same ciphered; ``authentication`` is the password
    or the challenge."""
    content = _field(0xA1, _field(0x06, _CONTEXT + bytes((context,))))
    if title:
        content += _field(0xA6, _field(0x04, title))
    if certificate:
        content += _field(0xA7, _field(0x04, certificate))
    if mechanism:
        content += _field(0x8A, _AUTHENTICATION)
        content += _field(0x8B, _MECHANISM + bytes((mechanism,)))
        content += _field(0xAC, _field(0x80, authentication))
    content += _field(0xBE, _field(0x04, user_information))
    return _field(AARQ, content)


def rlrq(user_information: bytes = b"") -> bytes:
    """An RLRQ, reason normal. In a ciphered context it carries the initiate request again, ciphered."""
    content = _field(0x80, b"\x00")
    if user_information:
        content += _field(0xBE, _field(0x04, user_information))
    return _field(RLRQ, content)


def parse_aare(apdu: bytes) -> Aare:
    """Read an AARE. Raises Damaged."""
    reader = Reader(apdu)
    if reader.byte() != AARE:
        raise Damaged(f"no AARE: {apdu[:16].hex()}")
    reader = Reader(reader.octets())
    found: dict[int, bytes] = {}
    while reader.left:
        tag = reader.byte()
        found[tag] = reader.octets()
    if 0xA2 not in found:
        raise Damaged("an AARE without a result")
    source, diagnostic = _diagnostic(found.get(0xA3, b""))
    name = found.get(0x89, b"")
    return Aare(
        result=_number(found[0xA2]),
        diagnostic=diagnostic,
        provider=source == 0xA2,
        context=(_inner(found[0xA1])[-1:] or b"\x00")[0] if 0xA1 in found else 0,
        title=_inner(found[0xA4]) if 0xA4 in found else b"",
        mechanism=name[-1] if name else None,
        challenge=_inner(found[0xAA]) if 0xAA in found else b"",
        user_information=_inner(found[0xBE]) if 0xBE in found else b"",
        certificate=_inner(found[0xA5]) if 0xA5 in found else b"",
    )


def _inner(field: bytes) -> bytes:
    """The content of the one element inside."""
    reader = Reader(field)
    reader.byte()
    return reader.octets()


def _number(field: bytes) -> int:
    return int.from_bytes(_inner(field), "big")


def _diagnostic(field: bytes) -> tuple[int, int]:
    if not field:
        return 0xA1, 0
    reader = Reader(field)
    source = reader.byte()
    return source, _number(reader.octets())


def is_release(apdu: bytes) -> bool:
    """Whether this answers an RLRQ. Only the tag is asked: lengths that do not hold and empty ones are common."""
    return apdu[:1] == bytes((RLRE,))
