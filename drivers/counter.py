"""Registers that count, and two readings of one: is the second one to be believed?

A counter that is 0, fell or leapt is mostly a bad answer: a meter that has just started, a register read before it was
filled. The one who compares keeps the earlier reading as the base until the doubt is settled; nothing is rebased in silence.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Protocol, runtime_checkable

from drivers.reading import Doubt, Obis

#: A wrap is believed from the last tenth of the counter's range to its first.
_NEAR_END, _NEAR_START = Decimal("0.9"), Decimal("0.1")
_HOUR_S = Decimal(3600)


@dataclass(frozen=True, slots=True)
class Counter:
    """What is known of a register that counts, in the register's unit.

    ``resolution``: the smallest step the meter makes; None where it is that of the raw value. ``rollover``: the value at
    which it starts again from 0 (often that of the display, before the register's own end); None where not known.
    ``resettable``: somebody can set it to 0 in the field, so that it is no base for bills.
    """

    resolution: Decimal | None = None
    rollover: Decimal | None = None
    resettable: bool = False


@runtime_checkable
class KnowsCounters(Protocol):
    """A driver's part of a device map that says of registers how they count."""

    @property
    def counters(self) -> Mapping[Obis, Counter]: ...


@dataclass(frozen=True, slots=True)
class Count:
    """A counter's value, in its unit, and when it was read (UTC). ``serial``: of the meter it was read from."""

    value: Decimal
    at: datetime
    serial: str = ""


@dataclass(frozen=True, slots=True)
class Judgement:
    """``doubts`` to give the reading, ``keep``: whether the earlier reading stays the base, ``why``: for a person.

    ``advance``: what has been counted between the two; None while that is in doubt.
    """

    doubts: tuple[Doubt, ...]
    keep: bool
    advance: Decimal | None
    why: str = ""


def judge(before: Count, now: Count, counter: Counter, most_per_hour: Decimal | None = None) -> Judgement:
    """Compare two readings of a counter. ``most_per_hour``: what the connection can count in an hour, in its unit.

    A changed serial number is another meter: a new base, no advance. The step that a meter's resolution makes is allowed
    beyond ``most_per_hour``.
    """
    if before.serial != now.serial and before.serial and now.serial:
        return Judgement(
            (Doubt.CONFIGURATION_CHANGED,), False, None, f"another meter: {now.serial} in place of {before.serial}"
        )
    advance = now.value - before.value
    most = _most(before, now, counter, most_per_hour)
    if advance >= 0:
        if most is not None and advance > most:
            return Judgement(
                (Doubt.SUSPECT,), True, None, f"counted {advance}, and at most {most} was possible since {before.at}"
            )
        return Judgement((), False, advance)
    rollover = counter.rollover
    near_end = rollover is not None and _NEAR_END * rollover < before.value <= rollover
    if rollover is not None and near_end and now.value < _NEAR_START * rollover:
        advance += rollover
        if most is not None and advance <= most:
            return Judgement((), False, advance, f"rolled over at {rollover}")
        return Judgement((Doubt.SUSPECT,), True, None, f"fell from {before.value} to {now.value}: a rollover?")
    if now.value == 0:
        return Judgement((Doubt.SUSPECT,), True, None, f"0 after {before.value}")
    why = f"fell from {before.value} to {now.value}"
    if counter.resettable:
        return Judgement((Doubt.SUSPECT, Doubt.RESET), True, None, f"{why}; this counter can be reset")
    return Judgement((Doubt.SUSPECT,), True, None, why)


def _most(before: Count, now: Count, counter: Counter, most_per_hour: Decimal | None) -> Decimal | None:
    if most_per_hour is None:
        return None
    elapsed = max(0.0, (now.at - before.at).total_seconds())
    return most_per_hour * Decimal(str(elapsed)) / _HOUR_S + (counter.resolution or Decimal(0))
