"""What customer ports push: a DataNotification, and the lists in it as makers write them.

    0F | long invoke-id (4) | date-time: 00 none, 0C and twelve bytes, or (against the standard) tagged 09 0C | body

Kinds of list: ``named`` structures of logical name, value and scaler_unit, in an array (Aidon, EMBRIQ) or, as
``named-structure``, in a structure (Iskraemeco) that may begin with name and value of the clock bare (Kaifa in Austria);
``clock-pairs`` the clock bare, then name and value in turn (L+G); ``clock-flat`` the same with scaler_unit beside each value
(Kaifa at Netz NOe); ``values`` without names (Kaifa in Norway); ``pairs`` of name and value after the list's name (Kamstrup); ``descriptors``,
attribute descriptors without a tag before each value (Czechia); ``objects`` the push setup's own object list first, then the
values in its order (IDIS, Energomera).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hil.dlms import axdr
from hil.dlms.axdr import ENUM, OCTETS, STRUCTURE, VISIBLE, Data, encode, length, octets
from hil.dlms.meter_clock import MeterClock
from hil.dlms.obis import logical_name
from hil.dlms.quantity import Quantity

TAG = 0x0F
_NO_UNIT = 255


@dataclass(frozen=True, slots=True)
class Element:
    """One place of a list: a quantity, a fixed text (``visible``: as visible-string), or the meter's clock."""

    obis: bytes
    quantity: Quantity | None = None
    text: str | None = None
    visible: bool = True
    clock: bool = False

    @classmethod
    def of(cls, entry: Mapping[str, Any]) -> Element:
        name = logical_name(entry["obis"])
        if entry.get("clock"):
            return cls(name, clock=True)
        if "text" in entry:
            return cls(name, text=entry["text"], visible=entry.get("visible", True))
        tag = axdr.NAMES[entry["type"]]
        quantity = Quantity(
            tag, entry["raw"], entry.get("scaler", 0), entry["unit"], spread=entry.get("spread", 0), salt=entry["obis"]
        )
        return cls(name, quantity)

    def value(self, clock: MeterClock, at: datetime) -> Data:
        if self.clock:
            return octets(clock.stamp(at))
        if self.quantity is not None:
            return self.quantity.data(at)
        return Data(VISIBLE if self.visible else OCTETS, self.text)


@dataclass(frozen=True, slots=True)
class PushedList:
    """``kind`` as above. ``date`` is ``none``, ``bare`` or ``tagged``; ``name`` stands in front where the kind has one."""

    kind: str
    elements: Sequence[Element]
    date: str = "none"
    name: str = ""

    def notification(self, clock: MeterClock, at: datetime, invoke: int) -> bytes:
        stamp = clock.stamp(at)
        date = {"none": b"\0", "bare": b"\x0c" + stamp, "tagged": b"\x09\x0c" + stamp}[self.date]
        return bytes([TAG]) + invoke.to_bytes(4, "big") + date + _KINDS[self.kind](self, clock, at)


def _named(pushed: PushedList, clock: MeterClock, at: datetime) -> bytes:
    return encode(axdr.array(_named_element(each, clock, at) for each in pushed.elements))


def _named_structure(pushed: PushedList, clock: MeterClock, at: datetime) -> bytes:
    parts: list[Data] = []
    for each in pushed.elements:
        parts += [octets(each.obis), each.value(clock, at)] if each.clock else [_named_element(each, clock, at)]
    return encode(axdr.structure(*parts))


def _named_element(each: Element, clock: MeterClock, at: datetime) -> Data:
    parts = [octets(each.obis), each.value(clock, at)]
    return axdr.structure(*parts, *([each.quantity.scaler_unit] if each.quantity is not None else []))


def _clock_pairs(pushed: PushedList, clock: MeterClock, at: datetime) -> bytes:
    parts = [octets(clock.stamp(at))]
    for each in pushed.elements:
        parts += [octets(each.obis), each.value(clock, at)]
    return encode(axdr.structure(*parts))


def _clock_flat(pushed: PushedList, clock: MeterClock, at: datetime) -> bytes:
    parts = [octets(clock.stamp(at))]
    for each in pushed.elements:
        parts += _named_element(each, clock, at).value
    return encode(axdr.structure(*parts))


def _values(pushed: PushedList, clock: MeterClock, at: datetime) -> bytes:
    name = [octets(pushed.name.encode())] if pushed.name else []
    return encode(axdr.structure(*name, *(each.value(clock, at) for each in pushed.elements)))


def _pairs(pushed: PushedList, clock: MeterClock, at: datetime) -> bytes:
    parts = [Data(VISIBLE, pushed.name)]
    for each in pushed.elements:
        parts += [octets(each.obis), each.value(clock, at)]
    return encode(axdr.structure(*parts))


def _descriptors(pushed: PushedList, clock: MeterClock, at: datetime) -> bytes:
    """A structure of an enum and an array, whose elements say two parts and begin with a bare attribute descriptor."""
    body = bytes([STRUCTURE, 2, ENUM, 1, 1]) + length(len(pushed.elements))
    for each in pushed.elements:
        value = each.value(clock, at)
        body += bytes([STRUCTURE, 2]) + _class(each).to_bytes(2, "big") + each.obis + b"\x02" + encode(value)
    return body


def _class(each: Element) -> int:
    """Clock, register, or data for what has no unit."""
    if each.clock:
        return 8
    return 3 if each.quantity is not None and each.quantity.unit != _NO_UNIT else 1


def _objects(pushed: PushedList, clock: MeterClock, at: datetime) -> bytes:
    """The list of pushed objects is the first of them: class 40, and with restriction and columns, as version 2 has them."""
    values = [each.value(clock, at) for each in pushed.elements]
    classes = [40, *map(_class, pushed.elements)]
    names = [logical_name("0-0:25.9.0*255"), *(each.obis for each in pushed.elements)]
    nothing = axdr.structure(Data(ENUM, 0), Data(axdr.NULL))
    listed = axdr.array(
        axdr.structure(
            Data(axdr.UINT16, class_id), octets(name), Data(axdr.INT8, 2), Data(axdr.UINT16, 0), nothing, axdr.array(())
        )
        for class_id, name in zip(classes, names, strict=True)
    )
    return encode(axdr.structure(listed, *values))


_KINDS: dict[str, Callable[[PushedList, MeterClock, datetime], bytes]] = {
    "named": _named,
    "named-structure": _named_structure,
    "clock-pairs": _clock_pairs,
    "clock-flat": _clock_flat,
    "values": _values,
    "pairs": _pairs,
    "descriptors": _descriptors,
    "objects": _objects,
}
