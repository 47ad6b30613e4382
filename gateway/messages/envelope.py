"""The IEC 61968-100:2013 envelope: who says what to whom about which noun, and the payload inside.

A request is a RequestMessage, its answer a ResponseMessage; an EventMessage is said unasked. A FaultMessage answers what could
not be read far enough to know whom to answer. ``Message`` is the older form with every part optional.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

from gateway.messages.datatypes import QNAME
from gateway.messages.declare import attribute, foreign, many, optional, required, text
from gateway.messages.editions import ED2


class Verb(StrEnum):
    """What is done to the noun, lower case. Requests expect ``reply``; the past tenses are events."""

    CANCEL = "cancel"
    CANCELED = "canceled"
    CHANGE = "change"
    CHANGED = "changed"
    CREATE = "create"
    CREATED = "created"
    CLOSE = "close"
    CLOSED = "closed"
    DELETE = "delete"
    DELETED = "deleted"
    GET = "get"
    REPLY = "reply"
    EXECUTE = "execute"
    EXECUTED = "executed"


class Result(StrEnum):
    """How a request went."""

    OK = "OK"
    PARTIAL = "PARTIAL"
    FAILED = "FAILED"


class Level(StrEnum):
    """How bad an error is."""

    INFORM = "INFORM"
    WARNING = "WARNING"
    FATAL = "FATAL"
    CATASTROPHIC = "CATASTROPHIC"


@dataclass(frozen=True, slots=True, kw_only=True)
class ID:
    """An identifier of a thing or of a transaction. The standard names the kinds name, uuid, transaction and other."""

    value: str = text()
    id_type: str | None = attribute("idType")
    id_authority: str | None = attribute("idAuthority")
    kind: str | None = attribute("kind")
    object_type: str | None = attribute("objectType")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayDetection:
    """What makes a repeated message known as such: a nonce, and when it was made (UTC)."""

    nonce: str = required("Nonce")
    created: datetime = required("Created")


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """The person or account on whose behalf a message is sent."""

    user_id: str = required("UserID")
    organization: str | None = optional("Organization")


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageProperty:
    """A named value that the sender and the receiver have agreed on."""

    name: str = required("Name")
    value: str | None = optional("Value")


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """Verb, noun, and everything a receiver needs to answer. ``timestamp`` is when the message was made, UTC."""

    verb: Verb = required("Verb")
    noun: str = required("Noun")
    revision: str | None = optional("Revision")
    replay_detection: ReplayDetection | None = optional("ReplayDetection")
    context: str | None = optional("Context")
    timestamp: datetime | None = optional("Timestamp")
    source: str | None = optional("Source")
    async_reply_flag: bool | None = optional("AsyncReplyFlag")
    reply_address: str | None = optional("ReplyAddress")
    ack_required: bool | None = optional("AckRequired")
    user: User | None = optional("User")
    message_id: str | None = optional("MessageID")
    correlation_id: str | None = optional("CorrelationID")
    comment: str | None = optional("Comment")
    property: tuple[MessageProperty, ...] = many("Property")
    extensions: tuple[Any, ...] = foreign()


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """A named parameter of a request."""

    name: str = required("name")
    value: str | None = optional("value")


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """The parameters of a request. ``content`` is the Get payload of a ``get``; times are UTC."""

    start_time: datetime | None = optional("StartTime")
    end_time: datetime | None = optional("EndTime")
    option: tuple[Option, ...] = many("Option")
    id: tuple[ID, ...] = many("ID")
    content: tuple[Any, ...] = foreign()


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """Where in the answering system an error arose."""

    node: str | None = optional("node")
    pipeline: str | None = optional("pipeline")
    stage: str | None = optional("stage")


# Names have another order here than in the payloads: the name stands before its description.


@dataclass(frozen=True, slots=True, kw_only=True)
class NameTypeAuthority:
    """Who defines a type of name."""

    name: str = required("name")
    description: str | None = optional("description")


@dataclass(frozen=True, slots=True, kw_only=True)
class NameType:
    """What kind of name a name is."""

    name: str = required("name")
    description: str | None = optional("description")
    name_type_authority: NameTypeAuthority | None = optional("NameTypeAuthority")


@dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    """A name of a thing."""

    name: str = required("name")
    name_type: NameType | None = optional("NameType")


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorObject:
    """The thing an error is about. The standard deprecates it in favour of ID; it is read, and never written here."""

    mrid: str | None = optional("mRID")
    name: tuple[Name, ...] = many("Name")
    object_type: str | None = optional("objectType")


@dataclass(frozen=True, slots=True, kw_only=True)
class Error:
    """One thing that is wrong: ``code`` of 61968-9 Annex B (``replies.py``), ``id`` the thing it is about.

    ``xpath`` is a single element's name: the schema has xs:QName there, which no path fits. The path stands in ``details``.
    """

    code: str = required("code")
    level: Level | None = optional("level")
    reason: str | None = optional("reason")
    details: str | None = optional("details")
    xpath: str | None = optional("xpath", QNAME)
    stack_trace: str | None = optional("stackTrace")
    location: Location | None = optional("Location")
    id: ID | None = optional("ID")
    related_id: ID | None = optional("relatedID")
    object: ErrorObject | None = optional("object")
    operation_id: int | None = optional("operationId")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """How a request went; a reply to an OperationSet says for which operation."""

    result: Result = required("Result")
    error: tuple[Error, ...] = many("Error")
    id: tuple[ID, ...] = many("ID")
    content: tuple[Any, ...] = foreign()
    operation_id: int | None = optional("operationId")


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One step of an OperationSet, with its own noun, verb and payload."""

    operation_id: int = required("operationId")
    noun: str | None = optional("noun")
    verb: str | None = optional("verb")
    element_operation: bool | None = optional("elementOperation")
    content: Any = foreign(most_one=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationSet:
    """Steps to be done together, in order where ``enforce_msg_sequence``, all or none where ``..._integrity``."""

    enforce_msg_sequence: bool | None = optional("enforceMsgSequence")
    enforce_transactional_integrity: bool | None = optional("enforceTransactionalIntegrity")
    operation: tuple[Operation, ...] = many("Operation")


@dataclass(frozen=True, slots=True, kw_only=True)
class Payload:
    """One of four: messages of 61968-9 (or of others, as ``Foreign``), an OperationSet, compressed bytes, identifiers.

    ``format`` is a hint to what is in ``compressed``; ``compressed.py`` packs and unpacks it.
    """

    content: tuple[Any, ...] = foreign(group="payload")
    operation_set: OperationSet | None = optional("OperationSet", group="payload")
    compressed: str | None = optional("Compressed", group="payload")
    id: tuple[ID, ...] = many("ID", group="payload")
    format: str | None = optional("Format")


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """The form that may hold every part."""

    NAMESPACE: ClassVar[str] = ED2.envelope

    header: Header = required("Header")
    request: Request | None = optional("Request")
    reply: Reply | None = optional("Reply")
    payload: Payload | None = optional("Payload")


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestMessage:
    """Asks for something: get, create, change, cancel, close, delete, execute."""

    NAMESPACE: ClassVar[str] = ED2.envelope

    header: Header = required("Header")
    request: Request | None = optional("Request")
    payload: Payload | None = optional("Payload")


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseMessage:
    """Answers a request, with its CorrelationID, or acknowledges an event."""

    NAMESPACE: ClassVar[str] = ED2.envelope

    header: Header = required("Header")
    reply: Reply = required("Reply")
    payload: Payload | None = optional("Payload")


@dataclass(frozen=True, slots=True, kw_only=True)
class EventMessage:
    """Says that something happened: created, changed, canceled, closed, deleted, executed."""

    NAMESPACE: ClassVar[str] = ED2.envelope

    header: Header = required("Header")
    payload: Payload | None = optional("Payload")


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultMessage:
    """Answers what could not be read up to its header."""

    NAMESPACE: ClassVar[str] = ED2.envelope

    reply: Reply = required("Reply")


#: The roots, by element.
ENVELOPES: dict[str, type] = {
    kind.__name__: kind for kind in (Message, RequestMessage, ResponseMessage, EventMessage, FaultMessage)
}

Envelope = Message | RequestMessage | ResponseMessage | EventMessage | FaultMessage
