"""How a profile's buffer may be written: plain, with null-data for what repeats, or as a compact array."""

from __future__ import annotations

from collections.abc import Sequence

from hil.dlms.axdr import COMPACT, NULL, STRUCTURE, Data, array, content, length, structure
from hil.dlms.profile_generic import Writer, plain


def null_compressed(rows: Sequence[tuple[Data, ...]]) -> Data:
    """The first column (the clock) only in the first row, other cells only where they change."""
    written = []
    for number, row in enumerate(rows):
        before = rows[number - 1] if number else None
        written.append(
            structure(
                *(
                    Data(NULL) if before and (place == 0 or cell == before[place]) else cell
                    for place, cell in enumerate(row)
                )
            )
        )
    return array(written)


def compact(rows: Sequence[tuple[Data, ...]]) -> Data:
    """One description of a row, then the contents of all without a tag. An empty buffer is an empty array."""
    if not rows:
        return array(())
    description = bytes([STRUCTURE]) + length(len(rows[0])) + bytes(cell.tag for cell in rows[0])
    return Data(COMPACT, (description, b"".join(content(cell) for row in rows for cell in row)))


WRITERS: dict[str, Writer] = {"plain": plain, "null": null_compressed, "compact": compact}
