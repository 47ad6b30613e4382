"""A message as a person reads it: readings and events as tables, everything else element by element."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from gateway.cim.code_tables import table
from gateway.cim.end_device_code import EndDeviceEventType
from gateway.cim.quality import ReadingQualityType
from gateway.cim.reading_type import ReadingType
from gateway.cli.output.table_format import columns
from gateway.messages import catalogue
from gateway.messages.codec import Document
from gateway.messages.datatypes import Datatype, print_date_time
from gateway.messages.declare import Foreign, Shape, items
from gateway.messages.from_edition1 import to_2013
from gateway.messages.profiles import edition1
from gateway.messages.profiles.end_device_events import EndDeviceEvent, EndDeviceEvents
from gateway.messages.profiles.meter_readings import MeterReading, MeterReadings

Row = dict[str, str]


def lines(document: Document) -> Iterator[str]:
    """The message, and each message inside an envelope, as tables."""
    yield f"{type(document.message).__name__}, edition {document.edition.name}"
    for title, rows in _tables(document.message):
        if rows:
            yield ""
            yield f"{title}: {len(rows)}"
            headings = tuple(name.replace("_", " ") for name in rows[0])
            yield from (line.rstrip() for line in columns(headings, [tuple(row.values()) for row in rows]))


def json_lines(document: Document) -> Iterator[str]:
    """The same rows, one object a line."""
    for title, rows in _tables(document.message):
        for row in rows:
            yield json.dumps(
                {"type": title, **{name: value or None for name, value in row.items()}}, ensure_ascii=False
            )


def _tables(message: Any) -> Iterator[tuple[str, list[Row]]]:
    if isinstance(message, edition1.MeterReadings | edition1.EndDeviceEvents):
        converted = to_2013(message)
        yield from _tables(converted.message)
        yield "without a place in 2013", [{"what": what} for what in converted.left_out]
    elif isinstance(message, MeterReadings):
        yield "reading", [row for one in message.meter_reading for row in _readings(one)]
        events = [event for one in message.meter_reading for event in one.end_device_events]
        yield "event", [_event(event) for event in events]
    elif isinstance(message, EndDeviceEvents):
        yield "event", [_event(event) for event in message.end_device_event]
    else:
        inside: list[Any] = []
        yield "element", [{"element": path, "value": text} for path, text in _elements(message, "", inside)]
        for one in inside:
            yield from _tables(one)


def _readings(one: MeterReading) -> Iterator[Row]:
    who = one.meter or one.usage_point
    meter = _name(who.names, who.mrid) if who is not None else ""
    trigger = "trigger" if one.is_coincident_trigger else ""
    for reading in one.readings:
        stamp = reading.time_stamp or (reading.time_period and reading.time_period.end)
        yield _reading(meter, stamp, reading.value, reading.reading_type, reading.reading_qualities, trigger)
    for block in one.interval_blocks:
        for entry in block.interval_readings:
            yield _reading(meter, entry.time_stamp, entry.value, block.reading_type, entry.reading_qualities, trigger)


def _reading(meter: str, stamp: Any, value: str | None, kind: str, qualities: Iterable[Any], trigger: str) -> Row:
    doubts = [_quality(one.reading_quality_type) + (f" ({one.comment})" if one.comment else "") for one in qualities]
    return {
        "meter": meter,
        "time": print_date_time(stamp) if stamp is not None else "",
        "value": value or "",
        "unit": _unit(kind),
        "reading_type": kind,
        "quality": "; ".join([trigger] * bool(trigger) + doubts),
    }


def _unit(kind: str) -> str:
    """Multiplier and unit in letters; empty where the type cannot be read."""
    try:
        found = ReadingType.parse(kind)
    except ValueError:
        return ""
    parts = table("reading_type_fields.csv")
    unit = parts.get(("unit", str(found.unit)))
    multiplier = parts.get(("multiplier", str(found.multiplier)))
    if unit is None or multiplier is None or not found.unit:
        return ""
    letters = {"none": "", "micro": "µ"}.get(multiplier.name, multiplier.name)
    return letters + unit.meaning.partition(" - ")[0]


def _quality(code: str) -> str:
    try:
        words = list(ReadingQualityType.parse(code).explain())[-1].meaning
    except ValueError:
        return code
    return f"{code} {words}"


def _event(event: EndDeviceEvent) -> Row:
    try:
        parts = list(EndDeviceEventType.parse(event.end_device_event_type).explain())
        words = ", ".join(part.meaning for part in parts[1:] if part.code != "0")
    except ValueError:
        words = ""
    device = event.assets
    return {
        "time": print_date_time(event.created_date_time),
        "device": _name(device.names, device.mrid) if device is not None else "",
        "event_type": event.end_device_event_type,
        "words": words,
        "reason": event.reason or "",
        "details": ", ".join(f"{one.name}={one.value or ''}" for one in event.end_device_event_details),
    }


def _name(names: Iterable[Any], mrid: str | None) -> str:
    """The name of a thing, else its mRID."""
    return next((name.name for name in names), mrid or "")


def _elements(record: Any, path: str, inside: list[Any]) -> Iterator[tuple[str, str]]:
    """Every element with content, by its path. Messages of their own are put aside for tables of their own."""
    declared: type = type(record)
    for item in items(declared):
        value = getattr(record, item.attribute)
        values = value if item.many else [] if value is None else [value]
        for number, one in enumerate(values, 1):
            if type(one).__name__ in catalogue.PAYLOADS:
                inside.append(one)
                continue
            name = item.name or type(one).__name__
            if item.shape is Shape.TEXT:
                yield path, str(one)
                continue
            here = f"{path}/{name}" + (f"[{number}]" if item.many and len(values) > 1 else "")
            if isinstance(one, Foreign):
                yield f"{path}/{one.name.rpartition('}')[2]}", one.xml.decode()
            elif item.shape is Shape.ATTRIBUTE:
                yield f"{path}/@{name}", str(one)
            elif isinstance(item.content, Datatype):
                yield here, print_date_time(one) if item.content.base == "xs:dateTime" else _text(one)
            else:
                yield from _elements(one, here, inside)


def _text(value: Any) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value)
