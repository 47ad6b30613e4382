"""States that last, told when they begin and when they end: status bits, the gateway's own observations.

A meter says at every read that its cover is open; an event is that it was opened, and that it was closed. An event without
a time of its own, of a table that knows both edges, is such a state. One that stood and is not said any more, though its log
was read, has ended. What stands is kept, so that a restart tells nothing twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Set
from dataclasses import dataclass, replace
from datetime import datetime

from drivers.reading import MeterEvent, Reading, Record, Text

GATEWAY = "gateway"


@dataclass(frozen=True, slots=True, order=True)
class Standing:
    """A state that stands: whose, in which log or status word, and its code; ``table`` explains the code."""

    meter: str
    log: str
    code: str
    table: str


@dataclass(frozen=True, slots=True)
class Settled:
    """The records with only the changes told, and what begins and ends to stand with them."""

    records: tuple[Record, ...]
    begun: tuple[Standing, ...]
    ended: tuple[Standing, ...]


def settle(records: Iterable[Record], standing: Set[Standing], edges: Callable[[str], bool], at: datetime) -> Settled:
    """Compare what is said now with what stands. ``edges`` says of a table whether its codes begin and end."""
    told: list[Record] = []
    begun: dict[Standing, None] = {}
    over: dict[Standing, None] = {}
    read: set[tuple[str, str]] = set()
    said: set[Standing] = set()
    for record in records:
        if isinstance(record, Reading | Text):
            read.add((record.meter, str(record.obis)))
        if not isinstance(record, MeterEvent) or record.at is not None or not edges(record.table):
            told.append(record)
            continue
        state = Standing(record.meter, record.log, record.code, record.table)
        if record.details.get("state") == "cleared":
            if state in standing and state not in over:
                over[state] = None
                told.append(record)
            continue
        read.add((record.meter, record.log))
        said.add(state)
        if state not in standing and state not in begun:
            begun[state] = None
            told.append(record)
    for state in sorted(standing - said - over.keys()):
        # The gateway's own states end when the gateway says so; a meter's when its status word no longer says them.
        if state.log != GATEWAY and (state.meter, state.log) in read:
            over[state] = None
            told.append(cleared(state, at))
    return Settled(tuple(told), tuple(begun), tuple(over))


def cleared(state: Standing, at: datetime, details: Mapping[str, str] | None = None) -> MeterEvent:
    """The event that ``state`` has ended."""
    return MeterEvent(
        state.meter, None, state.log, state.code, at, state.table, {**(details or {}), "state": "cleared"}
    )


def observed(meter: str, code: str, stands: bool, at: datetime, details: Mapping[str, str] | None = None) -> MeterEvent:
    """What the gateway notices of a meter or of itself, as an event of its own table."""
    raised = MeterEvent(meter, None, GATEWAY, code, at, GATEWAY, dict(details or {}))
    return raised if stands else replace(raised, details={**raised.details, "state": "cleared"})
