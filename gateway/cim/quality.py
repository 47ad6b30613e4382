"""ReadingQualityType: a doubt about a value as system.category.subCategory (IEC 61968-9, annex D).

System 1 is the meter, 2 this gateway. A value without doubt carries no quality: it is assumed good unless stated.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from drivers.reading import Doubt
from gateway.cim.code_tables import Part, Standing, integers, look_up

_TABLE = "reading_quality_parts.csv"


class ReadingQualityType(NamedTuple):
    """A quality code. ``str()`` is the code, ``parse`` reads it back."""

    system: int
    category: int
    sub_category: int

    @classmethod
    def parse(cls, text: str) -> ReadingQualityType:
        """Read a code of three integers. Raises ValueError."""
        parts = integers(text, 3, "a ReadingQualityType")
        if min(parts) < 0:
            raise ValueError(f"{text!r} has a negative part")
        return cls(*parts)

    def __str__(self) -> str:
        return f"{self.system}.{self.category}.{self.sub_category}"

    def explain(self) -> Iterator[Part]:
        """The three parts in words. The sub-category means something only within its category."""
        yield look_up(_TABLE, "system", self.system)
        yield look_up(_TABLE, "category", self.category)
        sub = look_up(_TABLE, "category.subCategory", f"{self.category}.{self.sub_category}")
        standing = Standing.VENDOR if self.sub_category >= 1000 else sub.standing
        yield Part("subCategory", str(self.sub_category), sub.name, sub.meaning, standing)

    @property
    def may_emit(self) -> bool:
        """Whether this gateway may send this code."""
        return all(part.standing.may_emit for part in self.explain())


_CODES = {
    Doubt.CLOCK_INVALID: ReadingQualityType(1, 1, 9),
    Doubt.CLOCK_SET: ReadingQualityType(1, 4, 9),
    Doubt.DAYLIGHT_SAVING: ReadingQualityType(1, 4, 16),
    Doubt.POWER_FAILED: ReadingQualityType(1, 2, 32),
    Doubt.PARTIAL_INTERVAL: ReadingQualityType(1, 4, 2),
    Doubt.LONG_INTERVAL: ReadingQualityType(1, 4, 3),
    Doubt.SKIPPED_INTERVAL: ReadingQualityType(1, 4, 4),
    Doubt.CONFIGURATION_CHANGED: ReadingQualityType(1, 4, 6),
    Doubt.RESET: ReadingQualityType(1, 4, 8),
    Doubt.ERROR_CODE: ReadingQualityType(1, 5, 257),
    Doubt.KNOWN_MISSING: ReadingQualityType(2, 5, 259),
    Doubt.SUSPECT: ReadingQualityType(2, 5, 258),
    Doubt.OUT_OF_RANGE: ReadingQualityType(2, 5, 256),
    Doubt.MANUAL: ReadingQualityType(2, 4, 131),
    Doubt.REPAIRED: ReadingQualityType(2, 7, 0),
    Doubt.GATEWAY_TIME: ReadingQualityType(2, 11, 0),
}


def quality(doubt: Doubt) -> ReadingQualityType:
    """The quality code of a doubt."""
    return _CODES[doubt]


def code(doubt: Doubt) -> str:
    """The quality code of a doubt, as it stands in a message."""
    return str(_CODES[doubt])


def comment(doubt: Doubt) -> str | None:
    """What ``ReadingQuality.comment`` must say beside the code, None where the code says it all."""
    return doubt.value if doubt is Doubt.GATEWAY_TIME else None
