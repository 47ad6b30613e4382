"""Messages to bytes and back: ``write``, ``read``, and ``schema`` of any payload and of the envelope."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from lxml import etree

from gateway.messages import catalogue, intake
from gateway.messages.editions import ED2, KNOWN, Edition, Known
from gateway.messages.errors import UnknownMessage
from gateway.messages.reader import read_element
from gateway.messages.writer import Sink, to_bytes, write
from gateway.messages.xsd import xsd

__all__ = ["Document", "Sink", "read", "schema", "to_bytes", "write"]


@dataclass(frozen=True, slots=True)
class Document:
    """What was read, and of which edition its root was."""

    message: Any
    edition: Edition


def read(source: bytes | Path | IO[bytes], *, known: Known = KNOWN, most_bytes: int = intake.MOST_BYTES) -> Document:
    """Read one message strictly. Raises MessageError (NotXml, TooLarge, UnknownMessage, SchemaViolation), OSError."""
    data = intake.load(source, most_bytes)
    root = intake.parse(data)
    edition = known.to_2013(root, data)
    found = catalogue.declared_as(root)
    if found is None:
        name = etree.QName(root)
        raise UnknownMessage(
            f"{name.localname} in the namespace {name.namespace!r} is no message that is known here",
            xpath=f"/{name.localname}",
        )
    return Document(read_element(root, *found), edition)


def schema(name: str, edition: Edition = ED2) -> str:
    """The XML Schema of a payload, or of the whole envelope for any of its roots. Raises UnknownMessage."""
    if name in catalogue.envelopes():
        return xsd(catalogue.envelopes(), edition.envelope)
    declared = catalogue.declared(name)
    return xsd({edition.element(name): declared}, edition.namespace(name))
