"""Names that are the same each time they are made: mRIDs of meters and identifiers of messages.

A resend is the same message byte for byte, so nothing here is random and nothing reads a clock.
"""

from __future__ import annotations

import typing
from collections.abc import Callable, Iterable, Iterator
from dataclasses import is_dataclass
from functools import cache
from hashlib import sha256
from uuid import UUID, uuid5

from drivers.reading import Meter
from gateway.messages.datatypes import sayable
from gateway.messages.declare import Foreign, Shape, items
from gateway.messages.editions import ED2
from gateway.messages.profiles.parts import Name, NameType
from gateway.messages.writer import Output, write_element

#: The name space of this project's identifiers; any constant would do, and it must never change.
NAMESPACE = UUID("6b1f3d3e-54c5-5f0e-9c0b-0d5a1c6b7a10")


def meter_mrid(manufacturer: str, serial: str) -> str | None:
    """The mRID of a meter: UUIDv5 of its manufacturer and serial number; None where either is not known.

    A serial number alone is unique only among one maker's meters, and an mRID must be unique among all things.
    """
    if not manufacturer or not serial:
        return None
    return str(uuid5(NAMESPACE, f"meter/{manufacturer}/{serial}"))


def meter_names(meter: Meter) -> tuple[Name, ...]:
    """The names of a meter, each with its type, which must stand where there is more than one."""
    named = [("serialNumber", meter.serial), ("meterKey", meter.key if meter.key != meter.serial else "")]
    return tuple(Name(name=sayable(name), name_type=NameType(name=kind)) for kind, name in named if name)


def message_id(message: object) -> str:
    """The MessageID of a message with this content: the message as it is written, without MessageID and Timestamp.

    What is made anew with another Timestamp is the same message to its receiver. The message is written once for this,
    in constant memory, so its rows must be such as can be gone through again. Raises TypeError where they cannot,
    CannotWrite as the writer does.
    """
    _refuse_one_shot(message)
    digest = sha256()
    output = Output(_Digesting(digest.update), ED2)
    write_element(message, output)
    output.drain()
    return str(uuid5(NAMESPACE, "message/" + digest.hexdigest()))


class _Digesting:
    """A sink that keeps nothing."""

    def __init__(self, update: Callable[[bytes], object]) -> None:
        self.write = update


def _refuse_one_shot(record: object) -> None:
    """An iterator would be empty when the message is written in earnest, and the readings lost."""
    kind: type = type(record)
    for attribute in _perhaps_lazy(kind):
        value = getattr(record, attribute)
        if isinstance(value, Iterator):
            raise TypeError(f"{attribute} of {kind.__name__} can be gone through only once")
        for one in value if isinstance(value, tuple | list) else (value,):
            if is_dataclass(one) and not isinstance(one, type | Foreign):
                _refuse_one_shot(one)


@cache
def _perhaps_lazy(declared: type) -> tuple[str, ...]:
    """The fields that may be iterators, or hold a message that has such a field; most classes have none."""
    hints = typing.get_type_hints(declared)
    return tuple(
        item.attribute
        for item in items(declared)
        if item.shape is Shape.FOREIGN
        or typing.get_origin(hints[item.attribute]) is Iterable
        or (item.shape is Shape.ELEMENT and isinstance(item.content, type) and _perhaps_lazy(item.content))
    )


def event_mrid(meter: str, log: str, code: str, at: str) -> str:
    """The mRID of an event, by what makes it that event: where, which and when."""
    return str(uuid5(NAMESPACE, "\x1f".join(("event", meter, log, code, at))))
