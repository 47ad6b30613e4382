"""What the schema of the envelope leaves open: which verb goes with which message and noun, and what must stand inside.

The verbs a noun is taken with are the catalogue's (``hears``). Each refusal has its reply code and the place.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from lxml import etree

from gateway.cim import reply_code
from gateway.cim.reply_code import ReplyCode
from gateway.messages import intake
from gateway.messages.catalogue import PAYLOADS
from gateway.messages.compressed import expand
from gateway.messages.declare import Foreign
from gateway.messages.editions import ED2, KNOWN, Edition, Known
from gateway.messages.envelope import (
    ID,
    EventMessage,
    Message,
    Operation,
    Payload,
    Request,
    RequestMessage,
    Verb,
)
from gateway.messages.refusals import Refusal
from gateway.messages.sense import faults
from gateway.messages.typed import EVENTS, REQUESTS

#: The noun of a message that carries many steps.
OPERATION_SET = "OperationSet"
#: What these verbs are about may be said by identifiers alone.
_BY_IDENTIFIER = (Verb.CANCEL, Verb.CLOSE, Verb.DELETE)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request, or one operation of many, wants. ``noun`` is the name of 2013; ``criteria`` the Get payload."""

    verb: Verb
    noun: str
    criteria: Any = None
    content: tuple[Any, ...] = ()
    ids: tuple[ID, ...] = ()


@dataclass(frozen=True, slots=True)
class _Rules:
    """The rules for messages of one edition; ``root`` is the path that refusals begin with."""

    edition: Edition
    known: Known
    most_bytes: int
    root: str

    def refuse(self, what: str, code: ReplyCode, path: str) -> Refusal:
        return Refusal(what, code, xpath=f"{self.root}/{path}", do="correct the message at this place")

    def noun(self, said: str, path: str) -> str:
        """The name in 2013 of a noun that is known here."""
        noun = self.edition.noun(said)
        if noun not in PAYLOADS:
            raise self.refuse(f"the noun {said} is not known here", reply_code.INVALID_NOUN, path)
        if PAYLOADS[noun].noun != noun:
            what = f"{said} stands in a Request; the noun of that message is {PAYLOADS[noun].noun}"
            raise self.refuse(what, reply_code.INVALID_NOUN, path)
        return noun

    def heard(self, verb: Verb, noun: str, path: str) -> None:
        hears = PAYLOADS[noun].hears
        if verb not in hears:
            what = f"{verb} {noun} is not taken here; {noun} is taken with: {', '.join(hears) or 'no verb'}"
            raise self.refuse(what, reply_code.INVALID_VERB, path)

    def criteria(self, noun: str, request: Request | None) -> Any:
        """The Get payload of a ``get``, where its noun has one."""
        wanted = f"Get{noun}"
        content = () if request is None else request.content
        self.fitting(content, wanted, "Request")
        if len(content) > 1:
            raise self.refuse(f"{wanted} may stand only once", reply_code.AGAINST_SCHEMA, f"Request/{wanted}[2]")
        if content:
            return content[0]
        if request is None or not (request.id or request.option or request.start_time or request.end_time):
            what = f"nothing says what to get: {wanted}, an ID, an Option or a time"
            raise self.refuse(what, reply_code.REQUEST_ELEMENT_MISSING, "Request")
        return None

    def content(self, verb: Verb, noun: str, payload: Payload | None, ids: tuple[ID, ...]) -> tuple[Any, ...]:
        """The payloads of a request to do something, unpacked."""
        content = () if payload is None else expand(payload, known=self.known, most_bytes=self.most_bytes)
        from gateway.messages.from_edition1 import in_words_of_2013  # with the first request

        content = tuple(in_words_of_2013(one) for one in content)
        self.fitting(content, noun, "Payload")
        if not content and not (verb in _BY_IDENTIFIER and ids):
            or_id = " or an ID" if verb in _BY_IDENTIFIER else ""
            what = f"{verb} {noun} needs {noun}{or_id} in the message"
            raise self.refuse(what, reply_code.PAYLOAD_ELEMENT_MISSING, f"Payload/{noun}")
        return content

    def fitting(self, content: tuple[Any, ...], wanted: str, path: str) -> None:
        for one in content:
            if isinstance(one, Foreign):
                name = etree.QName(one.name)
                what = f"{name.localname} in the namespace {name.namespace!r} is not known here"
                other_edition = self.edition.noun(name.localname) in PAYLOADS
                code = reply_code.REVISION_NOT_SUPPORTED if other_edition else reply_code.INVALID_NOUN
                raise self.refuse(what, code, f"{path}/{name.localname}")
            if type(one).__name__ != wanted:
                what = f"{type(one).__name__} where the header's noun wants {wanted}"
                raise self.refuse(what, reply_code.INVALID_NOUN, f"{path}/{type(one).__name__}")
            for senseless in faults(one, f"{self.root}/{path}/{wanted}"):
                raise senseless

    def operations(self, payload: Payload | None) -> Iterator[Asked]:
        if payload is None or payload.operation_set is None or not payload.operation_set.operation:
            what = "an OperationSet with operations must be in the Payload"
            raise self.refuse(what, reply_code.PAYLOAD_ELEMENT_MISSING, "Payload/OperationSet")
        for number, operation in enumerate(payload.operation_set.operation, 1):
            yield self.operation(operation, f"Payload/OperationSet/Operation[{number}]")

    def operation(self, operation: Operation, path: str) -> Asked:
        if operation.noun is None or operation.verb is None:
            what = f"operation {operation.operation_id} needs a noun and a verb"
            raise self.refuse(what, reply_code.PAYLOAD_ELEMENT_MISSING, path)
        noun = self.noun(operation.noun, f"{path}/noun")
        if operation.verb not in REQUESTS or operation.verb in (Verb.GET, Verb.EXECUTE):
            what = f"{operation.verb} is no verb of an operation"
            raise self.refuse(what, reply_code.INVALID_VERB, f"{path}/verb")
        verb = Verb(operation.verb)
        self.heard(verb, noun, f"{path}/verb")
        if operation.content is None:
            what = f"operation {operation.operation_id} needs {noun}"
            raise self.refuse(what, reply_code.PAYLOAD_ELEMENT_MISSING, f"{path}/{noun}")
        self.fitting((operation.content,), noun, path)
        return Asked(verb, noun, content=(operation.content,))


