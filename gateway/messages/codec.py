"""Messages to bytes and back: ``write``, ``read``, and ``schema`` of any payload and of the envelope."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import IO, Any

from gateway.messages import catalogue, intake
from gateway.messages.carriage import BARE, Carriage, read_root, write_carried
from gateway.messages.editions import ED2, KNOWN, Edition, Known
from gateway.messages.writer import XML_DECLARATION, Output, Sink
from gateway.messages.xsd import xsd

__all__ = ["BARE", "Carriage", "Document", "Sink", "read", "schema", "to_bytes", "write"]


@dataclass(frozen=True, slots=True)
class Document:
    """What was read, of which edition it was, and how it travelled."""

    message: Any
    edition: Edition
    carriage: Carriage = BARE


def read(source: bytes | Path | IO[bytes], *, known: Known = KNOWN, most_bytes: int = intake.MOST_BYTES) -> Document:
    """Read one message strictly, bare or in SOAP, generic or strongly typed.

    Raises MessageError (NotXml, TooLarge, UnknownMessage, SchemaViolation), OSError.
    """
    data = intake.load(source, most_bytes)
    root = intake.parse(data)
    edition = known.to_2013(root, data)
    message, carriage = read_root(root)
    return Document(message, edition, carriage)


def write(message: object, sink: Sink, edition: Edition = ED2, carriage: Carriage = BARE) -> None:
    """Write ``message`` as a document, streamed. Raises CannotWrite with the place of the fault."""
    output = Output(sink, edition)
    output.append(XML_DECLARATION)
    write_carried(message, output, carriage)
    output.append("\n")
    output.drain()


def to_bytes(message: object, edition: Edition = ED2, carriage: Carriage = BARE) -> bytes:
    """The whole document, for messages that are known to be small."""
    buffer = BytesIO()
    write(message, buffer, edition, carriage)
    return buffer.getvalue()


def schema(name: str, edition: Edition = ED2) -> str:
    """The XML Schema of a payload, or of the whole envelope for any of its roots. Raises UnknownMessage."""
    if name in catalogue.envelopes():
        return xsd(catalogue.envelopes(), edition.envelope)
    declared = catalogue.declared(name)
    return xsd({edition.element(name): declared}, edition.namespace(name))
