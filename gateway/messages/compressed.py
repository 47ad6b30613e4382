"""Payloads that travel compressed: gzip, then base64, in the element Compressed.

What is sent is the same bytes each time: the gzip header carries no time and no name. What is received is unpacked only up
to the size a message may have, whatever it claims, so that a small message cannot fill the memory.
"""

from __future__ import annotations

import base64
import binascii
import gzip
import zlib
from typing import Any

from gateway.messages import codec, intake
from gateway.messages.editions import ED2, KNOWN, Edition, Known
from gateway.messages.envelope import Payload
from gateway.messages.errors import MessageError, SchemaViolation, TooLarge

_GZIP = b"\x1f\x8b"
#: zlib's sign for "a gzip header and trailer belong to it".
_GZIP_WINDOW = 16 + zlib.MAX_WBITS
#: Members of one gzip file: parallel packers make one a block. Each costs a copy of what follows it.
_MOST_MEMBERS = 256

#: What Format says of a compressed message; only a hint, so any word is read.
FORMAT = "XML"


def compress(message: object, edition: Edition = ED2) -> Payload:
    """``message`` as a compressed payload. Raises CannotWrite."""
    packed = gzip.compress(codec.to_bytes(message, edition), mtime=0)
    return Payload(compressed=base64.b64encode(packed).decode("ascii"), format=FORMAT)


def expand(payload: Payload, *, known: Known = KNOWN, most_bytes: int = intake.MOST_BYTES) -> tuple[Any, ...]:
    """The messages in a payload: those that stand in it, or the one that is compressed in it.

    Raises MessageError: SchemaViolation where it is no base64 or gzip, TooLarge, and everything that ``codec.read`` raises.
    """
    if payload.compressed is None:
        return payload.content
    try:
        return (codec.read(unpack(payload.compressed, most_bytes), known=known, most_bytes=most_bytes).message,)
    except MessageError as error:
        error.where = error.xpath = f"Compressed:{error.xpath}"
        raise


def unpack(text: str, most_bytes: int = intake.MOST_BYTES) -> bytes:
    """The bytes in the text of a Compressed element; gzip is undone. Raises SchemaViolation and TooLarge."""
    data = _decode(text)
    if not data.startswith(_GZIP):
        return data
    pieces: list[bytes] = []
    size = 0
    while data:
        if len(pieces) == _MOST_MEMBERS:
            raise TooLarge(f"the compressed payload has more than {_MOST_MEMBERS} parts")
        member = zlib.decompressobj(_GZIP_WINDOW)
        try:
            piece = member.decompress(data, most_bytes + 1 - size)
        except zlib.error as error:
            raise _damaged(f"the gzip data are damaged: {error}") from error
        size += len(piece)
        if size > most_bytes:
            raise TooLarge(f"the compressed payload is larger than {most_bytes} bytes")
        if not member.eof:
            raise _damaged("the gzip data end too early")
        pieces.append(piece)
        # RFC 1952: a file may hold several members, one after another; zeros may pad it.
        data = member.unused_data.lstrip(b"\0")
    return b"".join(pieces)


def _decode(text: str) -> bytes:
    """Base64, or the older uuencode that the standard's own words name."""
    stripped = text.strip()
    try:
        if stripped.startswith("begin "):
            lines = stripped.splitlines()[1:]
            return b"".join(binascii.a2b_uu(line) for line in lines if line not in ("end", "`"))
        return base64.b64decode("".join(stripped.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise _damaged(f"neither base64 nor uuencode: {error}") from error


def _damaged(what: str) -> SchemaViolation:
    return SchemaViolation(what, xpath="")
