"""WSDL 1.1 of the SOAP services, written from the declarations: document/literal, strongly typed, SOAP 1.1 over HTTP.

The names are those of the public templates for 61968-100. This gateway offers Get and Execute; Request and Send are the same
operations seen from the caller. A head end offers Receive, and Reply for what it asked to be answered later.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum

from gateway.messages import codec, typed
from gateway.messages.catalogue import PAYLOADS
from gateway.messages.datatypes import print_attribute
from gateway.messages.editions import ED2
from gateway.messages.errors import UnknownMessage


class Service(StrEnum):
    """The services of a noun."""

    GET = "Get"
    EXECUTE = "Execute"
    REQUEST = "Request"
    RECEIVE = "Receive"
    SEND = "Send"
    REPLY = "Reply"


#: Services that are another's, seen from the other end.
OTHER_END = {Service.REQUEST: Service.EXECUTE, Service.SEND: Service.RECEIVE, Service.REPLY: Service.RECEIVE}


def operations(service: Service, noun: str) -> tuple[str, ...]:
    """The operations that a service of this noun has: wrapper elements, by the verbs of the catalogue."""
    payload = PAYLOADS.get(noun)
    if payload is None or payload.noun != payload.name:
        return ()
    side = OTHER_END.get(service, service)
    if side is Service.GET:
        return (f"Get{noun}",) if "get" in payload.hears else ()
    verbs = payload.hears if side is Service.EXECUTE else payload.says
    wanted = typed.REQUESTS if side is Service.EXECUTE else typed.EVENTS
    return tuple(verb.capitalize() + noun for verb in wanted if verb in verbs and verb != "get")


def services() -> tuple[tuple[Service, str], ...]:
    """Every service that has an operation, but for those that are another's seen from the other end."""
    sides = [service for service in Service if service not in OTHER_END]
    return tuple((service, noun) for noun in PAYLOADS for service in sides if operations(service, noun))


def named(name: str) -> tuple[Service, str]:
    """The service of a name such as ``GetMeterReadings``. Raises UnknownMessage where it has no operation."""
    for service in Service:
        noun = name.removeprefix(service)
        if noun != name and operations(service, noun):
            return service, noun
    raise UnknownMessage(f"there is no service {name} here")


def wsdl(service: Service, noun: str, address: str = "") -> str:
    """The WSDL of one service at ``address``. Raises UnknownMessage where it has no operation."""
    calls = operations(service, noun)
    if not calls:
        raise UnknownMessage(f"there is no service {service}{noun} here")
    get = service is Service.GET
    name, wrappers = f"{service}{noun}", typed.namespace(noun, get=get)
    own = f"http://iec.ch/TC57/2011/{name}"
    return "".join(
        [
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            f'<wsdl:definitions name="{name}" targetNamespace="{own}" xmlns:tns="{own}"'
            f' xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/" xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/"'
            f' xmlns:w="{wrappers}">\n<wsdl:types>\n',
            *_schemas(noun, wrappers, calls, get=get),
            "</wsdl:types>\n",
            *(_message(call, call) for call in calls),
            _message("ResponseMessage", f"{noun}ResponseMessage"),
            _message("FaultMessage", f"{noun}FaultMessage"),
            f'<wsdl:portType name="{name}_Port">\n',
            *map(_operation, calls),
            f'</wsdl:portType>\n<wsdl:binding name="{name}_Binding" type="tns:{name}_Port">\n'
            '<soap:binding style="document" transport="http://schemas.xmlsoap.org/soap/http"/>\n',
            *(_bound(call, typed.action(call, noun, get=get)) for call in calls),
            f'</wsdl:binding>\n<wsdl:service name="{name}"><wsdl:port name="{name}_Port" binding="tns:{name}_Binding">'
            f'<soap:address location="{print_attribute(address or own)}"/></wsdl:port></wsdl:service>\n'
            "</wsdl:definitions>\n",
        ]
    )


