"""What the tests of messages share: payloads, schemas, and documents made at random from the declarations and then spoilt.

All chance comes from one ``random.Random``: a seed repeats a document, and hypothesis can shrink one.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from itertools import groupby
from random import Random
from typing import Any

import pytest
from lxml import etree

from gateway.messages import catalogue, codec
from gateway.messages.catalogue import PAYLOADS, Evidence
from gateway.messages.datatypes import Datatype
from gateway.messages.declare import Foreign, Item, Shape, items
from gateway.messages.envelope import ENVELOPES

ORACLES = [name for name, payload in PAYLOADS.items() if payload.evidence is Evidence.ORACLE]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """``payload`` is every message that is declared, ``checked_payload`` those that the oracle has a schema of,
    ``checked`` those and the envelope's roots.
    """
    if "checked_payload" in metafunc.fixturenames:
        metafunc.parametrize("checked_payload", ORACLES)
    if "payload" in metafunc.fixturenames:
        metafunc.parametrize("payload", list(PAYLOADS))
    if "checked" in metafunc.fixturenames:
        metafunc.parametrize("checked", [*ORACLES, *ENVELOPES])


@pytest.fixture(scope="session")
def own_schema() -> Callable[[str], etree.XMLSchema]:
    """The project's own schema of a payload."""
    return cache(lambda name: etree.XMLSchema(etree.XML(codec.schema(name).encode())))


@pytest.fixture(scope="session")
def declared() -> Callable[[str], type]:
    return catalogue.declared


@dataclass(frozen=True, slots=True)
class Documents:
    """Messages of a kind, and the same with something wrong in them (or not: a spoilt document may still be valid)."""

    def message(self, declared: type, chance: Random) -> Any:
        return _message(declared, chance, 0)

    def spoilt(self, root: etree._Element, chance: Random) -> etree._Element:
        made = deepcopy(root)
        for _ in range(chance.randint(1, 2)):
            element = chance.choice(list(made.iter("{*}*")))
            chance.choice(_HARM)(element, chance)
        return made


@pytest.fixture(scope="session")
def documents() -> Documents:
    return Documents()


_STRINGS = (
    "",
    " ",
    "x",
    "a & b < c > d",
    'quo"te',
    "über 25 °C",
    "line\nline",
    "tab\there",
    "cr\rlf",
    "0.10",
    "日本",
    "]]>",
    "\U0001f50c",
)
_TIMES = (datetime(2026, 1, 1, tzinfo=UTC), datetime(2024, 2, 29, 23, 59, 59, 999999, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC))  # fmt: skip
_DECIMALS = ("0", "-0", "0.000", "12345.678", "-1.50", "1E+3", "1E-7", "999999999999.999999")


def _message(declared: type, chance: Random, depth: int) -> Any:
    values: dict[str, object] = {}
    for group, members in groupby(items(declared), key=lambda item: item.group):
        choices = list(members)
        for item in [chance.choice(choices)] if group else choices:
            if item.least or chance.random() < (0.7 if depth < 2 else 0.45):
                found = [
                    _value(item, chance, depth)
                    for _ in range(chance.randint(max(item.least, 1), 3) if item.many else 1)
                ]
                values[item.attribute] = tuple(found) if item.many else found[0]
    return declared(**values)


def _value(item: Item, chance: Random, depth: int) -> object:
    if item.shape is Shape.FOREIGN:
        if chance.random() < 0.5:
            return _message(PAYLOADS[chance.choice(ORACLES)].declared, chance, 3)
        return Foreign("{urn:example}Note", b'<Note xmlns="urn:example">any</Note>')
    if item.shape is Shape.ALTERNATIVES:
        return _message(chance.choice([choice for _, choice in item.alternatives]), chance, depth + 1)
    if item.shape in (Shape.ATTRIBUTE, Shape.TEXT):
        return chance.choice(_STRINGS)
    if isinstance(item.content, Datatype):
        return _simple(item.content, chance)
    return _message(item.content, chance, depth + 1)


