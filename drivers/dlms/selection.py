"""Selective access to a profile's buffer (class 7, attribute 2): by range and by entry (IEC 62056-6-2, 4.3.6)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from drivers.dlms.axdr import Data
from drivers.dlms.axdr_encode import (
    array,
    double_long_unsigned,
    integer,
    long_unsigned,
    octet_string,
    structure,
)
from drivers.dlms.bytes_reader import Damaged
from drivers.dlms.cosem import Selection
from drivers.reading import Obis

BY_RANGE, BY_ENTRY = 1, 2


class CaptureObject(NamedTuple):
    """A column of a profile: the attribute it captures, and which element of it (0: all of it)."""

    class_id: int
    obis: Obis
    attribute: int
    element: int = 0

    def to_bytes(self) -> bytes:
        return structure(
            long_unsigned(self.class_id),
            octet_string(bytes(self.obis)),
            integer(self.attribute),
            long_unsigned(self.element),
        )


def parse_capture_objects(value: Data) -> list[CaptureObject]:
    """The capture_objects of a profile. Raises Damaged for anything else."""
    if not isinstance(value, list):
        raise Damaged("capture objects that are no array")
    return [capture_object(item) for item in value]


def capture_object(item: Data) -> CaptureObject:
    """One capture_object_definition. Raises Damaged."""
    if not isinstance(item, tuple) or len(item) < 4:
        raise Damaged(f"no capture object: {item!r:.60}")
    class_id, name, attribute, index = item[:4]
    if not (isinstance(class_id, int) and isinstance(name, bytes) and isinstance(attribute, int) and len(name) == 6):
        raise Damaged(f"no capture object: {item!r:.60}")
    return CaptureObject(class_id, Obis.from_bytes(name), attribute, index if isinstance(index, int) else 0)


def by_range(restricting: CaptureObject, start: bytes, end: bytes, columns: Sequence[CaptureObject] = ()) -> Selection:
    """Entries whose ``restricting`` column is from ``start`` to ``end``, both date-times of 12 octets; of all columns, or
    of those named."""
    return Selection(
        BY_RANGE,
        structure(
            restricting.to_bytes(), octet_string(start), octet_string(end), array(*(one.to_bytes() for one in columns))
        ),
    )


def by_entry(first: int, last: int, first_column: int = 1, last_column: int = 0) -> Selection:
    """Entries number ``first`` to ``last`` (0: to the end), counted from 1, oldest first where the profile is a FIFO."""
    return Selection(
        BY_ENTRY,
        structure(
            double_long_unsigned(first),
            double_long_unsigned(last),
            long_unsigned(first_column),
            long_unsigned(last_column),
        ),
    )
