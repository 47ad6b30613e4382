"""The door for messages of others: bytes in, what is asked or the answer that refuses it out.

Whatever the bytes are, there is an answer, with the reply code and the place of the fault. It is a ResponseMessage with the
sender's CorrelationID where the header can be read that far, else a FaultMessage; and it travels as the message did.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from lxml import etree

from gateway.cim import reply_code
from gateway.messages import intake, replies, soap, typed
from gateway.messages.carriage import BARE, Carriage, read_root
from gateway.messages.codec import to_bytes
from gateway.messages.editions import ED2, KNOWN, Edition, Known
from gateway.messages.envelope import (
    EventMessage,
    FaultMessage,
    Header,
    Message,
    Reply,
    RequestMessage,
    ResponseMessage,
    Verb,
)
from gateway.messages.errors import MessageError, UnknownMessage
from gateway.messages.exchange import fault, response
from gateway.messages.reader import xpath
from gateway.messages.rules import Asked, asked

#: No noun or identifier is longer; what is, is not sent back.
_LONGEST = 1000


@dataclass(frozen=True, slots=True)
class Way:
    """How an answer goes back: in an edition that may be written, carried as the message was."""

    edition: Edition = ED2
    carriage: Carriage = BARE

    def to_bytes(self, answer: ResponseMessage | FaultMessage) -> bytes:
        """The answer as it is sent. Raises CannotWrite."""
        return to_bytes(answer, self.edition, self.carriage)


@dataclass(frozen=True, slots=True)
class Taken:
    """A message that is well formed and asks for what can be asked; ``asked`` are the operations of an OperationSet."""

    message: RequestMessage | EventMessage | Message
    asked: tuple[Asked, ...]
    way: Way

    @property
    def header(self) -> Header:
        return self.message.header


@dataclass(frozen=True, slots=True)
class Refused:
    """The answer to a message that is not taken, and why."""

    answer: ResponseMessage | FaultMessage
    problem: MessageError
    way: Way

    def to_bytes(self) -> bytes:
        """The answer as it is sent."""
        return self.way.to_bytes(self.answer)


def receive(
    data: bytes, *, at: datetime, source: str, known: Known = KNOWN, most_bytes: int = intake.MOST_BYTES
) -> Taken | Refused:
    """Read a request. ``at`` and ``source`` are for the answer that refuses it. Raises no MessageError."""
    try:
        root = intake.parse(intake.load(data, most_bytes))
    except MessageError as problem:
        return Refused(fault(_failed(problem)), problem, Way())
    edition = known.to_2013(root, data)
    written = edition if edition.written else ED2
    try:
        message, carriage = read_root(root)
        if not isinstance(message, RequestMessage | EventMessage | Message):
            raise _no_request(message)
        wanted = asked(message, edition, known, most_bytes, xpath(soap.unwrap(root)[0]))
    except MessageError as problem:
        return _refuse(problem, root, written, at, source)
    return Taken(message, wanted, Way(written, _back(carriage)))


def _no_request(message: object) -> UnknownMessage:
    name = type(message).__name__
    if isinstance(message, ResponseMessage | FaultMessage):
        return UnknownMessage(
            f"a {name} answers, and nothing was asked here", xpath=f"/{name}", code=reply_code.INVALID_VERB
        )
    return UnknownMessage(
        f"{name} without an envelope asks for nothing", xpath=f"/{name}", code=reply_code.HEADER_ELEMENT_MISSING
    )


def _back(carriage: Carriage) -> Carriage:
    """An answer goes in the namespace of its request's wrapper; none is written in that of a draft."""
    return replace(carriage, wrapper=typed.written_namespace(carriage.wrapper)) if carriage.wrapper else carriage


def _failed(problem: MessageError) -> Reply:
    return replies.failed([problem])


def _refuse(problem: MessageError, root: etree._Element, edition: Edition, at: datetime, source: str) -> Refused:
    element, version = root, None
    try:
        element, version = soap.unwrap(root)
    except MessageError:
        if (name := etree.QName(root)).namespace in [one.value for one in soap.Soap]:
            version = soap.Soap(name.namespace)
    wrapper = typed.wrapper(element)
    space = typed.written_namespace(wrapper.namespace) if wrapper else ""
    header = _header(element, wrapper.noun if wrapper else "")
    way = Way(edition, Carriage(version, space))
    if header is None:
        return Refused(fault(_failed(problem)), problem, way)
    return Refused(response(header, _failed(problem), at=at, source=source, edition=edition), problem, way)


def _header(element: etree._Element, noun: str) -> Header | None:
    """As much of the header as an answer needs: the noun, and an identifier to find the request by. None without it."""
    header = next((part for part in element if etree.QName(part).localname == "Header"), None)
    if header is None or etree.QName(element).localname.endswith(("ResponseMessage", "FaultMessage")):
        return None
    texts = {etree.QName(part).localname: (part.text or "").strip() for part in header if not len(part)}
    noun = noun or texts.get("Noun", "")
    identifiers = texts.get("CorrelationID") or None, texts.get("MessageID") or None
    if not noun or identifiers == (None, None) or max(map(len, texts.values())) > _LONGEST:
        return None
    return Header(
        verb=Verb.GET,
        noun=noun,
        revision=texts.get("Revision") or None,
        correlation_id=identifiers[0],
        message_id=identifiers[1],
    )
