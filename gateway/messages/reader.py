"""XML to messages, strictly: order, number, names and content as the declaration says, and nothing beside them.

The first fault ends the reading with its XPath. For each declared class and namespace a reader is made once.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from lxml import etree

from gateway.messages import datatypes
from gateway.messages.datatypes import Datatype
from gateway.messages.declare import Foreign, Item, Shape, items
from gateway.messages.errors import SchemaViolation

Element = etree._Element
Read = Callable[[Element], Any]

_WHITE = " \t\r\n"

#: Attributes that any element may carry without meaning anything here.
_SCHEMA_HINTS = {
    "{http://www.w3.org/2001/XMLSchema-instance}schemaLocation",
    "{http://www.w3.org/2001/XMLSchema-instance}noNamespaceSchemaLocation",
}


def read_element(element: Element, declared: type, namespace: str) -> Any:
    """The message that ``element`` holds, a ``declared`` in ``namespace``. Raises SchemaViolation with the XPath."""
    return reader(declared, namespace)(element)


def xpath(element: Element) -> str:
    """Where an element stands: local names from the root, numbered where the name repeats."""
    steps = []
    at: Element | None = element
    while at is not None:
        parent = at.getparent()
        alike = [] if parent is None else parent.findall(str(at.tag))
        number = f"[{alike.index(at) + 1}]" if len(alike) > 1 else ""
        steps.append(etree.QName(at).localname + number)
        at = parent
    return "/" + "/".join(reversed(steps))


class _Slot:
    """What a reader does with one element name: its place in the order, whether it repeats, the choice it belongs to."""

    __slots__ = ("attribute", "group", "many", "place", "read")

    def __init__(self, place: int, item: Item, read: Read) -> None:
        self.place = place
        self.many = item.many
        self.attribute = item.attribute
        self.group = item.group
        self.read = read


@cache
def reader(declared: type, namespace: str) -> Read:
    """The reader of one declared class whose elements stand in ``namespace``."""
    parts = items(declared)
    if any(item.shape is Shape.TEXT for item in parts):
        return _simple_content(declared, parts)
    slots = _slots(parts, namespace)
    wildcards = [_Slot(place, item, read_foreign) for place, item in enumerate(parts) if item.shape is Shape.FOREIGN]
    manies = [item.attribute for item in parts if item.many]
    needed = [item for item in parts if item.least]
    attributes = {item.name: item.attribute for item in parts if item.shape is Shape.ATTRIBUTE}
    lists: dict[str, type] = dict.fromkeys(manies, list)

    def read(element: Element) -> Any:
        values: dict[str, Any] = _attributes(element, attributes) if element.keys() else {}
        if (text := element.text) is not None and text.strip(_WHITE):
            raise SchemaViolation("text where only elements belong", xpath=xpath(element))
        at = -1
        for child in element:
            slot = slots.get(child.tag)
            if slot is None:
                slot = _wildcard(child, wildcards, at, namespace, parts)
            place = slot.place
            if place <= at and (place < at or not slot.many):
                raise _out_of_order(child, slot, at, parts)
            at = place
            if slot.many:
                if slot.attribute in values:
                    values[slot.attribute].append(slot.read(child))
                else:
                    values[slot.attribute] = [slot.read(child)]
            else:
                values[slot.attribute] = slot.read(child)
            if (tail := child.tail) is not None and tail.strip(_WHITE):
                raise SchemaViolation("text where only elements belong", xpath=xpath(element))
        for item in needed:
            if item.attribute not in values:
                raise SchemaViolation(f"{item.name} is missing", xpath=f"{xpath(element)}/{item.name}")
        for name in lists:
            if name in values:
                values[name] = tuple(values[name])
        return declared(**values)

    groups = {item.group for item in parts if item.group}
    if not groups:
        return read

    def read_choice(element: Element) -> Any:
        record = read(element)
        for group in groups:
            present = [
                item.name or item.attribute
                for item in parts
                if item.group == group and getattr(record, item.attribute) not in (None, ())
            ]
            if len(present) > 1:
                raise SchemaViolation(f"only one of {', '.join(present)} may be present", xpath=xpath(element))
        return record

    return read_choice


def _slots(parts: tuple[Item, ...], namespace: str) -> dict[object, _Slot]:
    slots: dict[object, _Slot] = {}
    for place, item in enumerate(parts):
        if item.shape is Shape.ALTERNATIVES:
            for name, choice in item.alternatives:
                slots[f"{{{namespace}}}{name}"] = _Slot(place, item, reader(choice, namespace))
        elif item.shape in (Shape.ELEMENT, Shape.REFERENCE):
            kind = item.content
            if item.shape is Shape.REFERENCE:
                read: Read = _read_reference
            elif isinstance(kind, Datatype):
                read = _simple(kind)
            else:
                read = reader(kind, namespace)
            slots[f"{{{namespace}}}{item.name}"] = _Slot(place, item, read)
    return slots


def _wildcard(child: Element, wildcards: list[_Slot], at: int, namespace: str, parts: tuple[Item, ...]) -> _Slot:
    """The wildcard that takes an element of another namespace; else the element is not expected here."""
    name = etree.QName(child)
    if name.namespace and name.namespace != namespace:
        for slot in wildcards:
            if slot.place > at or (slot.place == at and slot.many):
                return slot
    expected = [item.name or "/".join(choice for choice, _ in item.alternatives) for item in parts[max(at, 0) :]]
    known = {item.name for item in parts} | {choice for item in parts for choice, _ in item.alternatives}
    if name.localname in known:
        what = f"{name.localname} stands in the namespace {name.namespace!r}, not in {namespace!r}"
    else:
        what = f"{name.localname} is not part of this message here; expected: {', '.join(filter(None, expected)) or 'nothing'}"
    raise SchemaViolation(what, xpath=xpath(child))


def _out_of_order(child: Element, slot: _Slot, at: int, parts: tuple[Item, ...]) -> SchemaViolation:
    name = etree.QName(child).localname
    if slot.place == at:
        return SchemaViolation(f"{name} may stand only once", xpath=xpath(child))
    return SchemaViolation(f"{name} must stand before {parts[at].name or parts[at].attribute}", xpath=xpath(child))


def _attributes(element: Element, allowed: dict[str, str]) -> dict[str, Any]:
    values = {}
    for key, value in element.items():
        name = str(key)
        if name in allowed:
            values[allowed[name]] = value
        elif name not in _SCHEMA_HINTS:
            raise SchemaViolation(f"the attribute {name} does not belong here", xpath=xpath(element))
    return values


def _simple(datatype: Datatype) -> Read:
    if datatype.base == "xs:QName":
        return _read_qname
    parse = datatype.parse

    def read(element: Element) -> Any:
        if element.keys():
            _attributes(element, {})
        if len(element):
            raise SchemaViolation("elements where only text belongs", xpath=xpath(element))
        try:
            return parse(element.text or "")
        except ValueError as error:
            raise SchemaViolation(str(error), xpath=xpath(element)) from error

    return read


def _read_qname(element: Element) -> str:
    """The name without its prefix, which must be bound here and would mean nothing elsewhere."""
    if element.keys():
        _attributes(element, {})
    if len(element):
        raise SchemaViolation("elements where only text belongs", xpath=xpath(element))
    prefix, colon, name = (element.text or "").strip(_WHITE).rpartition(":")
    if colon and prefix not in element.nsmap:
        raise SchemaViolation(f"the prefix {prefix!r} is bound to no namespace", xpath=xpath(element))
    try:
        return datatypes.parse_qname(name)
    except ValueError as error:
        raise SchemaViolation(str(error), xpath=xpath(element)) from error


def _read_reference(element: Element) -> str:
    """The ``ref`` of an empty element; "" where it has none, which the schema allows."""
    if len(element) or element.text:
        raise SchemaViolation("a reference has no content, only the attribute ref", xpath=xpath(element))
    return str(_attributes(element, {"ref": "ref"}).get("ref", ""))


def _simple_content(declared: type, parts: tuple[Item, ...]) -> Read:
    inner = next(item for item in parts if item.shape is Shape.TEXT)
    attributes = {item.name: item.attribute for item in parts if item.shape is Shape.ATTRIBUTE}
    parse = datatypes.parse_string

    def read(element: Element) -> Any:
        if len(element):
            raise SchemaViolation("elements where only text belongs", xpath=xpath(element))
        values = _attributes(element, attributes)
        try:
            values[inner.attribute] = parse(element.text or "")
        except ValueError as error:
            raise SchemaViolation(str(error), xpath=xpath(element)) from error
        return declared(**values)

    return read


def read_foreign(element: Element) -> Any:
    """A message of ours when its root is one; else the element as canonical XML."""
    from gateway.messages.catalogue import declared_as

    known = declared_as(element)
    if known is not None:
        declared: type = known[0]
        return reader(declared, known[1])(element)
    return Foreign(str(element.tag), etree.tostring(element, method="c14n", with_comments=False))
