"""The code tables of this package: which integer stands for what in each part of a code, and how sure that is.

Each is a CSV file in ``tables/`` with the columns part, code, name, meaning, standing. ``standing`` is empty when
independent sources agree, else ``one source``, ``disputed`` or ``vendor``.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path

TABLES = Path(__file__).resolve().parent / "tables"

#: From here on IEC 61968-9 leaves the integers of every part to vendors.
FIRST_VENDOR_CODE = 1000


class Standing(StrEnum):
    """How sure it is what a part of a code means."""

    CONFIRMED = ""
    ONE_SOURCE = "one source"
    DISPUTED = "disputed"
    VENDOR = "vendor extension"
    UNKNOWN = "not in the table"

    @property
    def may_emit(self) -> bool:
        """Whether this gateway may send it."""
        return self in (Standing.CONFIRMED, Standing.ONE_SOURCE)


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a code in words. ``code`` is the integer as it stands in the code."""

    part: str
    code: str
    name: str
    meaning: str
    standing: Standing

    def __str__(self) -> str:
        doubt = f" [{self.standing}]" if self.standing else ""
        return f"{self.part} {self.code}: {self.meaning}{doubt}"


@cache
def table(file: str) -> dict[tuple[str, str], Part]:
    """The parts of ``tables/<file>`` by part and code."""
    with (TABLES / file).open(encoding="utf-8", newline="") as lines:
        rows = csv.reader(lines)
        next(rows)
        return {
            (part, code): Part(
                part, code, name, meaning, Standing("vendor extension" if standing == "vendor" else standing)
            )
            for part, code, name, meaning, standing in rows
        }


def look_up(file: str, part: str, code: int | str) -> Part:
    """What ``code`` means as ``part`` of a code of that table; a Part that says so when it stands not there."""
    found = table(file).get((part, str(code)))
    if found is not None:
        return found
    vendor = isinstance(code, int) and code >= FIRST_VENDOR_CODE
    standing = Standing.VENDOR if vendor else Standing.UNKNOWN
    return Part(part, str(code), "", "vendor extension" if vendor else "unknown", standing)


def integers(text: str, count: int, what: str) -> tuple[int, ...]:
    """The ``count`` integers of a code such as ``3.26.0.85``, as they are printed. Raises ValueError otherwise."""
    parts = text.split(".")
    if len(parts) != count:
        raise ValueError(f"{text!r} has {len(parts)} parts; {what} has {count}")
    for part in parts:
        digits = part.removeprefix("-")
        plain = digits.isascii() and digits.isdecimal() and len(digits) <= 9
        if not plain or (digits[0] == "0" and part != "0"):
            raise ValueError(f"{part!r} in {text!r} is no integer as {what} is written")
    return tuple(map(int, parts))
