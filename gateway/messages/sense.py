"""What a schema accepts and is wrong all the same: a value of nobody, under no type, or a word under a numeric type.

The schema of 61968-9 has the ``ref`` of a type optional, the meter optional and every value a string.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from gateway.cim import reply_code
from gateway.cim.end_device_code import EndDeviceControlType, EndDeviceEventType
from gateway.cim.reading_type import ReadingType
from gateway.cim.reply_code import ReplyCode
from gateway.messages.datatypes import parse_float
from gateway.messages.profiles.end_device_controls import EndDeviceControls
from gateway.messages.profiles.end_device_events import EndDeviceEvent, EndDeviceEvents
from gateway.messages.profiles.get_meter_readings import GetMeterReadings
from gateway.messages.profiles.meter_readings import MeterReading, MeterReadings
from gateway.messages.profiles.parts import Name
from gateway.messages.refusals import Refusal

#: Units whose values are texts: characters, time stamp, status, code, EndDeviceEvent code (table of units).
_TEXTUAL_UNITS = (76, 108, 109, 114, 118)


def faults(message: object, path: str) -> Iterator[Refusal]:
    """Every fault of a payload, with its place below ``path``. Nothing where this module knows nothing of the message."""
    if isinstance(message, MeterReadings):
        yield from _Readings(message).faults(path)
    elif isinstance(message, EndDeviceEvents):
        types = _names_of(message.end_device_event_type)
        for place, event in _each(f"{path}/EndDeviceEvent", message.end_device_event):
            yield from _event(event, types, place)
    elif isinstance(message, EndDeviceControls):
        yield from _controls(message, path)
    elif isinstance(message, GetMeterReadings):
        yield from _get_meter_readings(message, path)


def _each(path: str, things: Iterable[Any]) -> Iterator[tuple[str, Any]]:
    """The things with their paths, numbered where there are several."""
    found = tuple(things)
    for number, thing in enumerate(found, 1):
        yield f"{path}[{number}]" if len(found) > 1 else path, thing


def _names_of(types: Iterable[Any]) -> frozenset[str]:
    """The names by which types written out at the root can be referred to."""
    return frozenset(
        name for kind in types for name in (kind.mrid, *(one.name for one in kind.names)) if name is not None
    )


def _said(thing: Any) -> bool:
    return bool(thing is not None and (thing.mrid or any(name.name for name in thing.names)))


def _names(names: tuple[Name, ...], path: str) -> Iterator[Refusal]:
    if len(names) > 1 and any(name.name_type is None for name in names):
        yield Refusal("each of several names needs its NameType", reply_code.AGAINST_SCHEMA, xpath=f"{path}/Names")


def _reference(
    ref: str, known: frozenset[str], parse: Callable[[str], object], code: ReplyCode, path: str
) -> Iterator[Refusal]:
    if not ref:
        yield Refusal("the reference names nothing: ref is missing or empty", code, xpath=path)
    elif ref not in known:
        try:
            parse(ref)
        except ValueError as error:
            what = f"{error}, and no type of that name is written out in the message"
            yield Refusal(what, code, xpath=path)


class _Readings:
    """The faults of MeterReadings; what a type means is found once for each."""

    def __init__(self, message: MeterReadings) -> None:
        self._message = message
        self._types = _names_of(message.reading_type)
        self._qualities = _names_of(message.reading_quality_type)
        self._events = _names_of(message.end_device_event_type)
        self._textual: dict[str, bool] = {}

    def faults(self, path: str) -> Iterator[Refusal]:
        for place, one in _each(f"{path}/MeterReading", self._message.meter_reading):
            yield from self._meter_reading(one, place)

    def _meter_reading(self, one: MeterReading, path: str) -> Iterator[Refusal]:
        if not _said(one.meter) and not _said(one.usage_point):
            what = "neither a meter nor a usage point is named"
            yield Refusal(what, reply_code.INVALID_METER, xpath=f"{path}/Meter")
        for name, thing in (("Meter", one.meter), ("UsagePoint", one.usage_point)):
            if thing is not None:
                yield from _names(thing.names, f"{path}/{name}")
        for place, event in _each(f"{path}/EndDeviceEvents", one.end_device_events):
            yield from _event(event, self._events, place, device_known=True)
        for place, block in _each(f"{path}/IntervalBlocks", one.interval_blocks):
            yield from self._type(block.reading_type, f"{place}/ReadingType")
            for row_place, row in _each(f"{place}/IntervalReadings", block.interval_readings):
                yield from self._value(row, block.reading_type, row_place)
        for place, reading in _each(f"{path}/Readings", one.readings):
            yield from self._type(reading.reading_type, f"{place}/ReadingType")
            yield from self._value(reading, reading.reading_type, place)

    def _type(self, ref: str, path: str) -> Iterator[Refusal]:
        return _reference(ref, self._types, ReadingType.parse, reply_code.INVALID_READING_TYPE, path)

    def _value(self, reading: Any, ref: str, path: str) -> Iterator[Refusal]:
        if reading.value is not None and not self._is_textual(ref):
            try:
                parse_float(reading.value)
            except ValueError:
                what = f"{reading.value!r} is no number, and {ref} is a type of numbers"
                yield Refusal(what, reply_code.AGAINST_SCHEMA, xpath=f"{path}/value")
        for place, quality in _each(f"{path}/ReadingQualities", reading.reading_qualities):
            if not quality.reading_quality_type:
                what = "the reference names nothing: ref is missing or empty"
                yield Refusal(what, reply_code.AGAINST_SCHEMA, xpath=f"{place}/ReadingQualityType")

    def _is_textual(self, ref: str) -> bool:
        """Whether values of a type need not be numbers. What is no code of 18 fields is not known, so it may be."""
        if ref not in self._textual:
            try:
                kind = ReadingType.parse(ref)
            except ValueError:
                self._textual[ref] = True
            else:
                self._textual[ref] = kind.unit in _TEXTUAL_UNITS or kind.unit == 0
        return self._textual[ref]


def _event(event: EndDeviceEvent, types: frozenset[str], path: str, *, device_known: bool = False) -> Iterator[Refusal]:
    place = f"{path}/EndDeviceEventType"
    yield from _reference(
        event.end_device_event_type, types, EndDeviceEventType.parse, reply_code.AGAINST_SCHEMA, place
    )
    if not device_known and not _said(event.assets) and not _said(event.usage_point):
        what = "neither a device nor a usage point is named"
        yield Refusal(what, reply_code.INVALID_METER, xpath=f"{path}/Assets")
    if event.assets is not None:
        yield from _names(event.assets.names, f"{path}/Assets")


def _controls(message: EndDeviceControls, path: str) -> Iterator[Refusal]:
    types = _names_of(message.end_device_control_type)
    for place, control in _each(f"{path}/EndDeviceControl", message.end_device_control):
        yield from _reference(
            control.end_device_control_type,
            types,
            EndDeviceControlType.parse,
            reply_code.AGAINST_SCHEMA,
            f"{place}/EndDeviceControlType",
        )
        addressed = (
            *control.end_devices,
            *control.end_device_groups,
            *control.usage_points,
            *control.usage_point_groups,
        )
        # A price or a text may be for a whole premises area network; a relay is always somebody's. A control that is to be
        # cancelled is said by its own names.
        named = control.mrid or control.issuer_tracking_id
        if control.pan is None and not named and not any(map(_said, addressed)):
            what = "the control names no device, group or usage point"
            yield Refusal(what, reply_code.INVALID_METER, xpath=f"{place}/EndDevices")


def _get_meter_readings(message: GetMeterReadings, path: str) -> Iterator[Refusal]:
    for element, things, code in (
        ("EndDevice", message.end_device, reply_code.INVALID_METER),
        ("ReadingType", message.reading_type, reply_code.INVALID_READING_TYPE),
        ("UsagePoint", message.usage_point, reply_code.INVALID_USAGE_POINT),
    ):
        for place, thing in _each(f"{path}/{element}", things):
            if not _said(thing):
                yield Refusal("neither an mRID nor a name is given", code, xpath=place)
            yield from _names(thing.names, place)
