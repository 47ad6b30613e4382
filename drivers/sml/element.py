"""The elements of SML: type-length fields and what they hold (SML 1.04, 6.2).

An element becomes a Python value: ``bytes`` an octet string, ``int`` a number, ``bool``, ``list``, and None what was left
out. How a number was written (its type and size) matters only where makers get it wrong; ``tl`` bytes are kept for that.
"""

from __future__ import annotations

from typing import Any

#: Lists in lists: an entry with a list for a value is at six.
_DEEPEST = 12
_CONTINUED, _TYPE, _LENGTH = 0x80, 0x70, 0x0F
_OCTETS, _BOOLEAN, _INTEGER, _UNSIGNED, _LIST = 0x00, 0x40, 0x50, 0x60, 0x70
#: An octet string of no bytes is how an optional element is left out.
_ABSENT = 0x01
#: The end of a message, which is no element of a list.
END = 0x00


class Malformed(Exception):
    """Bytes that are no element. ``str()`` says why."""


def element(data: bytes, at: int, depth: int = 0) -> tuple[Any, int]:
    """The element at ``at`` and the place behind it. Raises Malformed."""
    try:
        first = data[at]
        if first == _ABSENT:
            return None, at + 1
        length, place = first & _LENGTH, at + 1
        more = first
        while more & _CONTINUED:
            more = data[place]
            length = length << 4 | more & _LENGTH
            place += 1
    except IndexError:
        raise Malformed("it ends in the middle of an element") from None
    kind = first & _TYPE
    if kind == _LIST:
        return _list(data, place, length, depth)
    end = at + length
    if end > len(data):
        raise Malformed("it ends in the middle of an element")
    if end < place or first == END:
        raise Malformed(f"no element begins with {first:02x}")
    if kind == _OCTETS:
        return data[place:end], end
    if kind in (_UNSIGNED, _INTEGER):
        if end == place:
            raise Malformed("a number of no bytes")
        return int.from_bytes(data[place:end], "big", signed=kind == _INTEGER), end
    if kind == _BOOLEAN and end - place == 1:
        return data[place] != 0, end
    raise Malformed(f"no element begins with {first:02x}")


def _list(data: bytes, place: int, length: int, depth: int) -> tuple[list[Any], int]:
    if depth >= _DEEPEST:
        raise Malformed("lists in lists without end")
    if length > len(data) - place:
        raise Malformed("a list of more elements than there are bytes")
    found = []
    for _ in range(length):
        value, place = element(data, place, depth + 1)
        found.append(value)
    return found, place


def list_head(data: bytes, at: int) -> tuple[int, int]:
    """How many elements the list at ``at`` has, and where the first begins. Raises Malformed when there is no list."""
    if at >= len(data) or data[at] & _TYPE != _LIST:
        raise Malformed("no list where there must be one")
    length, place = data[at] & _LENGTH, at + 1
    more = data[at]
    while more & _CONTINUED:
        if place >= len(data):
            raise Malformed("it ends in the middle of an element")
        more = data[place]
        length = length << 4 | more & _LENGTH
        place += 1
    if length > len(data) - place:
        raise Malformed("a list of more elements than there are bytes")
    return length, place
