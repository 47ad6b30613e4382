"""The data of a notification as a list of items, whatever form its maker chose.

* structures of logical name, value and perhaps scaler and unit, in an array or a structure (Aidon, Iskraemeco, L+G);
* logical names and values in turn in one structure, scaler and unit perhaps behind a value (Kamstrup, Kaifa, L+G E450);
* the push object list first, then the values in its order (IDIS);
* attribute descriptors without tags, each with its value (Sagemcom XT211, EG.D);
* values alone, whose meaning the device map knows (Kaifa in Norway).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from drivers.dlms import axdr
from drivers.dlms.axdr import Data
from drivers.dlms.bytes_reader import Damaged, Reader
from drivers.dlms.cosem_unit import ScalerUnit, scaler_unit
from drivers.dlms.meter_map import PushList
from drivers.reading import Obis

_DESCRIPTORS = (b"\x02\x02\x16", b"\x02\x02\x11")


class Item(NamedTuple):
    """One value that was pushed. ``obis`` None: nothing says what it is. ``attribute`` 0 where the list names none."""

    obis: Obis | None
    value: Data
    scaler: ScalerUnit | None = None
    class_id: int = 0
    attribute: int = 0


class Items(NamedTuple):
    """What a body holds. ``lost`` are stretches of a damaged body that gave nothing, in hexadecimal."""

    found: list[Item]
    lost: list[str]
    template: str = ""


def items(body: bytes, lists: Sequence[PushList] = (), *, salvage: bool = False) -> Items:
    """The items of a notification's body. ``salvage``: the frame is known to be damaged, take what can be taken.

    Raises Damaged when the body is no data, and nothing of it is to be salvaged.
    """
    try:
        value = axdr.decode(body)
    except Damaged:
        if body[:3] in _DESCRIPTORS:
            try:
                return Items(_descriptors(body), [])
            except Damaged:
                pass  # said below, as damaged data
        if not salvage:
            raise
        return _salvaged(body)
    return of_value(value, lists)


def of_value(value: Data, lists: Sequence[PushList] = ()) -> Items:
    """The items of decoded data."""
    parts = list(value) if isinstance(value, tuple | list) else [value]
    named = _pushed_objects(parts)
    if named is not None:
        return Items(named, [])
    found, bare = _in_turn(parts)
    if not bare:
        return Items(found, [])
    if found:
        return Items(found + [Item(None, one) for one in bare], [])
    for one in lists:
        fitting = _by_list(one, parts)
        if fitting is not None:
            return Items(fitting, [], one.name)
    return Items([Item(None, one) for one in bare], [])


def _in_turn(parts: Sequence[Data]) -> tuple[list[Item], list[Data]]:
    """Logical names with what follows each, and what no name stands before."""
    found: list[Item] = []
    bare: list[Data] = []
    place = 0
    while place < len(parts):
        part = parts[place]
        name = _name(part)
        if name is not None and place + 1 < len(parts) and _name(parts[place + 1]) is None:
            scaler = scaler_unit(parts[place + 2]) if place + 2 < len(parts) else None
            found.append(Item(name, parts[place + 1], scaler))
            place += 2 if scaler is None else 3
        elif isinstance(part, tuple | list) and part:
            inner, rest = _in_turn(part)
            found += inner
            if rest:
                bare.append(part if not inner else tuple(rest))
            place += 1
        else:
            if not (name is None and part is None):  # a null stands where a phase is not there
                bare.append(part)
            place += 1
    return found, bare


def _name(part: Data) -> Obis | None:
    """A logical name: six octets that are no text, with a channel and a value group that exist."""
    if not isinstance(part, bytes) or len(part) != 6 or isinstance(part, axdr.DateTime | axdr.Date | axdr.Time):
        return None
    if part[0] > 16 or part[1] > 199 or all(0x30 <= octet < 0x7F for octet in part):
        return None
    return Obis.from_bytes(part)


def _pushed_objects(parts: Sequence[Data]) -> list[Item] | None:
    """The items of a list whose first element is its own object list; None when it is another."""
    if len(parts) < 2 or not isinstance(parts[0], list):
        return None
    objects = parts[0]
    if len(objects) != len(parts) or not all(_is_object(one) for one in objects):
        return None
    found = []
    for described, value in zip(objects[1:], parts[1:], strict=True):
        class_id, name, attribute = described[:3]
        found.append(Item(Obis.from_bytes(name), value, None, class_id, attribute))
    return found


def _is_object(one: Data) -> bool:
    return (
        isinstance(one, tuple)
        and len(one) >= 4
        and isinstance(one[0], int)
        and isinstance(one[1], bytes)
        and len(one[1]) == 6
        and isinstance(one[2], int)
    )


def _descriptors(body: bytes) -> list[Item]:
    """02 02 enum, then an array of (02 02, class, logical name and attribute without tags, value). Raises Damaged."""
    reader = Reader(body)
    reader.take(2)
    axdr.take(reader)
    if reader.byte() != axdr.ARRAY:
        raise Damaged("no array of attribute descriptors")
    found = []
    for _ in range(reader.length()):
        if reader.take(2) != b"\x02\x02":
            raise Damaged(f"no attribute descriptor at byte {reader.position - 2}")
        class_id = reader.number(2)
        obis = Obis.from_bytes(reader.take(6))
        attribute = reader.byte()
        found.append(Item(obis, axdr.take(reader), None, class_id, attribute))
    reader.done("the attribute descriptors")
    return found


def _by_list(wanted: PushList, parts: Sequence[Data]) -> list[Item] | None:
    """The values by a device map's list; None when the list is another one's."""
    if len(parts) != len(wanted.elements):
        return None
    if wanted.starts_with:
        first = parts[0]
        text = first.decode("latin-1") if isinstance(first, bytes) else first
        if not isinstance(text, str) or not text.startswith(wanted.starts_with):
            return None
    found = []
    for element, value in zip(wanted.elements, parts, strict=True):
        if element.obis is not None:
            scaler = None if element.unit == 255 and element.scaler == 0 else ScalerUnit(element.scaler, element.unit)
            found.append(Item(element.obis, value, scaler))
    return found


def _salvaged(body: bytes) -> Items:
    """From a damaged body, the structures that begin with a logical name and are whole."""
    found: list[Item] = []
    lost: list[str] = []
    position = lost_from = 0
    while position < len(body) - 10:
        if (
            body[position] != axdr.STRUCTURE
            or body[position + 1] not in (2, 3)
            or body[position + 2 : position + 4] != b"\x09\x06"
        ):
            position += 1
            continue
        reader = Reader(body, position)
        try:
            value = axdr.take(reader)
        except Damaged:
            position += 1
            continue
        if position > lost_from and found:
            lost.append(body[lost_from:position].hex())
        found += _in_turn([value])[0]
        position = lost_from = reader.position
    if lost_from < len(body):
        lost.append(body[lost_from:].hex())
    return Items(found, lost)
