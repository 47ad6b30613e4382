"""Strongly typed messages: the envelope under an element that names verb and noun, as SOAP services have it.

    RequestMessage   create EndDeviceControls   {.../EndDeviceControlsMessage}CreateEndDeviceControls
    RequestMessage   get MeterReadings          {.../GetMeterReadingsMessage}GetMeterReadings
    EventMessage     created MeterReadings      {.../MeterReadingsMessage}CreatedMeterReadings
    ResponseMessage                             {.../MeterReadingsMessage}MeterReadingsResponseMessage
    FaultMessage                                {.../MeterReadingsMessage}MeterReadingsFaultMessage

Header, Request, Reply and Payload stand in the wrapper's namespace. So do the elements directly in a Payload and in the
Request of a Get, which are of the wrapper's own types; all others stand in the namespace of the envelope. Both places are
read. The host with ``www.`` is of the drafts, other years were seen (2017); all are read, and a draft is answered in the
namespace of 2011, any other in its own. The answer to a Get stands in the namespace of that Get.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from lxml import etree

from gateway.cim import reply_code
from gateway.messages.datatypes import print_attribute
from gateway.messages.editions import ED2
from gateway.messages.envelope import (
    Envelope,
    EventMessage,
    FaultMessage,
    RequestMessage,
    ResponseMessage,
    Verb,
)
from gateway.messages.errors import CannotWrite, SchemaViolation
from gateway.messages.reader import reader, xpath
from gateway.messages.writer import Output, Step, content, write_root

_NAMESPACE = re.compile(r"http://(www\.)?iec\.ch/TC57/20[0-9]{2}/(Get)?([A-Za-z]+)Message\Z")
_PARTS = ("Header", "Request", "Reply", "Payload")
#: Parts whose own elements are of the wrapper's types.
_LOCAL = ("Request", "Payload")

REQUESTS = (Verb.CREATE, Verb.CHANGE, Verb.CANCEL, Verb.CLOSE, Verb.DELETE, Verb.EXECUTE, Verb.GET)
EVENTS = (Verb.CREATED, Verb.CHANGED, Verb.CANCELED, Verb.CLOSED, Verb.DELETED, Verb.EXECUTED)

#: Named without their verb: answers, and requests of the drafts.
_ANSWERS_AND_DRAFTS: tuple[type, ...] = (ResponseMessage, FaultMessage, RequestMessage)


def namespace(noun: str, *, get: bool = False) -> str:
    """The namespace of a noun's wrappers, or of its Get's."""
    return f"http://iec.ch/TC57/2011/{'Get' if get else ''}{noun}Message"


def written_namespace(space: str) -> str:
    """The namespace in which wrappers of ``space`` are answered: their own, but that of 2011 for those of the drafts.

    Raises ValueError where ``space`` is no namespace of wrappers.
    """
    match = _NAMESPACE.match(space)
    if match is None:
        raise ValueError(f"{space} is no namespace of strongly typed messages")
    return namespace(match.group(3), get=match.group(2) is not None) if match.group(1) else space


def action(element: str, noun: str, *, get: bool = False) -> str:
    """The SOAP action of an operation, which has the name of its wrapper element."""
    return f"http://iec.ch/TC57/2011/{'Get' if get else ''}{noun}/{element}"


@dataclass(frozen=True, slots=True)
class Wrapper:
    """What the name of a wrapper says: which message, of which noun, and with which verb ("" for answers)."""

    kind: type
    noun: str
    verb: str
    namespace: str


def wrapper(element: etree._Element) -> Wrapper | None:
    """What a wrapper element is; None where it is none."""
    name = etree.QName(element)
    match = _NAMESPACE.match(name.namespace or "")
    if match is None:
        return None
    space, noun = match.string, match.group(3)
    for kind in _ANSWERS_AND_DRAFTS:
        # Both are seen for the answer to a Get: with its name, and with that of its noun.
        if name.localname in (noun + kind.__name__, f"Get{noun}{kind.__name__}"):
            return Wrapper(kind, noun, "", space)
    for verb in (*REQUESTS, *EVENTS):
        if name.localname == verb.capitalize() + noun:
            return Wrapper(RequestMessage if verb in REQUESTS else EventMessage, noun, verb, space)
    return None


def read_typed(element: etree._Element, found: Wrapper) -> Any:
    """The message in a wrapper. Raises SchemaViolation, also where the header says another verb or noun."""
    inside = f"{{{found.namespace}}}"
    for part in element:
        if str(part.tag).startswith(inside) and (name := etree.QName(part).localname) in _PARTS:
            part.tag = f"{{{ED2.envelope}}}{name}"
            for child in part if name in _LOCAL else ():
                if str(child.tag).startswith(inside):
                    child.tag = f"{{{ED2.envelope}}}{etree.QName(child).localname}"
    message = reader(found.kind, ED2.envelope)(element)
    if not isinstance(message, FaultMessage):
        _agree(found, message.header, element)
    return message


def _agree(found: Wrapper, header: Any, element: etree._Element) -> None:
    name = etree.QName(element).localname
    if found.verb and header.verb != found.verb:
        what = f"the verb is {header.verb}, and the message a {name}"
        raise SchemaViolation(what, xpath=f"{xpath(element)}/Header/Verb", code=reply_code.INVALID_VERB)
    if header.noun != found.noun:
        what = f"the noun is {header.noun}, and the message a {name}"
        raise SchemaViolation(what, xpath=f"{xpath(element)}/Header/Noun", code=reply_code.INVALID_NOUN)


def write_typed(message: Envelope, space: str, output: Output) -> None:
    """One strongly typed message in the namespace ``space``. Raises CannotWrite."""
    name, kind = element_name(message, space), type(message)
    get = isinstance(message, RequestMessage) and message.header.verb is Verb.GET
    local = _LOCAL if get else ("Payload",)
    declarations = f'xmlns:w="{print_attribute(space)}" xmlns="{print_attribute(output.edition.envelope)}"'
    write_root(message, output, f"w:{name}", declarations, _inside(kind, local))


def _inside(kind: type, local: tuple[str, ...]) -> Step:
    return content(kind, "w:", local)


def element_name(message: Envelope, space: str) -> str:
    """The wrapper element of a message in ``space``. Raises CannotWrite where there is none."""
    match = _NAMESPACE.match(space)
    if match is None:
        raise CannotWrite(f"{space} is no namespace of strongly typed messages", xpath="")
    noun = match.group(3)
    if isinstance(message, FaultMessage):
        return f"{noun}FaultMessage"
    if message.header.noun != noun:
        raise CannotWrite(f"a message of {message.header.noun} in the namespace {space}", xpath="/Header/Noun")
    if isinstance(message, ResponseMessage):
        return f"{noun}ResponseMessage"
    verbs = REQUESTS if isinstance(message, RequestMessage) else EVENTS
    if not isinstance(message, RequestMessage | EventMessage) or message.header.verb not in verbs:
        what = f"no strongly typed message is a {type(message).__name__} with the verb {message.header.verb}"
        raise CannotWrite(what, xpath="/Header/Verb")
    return message.header.verb.capitalize() + noun
