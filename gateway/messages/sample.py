"""A sample of any message, made from its declaration: every element is present at least once. Always the same."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import groupby
from typing import Any

from gateway.messages.datatypes import Datatype
from gateway.messages.declare import Foreign, Item, Shape, items

_START = datetime(2026, 1, 1, tzinfo=UTC)

#: What a reference or a text is likely to hold, by the name of its element.
_TEXTS = {
    "ReadingType": "0.0.0.1.1.1.12.0.0.0.0.0.0.0.0.3.72.0",
    "ReadingTypes": "0.0.0.1.1.1.12.0.0.0.0.0.0.0.0.3.72.0",
    "ReadingQualityType": "2.5.258",
    "EndDeviceEventType": "3.26.0.85",
    "EndDeviceControlType": "3.31.0.23",
    "value": "12345.678",
    "mRID": "73b1baee-5c49-54bc-a441-9eb6c959e9e1",
    "Noun": "MeterReadings",
    "MessageID": "2cb2a7b1-4b6f-5a6c-9c7e-54b1a4f0c9d3",
    "CorrelationID": "8c8b6a35-0b54-5d4f-8a44-3e7f7c0f1f52",
    "ReplyAddress": "https://headend.example/replies",
}

#: Items of the same choice cannot all be present: which one is, counted in the order of the schema.
FIRST = 0


def sample(declared: type, chosen: int = FIRST) -> Any:
    """A filled message of this class. Of the items of a choice the one numbered ``chosen`` is present (modulo their number)."""
    values: dict[str, object] = {}
    for group, members in groupby(items(declared), key=lambda item: item.group):
        alternatives = list(members)
        for item in [alternatives[chosen % len(alternatives)]] if group else alternatives:
            values[item.attribute] = _values(item, chosen)
    return declared(**values)


def _values(item: Item, chosen: int) -> object:
    made = list(_some(item, chosen))
    return tuple(made) if item.many else made[0]


def _some(item: Item, chosen: int) -> Iterator[object]:
    if item.shape is Shape.FOREIGN:
        yield Foreign("{urn:example}Note", b'<Note xmlns="urn:example">any</Note>')
    elif item.shape is Shape.ALTERNATIVES:
        order = [choice for _, choice in item.alternatives]
        yield from (sample(choice, chosen) for choice in order[chosen % len(order) :] + order[: chosen % len(order)])
    elif isinstance(item.content, Datatype):
        yield _value(item.name, item.content, 0)
        if item.many:
            yield _value(item.name, item.content, 1)
    else:
        yield sample(item.content, chosen)
        if item.many:
            yield sample(item.content, chosen + 1)


def _value(name: str, datatype: Datatype, number: int) -> object:
    if datatype.enumeration:
        return datatype.parse(datatype.enumeration[number % len(datatype.enumeration)])
    if name == "end":
        number += 1
    made: dict[str, object] = {
        "xs:boolean": number % 2 == 0,
        "xs:integer": 1 + number,
        "xs:float": Decimal("1.5") + number,
        "xs:decimal": Decimal("0.25") + number,
        "xs:dateTime": _START + timedelta(minutes=15 * number),
        "xs:date": "2026-01-01",
        "xs:time": "06:00:00Z",
        "xs:QName": "MeterReading",
    }
    return made.get(datatype.base, _TEXTS.get(name, name or "text"))
