"""XML to messages, strictly: order, number, names and content as the declaration says, and nothing beside them.

The first fault ends the reading with its XPath. For each declared class and namespace a reader is made once.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

from lxml import etree

from gateway.messages import datatypes
from gateway.messages.datatypes import Datatype
from gateway.messages.declare import Foreign, Item, Shape, items
from gateway.messages.errors import ElementMissing, SchemaViolation

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


class _Slot(NamedTuple):
    """What a reader does with one element name: its place in the order, whether it repeats, and how it is read: text by
    ``parse``, anything else by ``read``.
    """

    place: int
    many: bool
    attribute: str
    parse: Callable[[str], Any] | None
    read: Read


@cache
def reader(declared: type, namespace: str) -> Read:
    """The reader of one declared class whose elements stand in ``namespace``."""
    parts = items(declared)
    if any(item.shape is Shape.TEXT for item in parts):
        return _simple_content(declared, parts)
    slots = _slots(parts, namespace)
    wildcards = [
        _Slot(place, item.many, item.attribute, None, read_foreign)
        for place, item in enumerate(parts)
        if item.shape is Shape.FOREIGN
    ]
    manies = [item.attribute for item in parts if item.many]
    needed = [item for item in parts if item.least]
    attributes = {item.name: item.attribute for item in parts if item.shape is Shape.ATTRIBUTE}
    # Empty content: not even white space may stand there.
    empty = not slots and not wildcards

    def read(element: Element) -> Any:
        values: dict[str, Any] = _attributes(element, attributes) if element.keys() else {}
        if (text := element.text) is not None and (empty or text.strip(_WHITE)):
            raise _violation("text where none belongs", element)
        at = -1
        for child in element:
            place, several, attribute, parse, read_child = slots.get(child.tag) or _wildcard(
                child, wildcards, at, namespace, parts
            )
            if place <= at and (place < at or not several):
                raise _out_of_order(child, place, at, parts)
            at = place
            if parse is None:
                value = read_child(child)
            else:
                if len(child) or child.keys():
                    _refuse_more_than_text(child)
                try:
                    value = parse(child.text or "")
                except ValueError as error:
                    raise _violation(str(error), child) from error
            if not several:
                values[attribute] = value
            elif attribute in values:
                values[attribute].append(value)
            else:
                values[attribute] = [value]
            if (tail := child.tail) is not None and tail.strip(_WHITE):
                raise _violation("text where only elements belong", element)
        for item in needed:
            if item.attribute not in values:
                raise ElementMissing(item.name, xpath=f"{xpath(element)}/{item.name}", line=_line(element))
        for name in manies:
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
                raise _violation(f"only one of {', '.join(present)} may be present", element)
        return record

    return read_choice


def _slots(parts: tuple[Item, ...], namespace: str) -> dict[object, _Slot]:
    slots: dict[object, _Slot] = {}
    for place, item in enumerate(parts):
        if item.shape is Shape.ALTERNATIVES:
            for name, choice in item.alternatives:
                slots[f"{{{namespace}}}{name}"] = _Slot(
                    place, item.many, item.attribute, None, reader(choice, namespace)
                )
        elif item.shape is Shape.REFERENCE:
            slots[f"{{{namespace}}}{item.name}"] = _Slot(place, item.many, item.attribute, None, _read_reference)
        elif item.shape is Shape.ELEMENT:
            parse, read = _how(item.content, namespace)
            slots[f"{{{namespace}}}{item.name}"] = _Slot(place, item.many, item.attribute, parse, read)
    return slots


def _how(content: Datatype | type, namespace: str) -> tuple[Callable[[str], Any] | None, Read]:
    if not isinstance(content, Datatype):
        return None, reader(content, namespace)
    if content.base == "xs:QName":
        return None, _read_qname
    return content.parse, _refuse_more_than_text


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
    raise _violation(what, child)


def _violation(what: str, element: Element) -> SchemaViolation:
    """What is wrong with an element, with its XPath and line."""
    return SchemaViolation(what, xpath=xpath(element), line=_line(element))


def _line(element: Element) -> int:
    line: Any = element.sourceline
    return line or 0


def _out_of_order(child: Element, place: int, at: int, parts: tuple[Item, ...]) -> SchemaViolation:
    name = etree.QName(child).localname
    if place == at:
        return _violation(f"{name} may stand only once", child)
    return _violation(f"{name} must stand before {parts[at].name or parts[at].attribute}", child)


def _attributes(element: Element, allowed: dict[str, str]) -> dict[str, Any]:
    values = {}
    # Names first: lxml looks each value of ``items()`` up anew, which hostile elements would make slow.
    for key in element.keys():  # noqa: SIM118 - an element's keys are its attributes, its items its children
        name = str(key)
        if name in allowed:
            values[allowed[name]] = element.get(name)
        elif name not in _SCHEMA_HINTS:
            raise _violation(f"the attribute {name} does not belong here", element)
    return values


def _refuse_more_than_text(element: Element) -> None:
    """Elements and attributes in an element of a datatype; the schema's own hints may stand on any."""
    _attributes(element, {})
    if len(element):
        raise _violation("elements where only text belongs", element)


def _read_qname(element: Element) -> str:
    """The name without its prefix, which must be bound here and would mean nothing elsewhere."""
    _refuse_more_than_text(element)
    prefix, colon, name = (element.text or "").strip(_WHITE).rpartition(":")
    if colon and prefix not in element.nsmap:
        raise _violation(f"the prefix {prefix!r} is bound to no namespace", element)
    try:
        return datatypes.parse_qname(name)
    except ValueError as error:
        raise _violation(str(error), element) from error


def _read_reference(element: Element) -> str:
    """The ``ref`` of an empty element; "" where it has none, which the schema allows."""
    if len(element) or element.text:
        raise _violation("a reference has no content, only the attribute ref", element)
    return str(_attributes(element, {"ref": "ref"}).get("ref", ""))


def _simple_content(declared: type, parts: tuple[Item, ...]) -> Read:
    inner = next(item for item in parts if item.shape is Shape.TEXT)
    attributes = {item.name: item.attribute for item in parts if item.shape is Shape.ATTRIBUTE}
    parse = datatypes.parse_string

    def read(element: Element) -> Any:
        if len(element):
            raise _violation("elements where only text belongs", element)
        values = _attributes(element, attributes)
        try:
            values[inner.attribute] = parse(element.text or "")
        except ValueError as error:
            raise _violation(str(error), element) from error
        return declared(**values)

    return read


def read_foreign(element: Element) -> Any:
    """A message of ours when its root is one; else the element as canonical XML."""
    from gateway.messages.catalogue import declared_as

    known = declared_as(element)
    if known is not None:
        declared: type = known[0]
        return reader(declared, known[1])(element)
    try:
        return Foreign(str(element.tag), etree.tostring(element, method="c14n", with_comments=False))
    except etree.C14NError as error:
        raise _violation("the namespace is no absolute URI here, or inside", element) from error
