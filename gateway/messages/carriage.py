"""How a message travels: bare or in SOAP, as the generic envelope or strongly typed. An answer travels as its request did."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lxml import etree

from gateway.cim import reply_code
from gateway.messages import catalogue, soap, typed
from gateway.messages.envelope import Envelope, EventMessage, FaultMessage, RequestMessage, Verb
from gateway.messages.errors import UnknownMessage
from gateway.messages.reader import read_element, xpath
from gateway.messages.soap import Soap
from gateway.messages.writer import Output, write_element


@dataclass(frozen=True, slots=True)
class Carriage:
    """``soap`` is the version, None for a bare message; ``wrapper`` the namespace of strongly typed messages, "" for generic."""

    soap: Soap | None = None
    wrapper: str = ""

    def http_headers(self, message: Envelope) -> dict[str, str]:
        """What HTTP says of a message that travels so. Raises CannotWrite where it cannot."""
        if self.soap is None:
            return {"Content-Type": "application/xml; charset=utf-8"}
        headers = {"Content-Type": self.soap.content_type}
        if self.soap is Soap.V11:
            headers["SOAPAction"] = f'"{self._action(message)}"'
        elif action := self._action(message):
            headers["Content-Type"] += f'; action="{action}"'
        return headers

    def _action(self, message: Envelope) -> str:
        """The action of a strongly typed request or event; "" for answers and for the generic envelope, which have none."""
        if not self.wrapper or not isinstance(message, RequestMessage | EventMessage):
            return ""
        get = message.header.verb is Verb.GET
        return typed.action(typed.element_name(message, self.wrapper), message.header.noun, get=get)


BARE = Carriage()


def read_root(root: etree._Element) -> tuple[Any, Carriage]:
    """The message of a document whose namespaces are those of 2013. Raises UnknownMessage and SchemaViolation."""
    element, version = soap.unwrap(root)
    known = catalogue.declared_as(element)
    if known is not None:
        return read_element(element, *known), Carriage(version)
    wrapper = typed.wrapper(element)
    if wrapper is not None:
        return typed.read_typed(element, wrapper), Carriage(version, wrapper.namespace)
    raise _unknown(element)


def _unknown(element: etree._Element) -> UnknownMessage:
    """The noun is not known; or it is, and this edition of it is not."""
    name = etree.QName(element)
    space = name.namespace or ""
    what = f"{name.localname} in the namespace {space!r} is no message that is known here"
    if name.localname in catalogue.envelopes():
        return UnknownMessage(
            f"{what}: no envelope of 61968-100 has it", xpath=xpath(element), code=reply_code.REVISION_NOT_SUPPORTED
        )
    if name.localname in catalogue.PAYLOADS:
        return UnknownMessage(
            f"{what}: this edition is not read", xpath=xpath(element), code=reply_code.REVISION_NOT_SUPPORTED
        )
    return UnknownMessage(what, xpath=xpath(element))


def write_carried(message: Any, output: Output, carriage: Carriage = BARE) -> None:
    """One message, dressed. Raises CannotWrite."""
    fault = isinstance(message, FaultMessage)
    if carriage.soap is not None:
        output.append(soap.opening(carriage.soap, fault=fault))
    if carriage.wrapper:
        typed.write_typed(message, carriage.wrapper, output)
    else:
        write_element(message, output)
    if carriage.soap is not None:
        output.append(soap.closing(carriage.soap, fault=fault))
