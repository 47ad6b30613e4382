"""What every COSEM object is: a class, a version, a logical name, attributes to read and write, methods to call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from hil.dlms.axdr import Data, octets

#: Data-Access-Result and Action-Result (IEC 62056-5-3): what is answered instead of a value.
SUCCESS, HARDWARE_FAULT, TEMPORARY_FAILURE, READ_WRITE_DENIED, UNDEFINED, CLASS_INCONSISTENT = 0, 1, 2, 3, 4, 9
UNAVAILABLE, TYPE_UNMATCHED, SCOPE_VIOLATED, BLOCK_UNAVAILABLE, LONG_GET_ABORTED = 11, 12, 13, 14, 15
NO_LONG_GET, LONG_SET_ABORTED, NO_LONG_SET, BLOCK_NUMBER_INVALID, OTHER = 16, 17, 18, 19, 250


class Refused(Exception):
    """An attribute or method is not to be had; ``result`` is the standard's number for why."""

    def __init__(self, result: int) -> None:
        super().__init__(f"data access result {result}")
        self.result = result


@dataclass(frozen=True, slots=True)
class Selection:
    """Selective access: the access selector and its parameters."""

    selector: int
    parameters: Data


Getter = Callable[[Selection | None], Data]


@dataclass(slots=True)
class Attribute:
    """``get`` None: may not be read. ``put`` None: may not be written. ``selectors`` are those of selective access."""

    get: Getter | None
    put: Callable[[Data], None] | None = None
    selectors: tuple[int, ...] = ()


#: A method gets its parameter (None where none was sent) and may return data. Raises Refused.
Method = Callable[[Data | None], Data | None]


@dataclass(slots=True)
class CosemObject:
    """One object. Attribute 1 is its logical name. ``base_name`` is its place in short name referencing."""

    class_id: int
    version: int
    name: bytes
    attributes: dict[int, Attribute] = field(default_factory=dict)
    methods: dict[int, Method] = field(default_factory=dict)
    base_name: int = 0

    def __post_init__(self) -> None:
        self.attributes = {1: fixed(octets(self.name)), **self.attributes}


def fixed(data: Data) -> Attribute:
    """An attribute that never changes."""
    return Attribute(lambda _: data)


def computed(make: Callable[[], Data]) -> Attribute:
    """An attribute made anew whenever it is read."""
    return Attribute(lambda _: make())


def stored(data: Data) -> Attribute:
    """An attribute that may be written, by a value of the same type."""
    held = [data]

    def put(new: Data) -> None:
        if new.tag != held[0].tag:
            raise Refused(TYPE_UNMATCHED)
        held[0] = new

    return Attribute(lambda _: held[0], put)