def _message(name: str, element: str) -> str:
    return f'<wsdl:message name="{name}"><wsdl:part name="{name}" element="w:{element}"/></wsdl:message>\n'


def _operation(call: str) -> str:
    return (
        f'<wsdl:operation name="{call}"><wsdl:input message="tns:{call}"/><wsdl:output message="tns:ResponseMessage"/>'
        f'<wsdl:fault name="{call}Fault" message="tns:FaultMessage"/></wsdl:operation>\n'
    )


def _bound(call: str, action: str) -> str:
    return (
        f'<wsdl:operation name="{call}"><soap:operation soapAction="{action}" style="document"/>'
        '<wsdl:input><soap:body use="literal"/></wsdl:input><wsdl:output><soap:body use="literal"/></wsdl:output>'
        f'<wsdl:fault name="{call}Fault"><soap:fault name="{call}Fault" use="literal"/></wsdl:fault></wsdl:operation>\n'
    )


def _schemas(noun: str, wrappers: str, calls: tuple[str, ...], *, get: bool) -> Iterator[str]:
    """Those of the envelope, of the payloads, and of the wrappers over both."""
    payloads = [noun, f"Get{noun}"] if get and f"Get{noun}" in PAYLOADS else [noun]
    for root in ("RequestMessage", *payloads):
        yield codec.schema(root).partition("?>\n")[2]
    spaces = {f"p{number}": ED2.namespace(name) for number, name in enumerate(payloads)}
    yield '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" elementFormDefault="qualified"'
    yield f' targetNamespace="{wrappers}" xmlns:w="{wrappers}" xmlns:m="{ED2.envelope}"'
    yield from (f' xmlns:{prefix}="{space}"' for prefix, space in spaces.items())
    yield ">\n"
    yield from (f'<xs:import namespace="{space}"/>\n' for space in (ED2.envelope, *spaces.values()))
    events = {verb.capitalize() + noun for verb in typed.EVENTS}
    for call in calls:
        yield f'<xs:element name="{call}" type="w:{"Event" if call in events else "Request"}Message"/>\n'
    yield f'<xs:element name="{noun}ResponseMessage" type="w:ResponseMessage"/>\n'
    yield f'<xs:element name="{noun}FaultMessage" type="w:FaultMessage"/>\n'
    header = '<xs:element name="Header" type="m:Header"/>'
    payload = '<xs:element name="Payload" type="w:Payload" minOccurs="0"/>'
    reply = '<xs:element name="Reply" type="m:Reply"/>'
    request = f'<xs:element name="Request" type="{"w" if get else "m"}:Request" minOccurs="{int(get)}"/>'
    yield from _type("RequestMessage", header + request + payload)
    yield from _type("EventMessage", header + payload)
    yield from _type("ResponseMessage", header + reply + payload)
    yield from _type("FaultMessage", reply)
    identifiers = '<xs:element name="ID" type="m:ID" minOccurs="0" maxOccurs="unbounded"/>'
    yield from _type(
        "Payload",
        f'<xs:choice><xs:element ref="p0:{noun}"/><xs:element name="OperationSet" type="m:OperationSet"/>'
        f'<xs:element name="Compressed" type="xs:string"/>{identifiers}</xs:choice>'
        '<xs:element name="Format" type="xs:string" minOccurs="0"/>',
    )
    if get:
        asked = f'<xs:element ref="p1:Get{noun}" minOccurs="0"/>' if len(payloads) > 1 else ""
        yield from _type(
            "Request",
            '<xs:element name="StartTime" type="xs:dateTime" minOccurs="0"/>'
            '<xs:element name="EndTime" type="xs:dateTime" minOccurs="0"/>'
            f'<xs:element name="Option" type="m:Option" minOccurs="0" maxOccurs="unbounded"/>{identifiers}{asked}',
        )
    yield "</xs:schema>\n"


def _type(name: str, particles: str) -> Iterator[str]:
    yield f'<xs:complexType name="{name}"><xs:sequence>{particles}</xs:sequence></xs:complexType>\n'
