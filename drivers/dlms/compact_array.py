"""The compact-array of A-XDR: one description of the type, then contents without tags (IEC 62056-6-2, 4.1.5).

A description may promise elements that take no byte (null-data); they are counted against a budget that grows with the
data, so that a few bytes cannot ask for gigabytes.
"""

from __future__ import annotations

from typing import NamedTuple

from drivers.dlms import axdr
from drivers.dlms.bytes_reader import Damaged, Reader


class Type(NamedTuple):
    """A type description: ``tag``; for an array ``size`` and one member, for a structure its members."""

    tag: int
    size: int = 0
    members: tuple[Type, ...] = ()


class _Budget:
    """How many elements may still be made."""

    __slots__ = ("left",)

    def __init__(self, size: int) -> None:
        self.left = 64 + 8 * size

    def spend(self, count: int = 1) -> None:
        self.left -= count
        if self.left < 0:
            raise Damaged("a compact-array promises more elements than its data can hold")


def take_type(reader: Reader, depth: int = 0) -> Type:
    """The type description at the reader's position. Raises Damaged."""
    if depth >= axdr.MAX_DEPTH:
        raise Damaged(f"a type nested deeper than {axdr.MAX_DEPTH}")
    tag = reader.byte()
    if tag == axdr.ARRAY:
        count = reader.number(2)
        return Type(tag, count, (take_type(reader, depth + 1),))
    if tag == axdr.STRUCTURE:
        count = reader.length()
        if count > reader.left:
            raise Damaged(f"a structure of {count} members described in {reader.left} bytes")
        return Type(tag, count, tuple(take_type(reader, depth + 1) for _ in range(count)))
    return Type(tag)


def take_compact_array(reader: Reader) -> list[axdr.Data]:
    """The elements of the compact-array whose tag was just read. Raises Damaged."""
    kind = take_type(reader)
    contents = Reader(reader.octets())
    budget = _Budget(contents.left)
    found: list[axdr.Data] = []
    while contents.left:
        before = contents.position
        found.append(_element(kind, contents, budget))
        if contents.position == before:
            raise Damaged("a compact-array whose elements take no bytes")
    return found


def _element(kind: Type, contents: Reader, budget: _Budget) -> axdr.Data:
    budget.spend()
    if kind.tag == axdr.ARRAY:
        budget.spend(kind.size)
        return [_element(kind.members[0], contents, budget) for _ in range(kind.size)]
    if kind.tag == axdr.STRUCTURE:
        return tuple(_element(member, contents, budget) for member in kind.members)
    if kind.tag == axdr.COMPACT_ARRAY:
        raise Damaged("a compact-array inside a compact-array")
    return axdr.take_simple(kind.tag, contents)