def asked(
    message: RequestMessage | EventMessage | Message,
    edition: Edition = ED2,
    known: Known = KNOWN,
    most_bytes: int = intake.MOST_BYTES,
    root: str = "",
) -> tuple[Asked, ...]:
    """What a message wants: one thing, or the operations of its OperationSet in their order.

    ``root`` is the path of its element where that is not its own name. Raises MessageError.
    """
    rules = _Rules(edition, known, most_bytes, root or f"/{type(message).__name__}")
    header, payload = message.header, message.payload
    request = message.request if isinstance(message, RequestMessage | Message) else None
    verbs = EVENTS if isinstance(message, EventMessage) else REQUESTS
    if header.verb not in verbs:
        what = f"{header.verb} is no verb of a {type(message).__name__}: those are {', '.join(verbs)}"
        raise rules.refuse(what, reply_code.INVALID_VERB, "Header/Verb")
    if header.noun == OPERATION_SET:
        if header.verb is not Verb.EXECUTE:
            what = f"an OperationSet is executed, not {header.verb}"
            raise rules.refuse(what, reply_code.INVALID_VERB, "Header/Verb")
        return tuple(rules.operations(payload))
    noun = rules.noun(header.noun, "Header/Noun")
    rules.heard(header.verb, noun, "Header/Verb")
    ids = (*(request.id if request else ()), *(payload.id if payload else ()))
    if header.verb is Verb.GET:
        return (Asked(header.verb, noun, criteria=rules.criteria(noun, request), ids=ids),)
    return (Asked(header.verb, noun, content=rules.content(header.verb, noun, payload, ids), ids=ids),)
