"""ReadingType: what a value measures, as the name of 18 integers joined by dots (IEC 61968-9, annex C).

Any 18 integers parse. What may be *sent* is narrower: every field must stand in the code table, be undisputed and no
vendor's own (``may_emit``); a dialect may name further values on purpose.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from gateway.cim.code_tables import Part, Standing, integers, look_up

_TABLE = "reading_type_fields.csv"

#: The fields in order, in the standard's words.
FIELDS = (
    "macroPeriod", "aggregate", "measuringPeriod", "accumulation", "flowDirection", "commodity", "measurementKind",
    "interharmonic.numerator", "interharmonic.denominator", "argument.numerator", "argument.denominator",
    "tou", "cpp", "consumptionTier", "phases", "multiplier", "unit", "currency",
)  # fmt: skip


class ReadingType(NamedTuple):
    """A ReadingType name. Each field is its integer; ``str()`` is the name, ``parse`` reads it back."""

    macro_period: int = 0
    aggregate: int = 0
    measuring_period: int = 0
    accumulation: int = 0
    flow_direction: int = 0
    commodity: int = 0
    measurement_kind: int = 0
    interharmonic_numerator: int = 0
    interharmonic_denominator: int = 0
    argument_numerator: int = 0
    argument_denominator: int = 0
    tou: int = 0
    cpp: int = 0
    consumption_tier: int = 0
    phases: int = 0
    multiplier: int = 0
    unit: int = 0
    currency: int = 0

    @classmethod
    def parse(cls, text: str) -> ReadingType:
        """Read a name of 18 integers. Raises ValueError; an 11-field name is one of edition 1 and says so."""
        if text.count(".") == 10:
            raise ValueError(f"{text!r} has 11 fields: a ReadingType of edition 1, which cannot be read as one of 18")
        fields = integers(text, len(FIELDS), "a ReadingType")
        if min(fields[:15] + fields[16:]) < 0:
            raise ValueError(f"{text!r} has a negative field; only the multiplier may be")
        return cls(*fields)

    def __str__(self) -> str:
        return ".".join(map(str, self))

    def explain(self) -> Iterator[Part]:
        """The 18 fields in words, in order."""
        for field, value in zip(FIELDS, self, strict=True):
            yield self._part(field, value)

    def objections(self, named: Collection[tuple[str, int]] = ()) -> list[Part]:
        """The fields that forbid sending this type. ``named`` are field and value that a dialect names on purpose."""
        return [
            part
            for field, value, part in zip(FIELDS, self, self.explain(), strict=True)
            if not part.standing.may_emit and (field, value) not in named
        ]

    @property
    def may_emit(self) -> bool:
        """Whether this gateway may send this type."""
        return _may_emit(self)

    def _part(self, field: str, value: int) -> Part:
        """One field in words. The two fractions and cpp are counted, not listed: the table holds their pattern."""
        fraction, _, half = field.partition(".")
        if half:
            numerator, denominator = self[7:9] if fraction == "interharmonic" else self[9:11]
            return _fraction(field, value, numerator, denominator)
        if field == "cpp" and 0 < value < 1000:
            return Part(field, str(value), f"CPP {value}", f"critical-peak bucket {value}", Standing.CONFIRMED)
        return look_up(_TABLE, field, value)


def _fraction(field: str, value: int, numerator: int, denominator: int) -> Part:
    if numerator == denominator == 0:
        return look_up(_TABLE, field, 0)
    if numerator < 1 or denominator < 1:
        return Part(field, str(value), "", f"{numerator}/{denominator} is no fraction", Standing.UNKNOWN)
    harmonic = field.startswith("inter") and denominator == 1
    meaning = f"harmonic {numerator}" if harmonic else f"{numerator}/{denominator}"
    return Part(field, str(value), meaning, meaning, Standing.CONFIRMED)


@dataclass(frozen=True, slots=True)
class Unmapped:
    """No ReadingType, and precisely why."""

    reason: str


@lru_cache(maxsize=4096)
def _may_emit(kind: ReadingType) -> bool:
    # The same few types stand in every message, and their eighteen fields in tables that do not change.
    return not kind.objections()


@lru_cache(maxsize=4096)
def parse_cached(text: str) -> ReadingType:
    """``ReadingType.parse``, remembered: a message names the same few types a thousand times. Raises ValueError."""
    return ReadingType.parse(text)
