"""What was read against what it can be: a value that cannot be right is kept, and said to be in doubt.

Pure: what was known before comes in, and what is known now goes out with the records. Nothing is dropped or rebased: a
counter that fell keeps its value with a quality, and the next is compared with the last that nobody doubted.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path

from drivers.counter import Count, Counter, judge
from drivers.reading import CURRENT, Doubt, Meter, MeterEvent, Obis, Reading, Record

BANDS = Path(__file__).with_name("bands.toml")
#: Value groups D of time integrals that count up: total (8), billing period (9 has its own beginning) is none of them.
_COUNTS_UP = 8
#: Group C of sums that go both ways (import minus export), active and, under codes of our own (device_maps/README.md),
#: reactive: they may fall.
_BOTH_WAYS = {16, 36, 56, 76, 131, 151, 171, 191}


@dataclass(frozen=True, slots=True)
class Limit:
    """What a site says of one register: bounds of its value, how fast it may count, where it rolls over, how long it may stand;
    and where an alarm is told, which ends when the value is back by ``hysteresis``."""

    low: Decimal | None = None
    high: Decimal | None = None
    most_per_hour: Decimal | None = None
    counter: Counter = field(default_factory=Counter)
    stuck_after: timedelta | None = None
    alarm_below: Decimal | None = None
    alarm_above: Decimal | None = None
    hysteresis: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Before:
    """What is known of a meter's place from before: the last readings that nobody doubted, and since when each has its value."""

    last: Mapping[Obis, Reading] = field(default_factory=dict)
    since: Mapping[Obis, datetime] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Band:
    """Bounds of a quantity in a unit."""

    unit: str
    low: Decimal
    high: Decimal


@cache
def bands(file: Path = BANDS) -> dict[int, Band]:
    """The shipped bands by value group C."""
    found = {}
    for row in tomllib.loads(file.read_text(), parse_float=Decimal)["band"]:
        for c in row["c"]:
            found[c] = Band(row["unit"], Decimal(row["low"]), Decimal(row["high"]))
    return found


def validate(
    records: Iterable[Record], before: Before, limits: Mapping[Obis, Limit] | None = None, now: datetime | None = None
) -> list[Record]:
    """The records, with doubts added and an event of the gateway's own beside what matters. Raises nothing."""
    limits = limits or {}
    found: list[Record] = []
    for record in records:
        if not isinstance(record, Reading):
            found.append(record)
            continue
        doubts, why = _doubts(record, before, limits.get(record.obis))
        new = tuple(doubt for doubt in doubts if doubt not in record.doubts)
        found.append(replace(record, doubts=(*record.doubts, *new)) if new else record)
        if new and why:
            found.append(_event(record, why))
    return found


def exchanged(expected: Meter | None, serial: str, found: Meter) -> str:
    """Why the meter that answered is not the one of this place; "" when it is, or when it says nothing of itself."""
    if not found.serial:
        return ""
    if serial and found.serial.lstrip("0") != serial.lstrip("0"):
        return f"{found.serial} answers where the configuration has {serial}"
    if not serial and expected is not None and expected.serial and expected.serial != found.serial:
        return f"{found.serial} answers where {expected.serial} was"
    return ""


def _doubts(reading: Reading, before: Before, limit: Limit | None) -> tuple[Sequence[Doubt], str]:
    low, high = _bounds(reading, limit)
    if (low is not None and reading.value < low) or (high is not None and reading.value > high):
        return (Doubt.OUT_OF_RANGE,), ""
    last = before.last.get(reading.obis)
    if last is None or reading.obis.f != CURRENT:
        return (), ""
    if counts_up(reading.obis) and last.unit == reading.unit:
        judged = judge(
            Count(last.value, last.read_at),
            Count(reading.value, reading.read_at),
            limit.counter if limit else Counter(),
            limit.most_per_hour if limit else None,
        )
        if judged.doubts:
            return judged.doubts, judged.why
    if limit is not None and limit.stuck_after is not None and last.value == reading.value:
        since = before.since.get(reading.obis, last.read_at)
        if reading.read_at - since > limit.stuck_after:
            return (Doubt.SUSPECT,), f"stands at {reading.value} since {since:%Y-%m-%d %H:%M} UTC"
    return (), ""


def counts_up(obis: Obis) -> bool:
    """Whether a register only ever grows: a time integral of one direction, of any medium."""
    return obis.d == _COUNTS_UP and not (obis.a == 1 and obis.c in _BOTH_WAYS)


def _bounds(reading: Reading, limit: Limit | None) -> tuple[Decimal | None, Decimal | None]:
    if limit is not None and (limit.low is not None or limit.high is not None):
        return limit.low, limit.high
    band = bands().get(reading.obis.c) if reading.obis.a == 1 and reading.obis.d == 7 else None
    return (band.low, band.high) if band is not None and band.unit == reading.unit else (None, None)


def _event(reading: Reading, why: str) -> MeterEvent:
    return MeterEvent(
        meter=reading.meter,
        at=None,
        log="gateway",
        code="reading suspect",
        read_at=reading.read_at,
        table="gateway",
        details={"obis": str(reading.obis), "value": format(reading.value, "f"), "why": why},
    )
