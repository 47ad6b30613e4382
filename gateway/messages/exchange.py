"""What the gateway says: payloads wrapped as events, and answers to requests.

Nothing here reads a clock: ``at`` is the Timestamp (UTC), and the MessageID follows from the content, so that what is made
anew is the same message, byte for byte where ``at`` is the same.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from gateway.messages.compressed import compress
from gateway.messages.editions import ED2, Edition
from gateway.messages.envelope import (
    EventMessage,
    FaultMessage,
    Header,
    Message,
    Payload,
    Reply,
    RequestMessage,
    ResponseMessage,
    Verb,
)
from gateway.messages.identity import message_id

_Answer = TypeVar("_Answer", EventMessage, ResponseMessage)


def event(
    content: object,
    *,
    at: datetime,
    source: str,
    verb: Verb = Verb.CREATED,
    correlation_id: str | None = None,
    compressed: bool = False,
    edition: Edition = ED2,
) -> EventMessage:
    """A payload as an EventMessage of its noun. ``correlation_id`` is the MessageID of the schedule or control behind it.

    The rows of ``content`` are gone through twice. Raises CannotWrite, TypeError.
    """
    noun = type(content).__name__
    header = Header(verb=verb, noun=edition.element(noun), source=source, correlation_id=correlation_id)
    payload = compress(content, edition) if compressed else Payload(content=(content,))
    return _named(EventMessage(header=header, payload=payload), at)


def response(
    request: RequestMessage | EventMessage | Message | Header,
    reply: Reply,
    *,
    at: datetime,
    source: str,
    content: object | None = None,
    compressed: bool = False,
    edition: Edition = ED2,
) -> ResponseMessage:
    """The answer to a request, or to an event that wants one: the same noun and CorrelationID.

    A request without CorrelationID is answered with its MessageID, by which real systems find it again.
    """
    asked = request if isinstance(request, Header) else request.header
    header = Header(
        verb=Verb.REPLY,
        noun=asked.noun,
        revision=asked.revision,
        source=source,
        correlation_id=asked.correlation_id or asked.message_id,
    )
    payload = None
    if content is not None:
        payload = compress(content, edition) if compressed else Payload(content=(content,))
    return _named(ResponseMessage(header=header, reply=reply, payload=payload), at)


def fault(reply: Reply) -> FaultMessage:
    """The answer to what could not be read up to its header: there is nothing it could be correlated by."""
    return FaultMessage(reply=reply)


def _named(message: _Answer, at: datetime) -> _Answer:
    header = replace(message.header, timestamp=at, message_id=message_id(message))
    return replace(message, header=header)
