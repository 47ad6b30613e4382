"""SOAP 1.1 and 1.2 around one message (document/literal): taken off what comes, put around what goes.

Header blocks are not used here: those of WS-Addressing and the like are passed over, and one that must be understood is
refused, as SOAP demands. Who may ask what is settled by the transport (TLS, HTTP authentication), not by WS-Security.
"""

from __future__ import annotations

from enum import Enum

from lxml import etree

from gateway.cim.reply_code import MECHANISM_INSUFFICIENT
from gateway.messages.errors import SchemaViolation
from gateway.messages.reader import xpath


class Soap(Enum):
    """The version, by its namespace."""

    V11 = "http://schemas.xmlsoap.org/soap/envelope/"
    V12 = "http://www.w3.org/2003/05/soap-envelope"

    @property
    def content_type(self) -> str:
        """What HTTP says of it; SOAP 1.2 may add the action."""
        return "text/xml; charset=utf-8" if self is Soap.V11 else "application/soap+xml; charset=utf-8"


_VERSIONS = {soap.value: soap for soap in Soap}
#: The last part of the namespaces of WS-Security, of any version.
_SECURITY = "oasis-200401-wss-wssecurity-secext-1.0.xsd"


def unwrap(root: etree._Element) -> tuple[etree._Element, Soap | None]:
    """The one element in the SOAP body, or in the detail of a fault; ``root`` itself where it is no SOAP envelope.

    Raises SchemaViolation, and code 7.3 for security that must be understood.
    """
    name = etree.QName(root)
    if name.localname != "Envelope":
        return root, None
    soap = _VERSIONS.get(name.namespace or "")
    if soap is None:
        raise SchemaViolation(f"{name.namespace} is neither SOAP 1.1 nor SOAP 1.2", xpath="/Envelope")
    body = None
    for child in root:
        if child.tag == f"{{{soap.value}}}Header" and body is None:
            for block in child:
                _refuse_what_must_be_understood(block, soap)
        elif child.tag == f"{{{soap.value}}}Body" and body is None:
            body = child
        else:
            raise SchemaViolation("not a part of SOAP here", xpath=xpath(child))
    if body is None:
        raise SchemaViolation("Body is missing", xpath="/Envelope/Body")
    inside = _only(body)
    return (_detail(inside, soap) if inside.tag == f"{{{soap.value}}}Fault" else inside), soap


def _refuse_what_must_be_understood(block: etree._Element, soap: Soap) -> None:
    if block.get(f"{{{soap.value}}}mustUnderstand", "0").strip() not in ("1", "true"):
        return
    security = (etree.QName(block).namespace or "").endswith(_SECURITY)
    code = MECHANISM_INSUFFICIENT if security else None
    raise SchemaViolation("this header block must be understood, and is not", xpath=xpath(block), code=code)


def _only(parent: etree._Element) -> etree._Element:
    if len(parent) != 1:
        raise SchemaViolation(f"one message belongs here, not {len(parent)}", xpath=xpath(parent))
    return parent[0]


def _detail(fault: etree._Element, soap: Soap) -> etree._Element:
    """The message in a fault. Raises SchemaViolation with the fault's own words where it has none."""
    detail = fault.find("detail") if soap is Soap.V11 else fault.find(f"{{{soap.value}}}Detail")
    if detail is not None and len(detail) == 1:
        return detail[0]
    words = " ".join(" ".join(str(text) for text in fault.itertext()).split())
    raise SchemaViolation(f"a SOAP fault: {words[:200]}", xpath=xpath(fault))


def opening(soap: Soap, *, fault: bool) -> str:
    """What stands before the message. A fault is the receiver's word that it could not read the sender's message."""
    start = f'<soap:Envelope xmlns:soap="{soap.value}"><soap:Body>'
    if not fault:
        return start
    reason = "the message could not be read"
    if soap is Soap.V11:
        return f"{start}<soap:Fault><faultcode>soap:Client</faultcode><faultstring>{reason}</faultstring><detail>"
    return (
        f"{start}<soap:Fault><soap:Code><soap:Value>soap:Sender</soap:Value></soap:Code>"
        f'<soap:Reason><soap:Text xml:lang="en">{reason}</soap:Text></soap:Reason><soap:Detail>'
    )


def closing(soap: Soap, *, fault: bool) -> str:
    """What stands after the message."""
    end = "</soap:Body></soap:Envelope>"
    if not fault:
        return end
    return f"</detail></soap:Fault>{end}" if soap is Soap.V11 else f"</soap:Detail></soap:Fault>{end}"
