"""XML Schemas from the declarations: the project's own, for those who have none of the standard's."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from gateway.messages.datatypes import Datatype, print_attribute
from gateway.messages.declare import Item, Shape, items

_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:m="{0}" targetNamespace="{0}"'
    ' elementFormDefault="qualified" attributeFormDefault="unqualified">\n'
)


def xsd(roots: dict[str, type], namespace: str) -> str:
    """The schema of ``namespace`` with one global element for each root, and every type that they need."""
    lines = [_HEAD.format(print_attribute(namespace))]
    lines += [f'<xs:element name="{name}" type="m:{root.__name__}"/>\n' for name, root in roots.items()]
    classes: dict[type, None] = {}
    datatypes: dict[str, Datatype] = {}
    for root in roots.values():
        _gather(root, classes, datatypes)
    for declared in classes:
        lines += _complex_type(declared)
    for datatype in datatypes.values():
        lines += _simple_type(datatype)
    return "".join([*lines, "</xs:schema>\n"])


def _gather(declared: type, classes: dict[type, None], datatypes: dict[str, Datatype]) -> None:
    if declared in classes:
        return
    classes[declared] = None
    for item in items(declared):
        if isinstance(item.content, Datatype):
            if item.shape is Shape.ELEMENT and not item.content.name.startswith("xs:"):
                datatypes[item.content.name] = item.content
        elif item.shape is Shape.ALTERNATIVES:
            for _, choice in item.alternatives:
                _gather(choice, classes, datatypes)
        elif item.shape is Shape.ELEMENT:
            _gather(item.content, classes, datatypes)


def _complex_type(declared: type) -> Iterator[str]:
    parts = items(declared)
    attributes = "".join(
        f'<xs:attribute name="{item.name}" type="xs:string"/>' for item in parts if item.shape is Shape.ATTRIBUTE
    )
    yield f'<xs:complexType name="{declared.__name__}">'
    if any(item.shape is Shape.TEXT for item in parts):
        yield f'<xs:simpleContent><xs:extension base="xs:string">{attributes}</xs:extension></xs:simpleContent>'
    else:
        elements = [item for item in parts if item.shape is not Shape.ATTRIBUTE]
        if elements:
            yield "<xs:sequence>"
            for group, members in groupby(elements, key=lambda item: item.group):
                inner = "".join(_particle(item) for item in members)
                yield f"<xs:choice>{inner}</xs:choice>" if group else inner
            yield "</xs:sequence>"
        yield attributes
    yield "</xs:complexType>\n"


def _particle(item: Item) -> str:
    occurs = ("" if item.least else ' minOccurs="0"') + (' maxOccurs="unbounded"' if item.many else "")
    if item.shape is Shape.FOREIGN:
        return f'<xs:any namespace="##other" processContents="lax"{occurs}/>'
    if item.shape is Shape.ALTERNATIVES:
        inner = "".join(f'<xs:element name="{name}" type="m:{cls.__name__}"/>' for name, cls in item.alternatives)
        return f"<xs:choice{occurs}>{inner}</xs:choice>"
    if item.shape is Shape.REFERENCE:
        reference = '<xs:complexType><xs:attribute name="ref" type="xs:string"/></xs:complexType>'
        return f'<xs:element name="{item.name}"{occurs}>{reference}</xs:element>'
    if isinstance(item.content, Datatype):
        name = item.content.name if item.content.name.startswith("xs:") else f"m:{item.content.name}"
    else:
        name = f"m:{item.content.__name__}"
    return f'<xs:element name="{item.name}" type="{name}"{occurs}/>'


def _simple_type(datatype: Datatype) -> Iterator[str]:
    yield f'<xs:simpleType name="{datatype.name}"><xs:restriction base="{datatype.base}">'
    yield from (f'<xs:enumeration value="{value}"/>' for value in datatype.enumeration)
    yield "</xs:restriction></xs:simpleType>\n"
