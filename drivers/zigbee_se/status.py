"""Status and ExtendedStatus of a Metering cluster (SE 1.4, D.3.2.2.3) to events: each bit when it is set and cleared."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from drivers.reading import MeterEvent
from drivers.zigbee_se.quantity import Medium

#: ExtendedStatus of an electricity meter: bits 30 to 33 are a field with the reason of a disconnection.
_FIELD, _FIELD_BITS = 30, 4
_WORD_BITS = 64

#: The tables of a cooling meter are those of a heat meter.
_TABLE = {Medium.COOLING: "heat"}


def edges(
    meter: str, medium: Medium, word: int, before: int | None, read_at: datetime, *, extended: bool = False
) -> Iterator[MeterEvent]:
    """One event for each bit that is not as it was; ``before`` None is the first sight, when only set bits are events."""
    log = "ExtendedStatus" if extended else "Status"
    table = f"zigbee.{'extended' if extended else 'status'}.{_TABLE.get(medium, medium)}"
    was = before or 0
    field = extended and medium is Medium.ELECTRICITY
    mask = ((1 << _FIELD_BITS) - 1) << _FIELD if field else 0

    def event(code: str, is_set: bool) -> MeterEvent:
        details = {"state": "set" if is_set else "cleared"} | ({"seen": "first"} if before is None else {})
        return MeterEvent(meter, None, log, code, read_at, table, details)

    changed = (word ^ was) & ~mask
    for bit in range(_WORD_BITS):
        if changed >> bit & 1:
            yield event(str(bit), bool(word >> bit & 1))
    if (word ^ was) & mask:
        name = f"{_FIELD}-{_FIELD + _FIELD_BITS - 1}"
        for value, is_set in ((was & mask) >> _FIELD, False), ((word & mask) >> _FIELD, True):
            if value:
                yield event(f"{name}={value}", is_set)