def _simple(datatype: Datatype, chance: Random) -> object:
    if datatype.enumeration:
        return datatype.parse(chance.choice(datatype.enumeration))
    made: dict[str, Callable[[], object]] = {
        "xs:string": lambda: chance.choice(_STRINGS),
        "xs:boolean": lambda: chance.random() < 0.5,
        "xs:integer": lambda: chance.choice((0, 1, -1, 255, -(10**23), 10**23)),
        "xs:float": lambda: Decimal(chance.choice((*_DECIMALS, "Infinity", "-Infinity"))),
        "xs:decimal": lambda: Decimal(chance.choice(_DECIMALS)),
        "xs:dateTime": lambda: chance.choice(_TIMES) - timedelta(seconds=chance.randrange(10**7)),
        "xs:date": lambda: chance.choice(("2026-01-01", "2024-02-29Z", "2026-12-31+02:00")),
        "xs:time": lambda: chance.choice(("00:00:00", "23:59:59.5Z", "24:00:00", "06:00:00+02:00")),
        "xs:QName": lambda: chance.choice(("Header", "Messwert", "_a-1")),
    }
    return made[datatype.base]()


#: Content at and beyond the edges of every datatype.
_TEXTS = (
    *_STRINGS, "1", "+5", "-1", "1.5", ".5", "5.", "1e5", "1E400", "0x10", "1_000", "１", "9" * 24, "9" * 25, "INF", "-INF", "+INF",
    "NaN", "nan", "inf", "true", "TRUE", " true ", "1 ", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00", "2026-02-30T00:00:00Z",
    "2026-01-01T24:00:00Z", "2026-01-01T24:00:01Z", "2026-01-01T00:00:60Z", "2026-01-01t00:00:00z", "2026-01-01 00:00:00Z",
    "2026-01-01T00:00:00.123456789Z", "2026-01-01T00:00:00+14:00", "2026-01-01T00:00:00+14:01", "2026-01-01T00:00:00-00:00",
    "20260101T000000Z", "2026-1-1T00:00:00Z", "-0001-01-01T00:00:00Z", "0000-01-01T00:00:00Z", "12026-01-01T00:00:00Z",
    "2026-01-01", "2026-01-01Z", "2026-13-01", "06:00:00", "6:00:00", "25:00:00", "electricity", "Electricity", " electricity",
    "get", "Create", "OK", "a:b", "xs:string", "1:2", ":a", "-",
)  # fmt: skip
_NAMES = (
    "mRID",
    "Names",
    "name",
    "value",
    "ReadingType",
    "Meter",
    "timeStamp",
    "status",
    "EndDeviceAction",
    "Nonsense",
    "timeperiod",
)


def _harm(function: Callable[[etree._Element, Random], None]) -> Callable[[etree._Element, Random], None]:
    _HARM.append(function)
    return function


_HARM: list[Callable[[etree._Element, Random], None]] = []


@_harm
def _remove(element: etree._Element, chance: Random) -> None:
    if (parent := element.getparent()) is not None:
        parent.remove(element)


@_harm
def _repeat(element: etree._Element, chance: Random) -> None:
    if element.getparent() is not None:
        element.addnext(deepcopy(element))


@_harm
def _swap(element: etree._Element, chance: Random) -> None:
    if (after := element.getnext()) is not None:
        after.addnext(element)


@_harm
def _rename(element: etree._Element, chance: Random) -> None:
    space = etree.QName(element).namespace or "relative"
    element.tag = f"{{{chance.choice((space, space, space, 'urn:other'))}}}{chance.choice(_NAMES)}"


@_harm
def _unname(element: etree._Element, chance: Random) -> None:
    element.tag = etree.QName(element).localname


@_harm
def _say(element: etree._Element, chance: Random) -> None:
    """Other content where there is content; this is done most, so it stands twice."""
    leaf = element
    while len(leaf):
        leaf = chance.choice(list(leaf))
    leaf.text = chance.choice(_TEXTS)


_harm(_say)


@_harm
def _mix(element: etree._Element, chance: Random) -> None:
    if chance.random() < 0.5:
        element.text = chance.choice(("\n  ", "words", "\t"))
    elif element.getparent() is not None:
        element.tail = chance.choice(("\n  ", "words"))


@_harm
def _attribute(element: etree._Element, chance: Random) -> None:
    name = chance.choice(
        ("ref", "id", "{urn:other}ref", "{http://www.w3.org/2001/XMLSchema-instance}schemaLocation", "kind", "xml:lang")
    )
    if name == "xml:lang":
        name = "{http://www.w3.org/XML/1998/namespace}lang"
    element.set(name, "x")


@_harm
def _strip(element: etree._Element, chance: Random) -> None:
    for name in list(element.attrib):
        del element.attrib[name]


@_harm
def _add(element: etree._Element, chance: Random) -> None:
    space = etree.QName(element).namespace or "relative"
    child = etree.SubElement(element, f"{{{chance.choice((space, space, 'urn:other'))}}}{chance.choice(_NAMES)}")
    element.insert(chance.randint(0, len(element)), child)
