"""The fast path for profile buffers: an array of structures whose rows mostly look alike.

A row's *layout* is its bytes without the values: tags and lengths. Rows of one layout have one size, so that all tags
at one place of a run of rows are one strided slice; ``lstrip`` counts in C how far they agree, and one ``struct`` then
unpacks the run. Rows that this does not understand (strings of other types, nested data, compact-array) go through
``axdr.take``, with the same result.
"""

from __future__ import annotations

import struct
from functools import lru_cache
from typing import NamedTuple

from drivers.dlms import axdr
from drivers.dlms.bytes_reader import Reader

_CODES = {
    axdr.BOOLEAN: "?", axdr.DOUBLE_LONG: "i", axdr.DOUBLE_LONG_UNSIGNED: "I", axdr.INTEGER: "b", axdr.LONG: "h",
    axdr.UNSIGNED: "B", axdr.LONG_UNSIGNED: "H", axdr.LONG64: "q", axdr.LONG64_UNSIGNED: "Q",
}  # fmt: skip
_SIZES = {tag: struct.calcsize(">" + code) for tag, code in _CODES.items()}
#: Runs are looked for in windows that double while they hold: alternating layouts then cost no more than they must.
_FIRST_WINDOW = 8


class _Layout(NamedTuple):
    """``constant`` holds (offset, byte) of tags and lengths; ``nulls`` the columns that are null-data."""

    unpack: struct.Struct
    constant: tuple[tuple[int, int], ...]
    nulls: tuple[int, ...]


@lru_cache(256)
def _layout(key: bytes) -> _Layout:
    """From a row's tags (and lengths after octet-string tags) to how it is read."""
    parts = [">2x"]
    constant = [(0, axdr.STRUCTURE), (1, key[0])]
    nulls = []
    offset, position, column = 2, 1, 0
    while position < len(key):
        tag = key[position]
        constant.append((offset, tag))
        if tag == axdr.OCTET_STRING:
            size = key[position + 1]
            constant.append((offset + 1, size))
            parts.append(f"2x{size}s")
            offset += 2 + size
            position += 2
        elif tag == axdr.NULL:
            nulls.append(column)
            parts.append("x")
            offset += 1
            position += 1
        else:
            parts.append("x" + _CODES[tag])
            offset += 1 + _SIZES[tag]
            position += 1
        column += 1
    return _Layout(struct.Struct("".join(parts)), tuple(constant), tuple(nulls))


def _key(data: bytes, position: int) -> bytes | None:
    """The layout key of the row at ``position``; None when the fast path cannot take it. Never reads beyond the end."""
    end = len(data)
    if position + 2 > end or data[position] != axdr.STRUCTURE or data[position + 1] >= 0x80:
        return None
    count = data[position + 1]
    key = bytearray((count,))
    position += 2
    for _ in range(count):
        if position >= end:
            return None
        tag = data[position]
        key.append(tag)
        position += 1
        if tag == axdr.OCTET_STRING:
            if position >= end or data[position] >= 0x80:
                return None
            key.append(data[position])
            position += 1 + data[position]
        elif tag != axdr.NULL:
            size = _SIZES.get(tag)
            if size is None:
                return None
            position += size
    return bytes(key) if position <= end else None


def _run(data: bytes, position: int, layout: _Layout, window: int) -> int:
    """How many of the next ``window`` rows have this layout."""
    size = layout.unpack.size
    end = position + size * window
    count = window
    for offset, byte in layout.constant:
        column = data[position + offset : end : size]
        count = min(count, len(column) - len(column.lstrip(bytes((byte,)))))
        if count <= 1:
            return count
        end = position + size * count
    return count


def take_rows(reader: Reader) -> list[tuple[axdr.Data, ...]]:
    """The rows of the array or compact-array at the reader's position, each a tuple. Raises Damaged.

    An element that is no structure becomes a row of one.
    """
    data = reader.data if reader.end == len(reader.data) else reader.data[: reader.end]
    if reader.peek() != axdr.ARRAY:
        return _plain(axdr.take(reader))
    reader.byte()
    left = reader.length()
    rows: list[tuple[axdr.Data, ...]] = []
    window = _FIRST_WINDOW
    while left:
        position = reader.position
        key = _key(data, position)
        if key is None or len(key) == 1:
            value = axdr.take(reader, 1)
            rows.append(value if isinstance(value, tuple) and type(value) is tuple else (value,))
            left -= 1
            continue
        layout = _layout(key)
        size = layout.unpack.size
        run = max(1, _run(data, position, layout, min(window, left, (len(data) - position) // size)))
        window = window * 2 if run == window else _FIRST_WINDOW
        found = layout.unpack.iter_unpack(data[position : position + run * size])
        rows.extend(_with_nulls(row, layout.nulls) for row in found) if layout.nulls else rows.extend(found)
        reader.position = position + run * size
        left -= run
    return rows


def _with_nulls(row: tuple[axdr.Data, ...], nulls: tuple[int, ...]) -> tuple[axdr.Data, ...]:
    columns = list(row)
    for column in nulls:
        columns.insert(column, None)
    return tuple(columns)


def _plain(value: axdr.Data) -> list[tuple[axdr.Data, ...]]:
    if isinstance(value, list):
        return [item if type(item) is tuple else (item,) for item in value]
    return [] if value is None else [(value,)]
