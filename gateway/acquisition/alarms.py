"""Voltage outside its band and distortion beyond its limit, from what is read: told when it begins and when it is over.

It is over only when the value is back by the hysteresis: one that trembles on the edge is told once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set
from decimal import Decimal

from drivers.reading import Doubt, MeterEvent, Obis, Reading, Record
from gateway.acquisition.conditions import GATEWAY, Standing, observed
from gateway.acquisition.validation import Limit

#: Value groups C of voltages, and of which phase (IEC 62056-6-1, 7.3).
_VOLTAGES = {12: "", 32: " L1", 52: " L2", 72: " L3"}
#: Instantaneous values (D), and total harmonic distortion (E) among the harmonics (IEC 62056-6-1, 7.3 and table 19).
_INSTANTANEOUS, _DISTORTION = 7, 124
#: A value in doubt raises no alarm and ends none.
_UNUSABLE = {Doubt.SUSPECT, Doubt.OUT_OF_RANGE, Doubt.ERROR_CODE}


def can_alarm(obis: Obis) -> bool:
    """Whether there is an event for a register that leaves its band."""
    return _names(obis) is not None


def alarms(records: Iterable[Record], limits: Mapping[Obis, Limit], standing: Set[Standing]) -> Iterator[MeterEvent]:
    """What each reading says of its band, given what stands already."""
    for record in records:
        if not isinstance(record, Reading) or _UNUSABLE & set(record.doubts):
            continue
        limit, names = limits.get(record.obis), _names(record.obis)
        if limit is None or names is None:
            continue
        low, high = names
        details = {"obis": str(record.obis), "value": f"{record.value:f}", "unit": record.unit}
        for code, beyond, back in _edges(record.value, limit, low, high):
            stands = Standing(record.meter, GATEWAY, code, GATEWAY) in standing
            if beyond or (stands and not back):
                yield observed(record.meter, code, True, record.read_at, details)
            elif stands:
                yield observed(record.meter, code, False, record.read_at, details)


def _edges(value: Decimal, limit: Limit, low: str, high: str) -> Iterator[tuple[str, bool, bool]]:
    """Each bound there is: its code, whether the value is beyond it, and whether it is safely back."""
    if limit.alarm_below is not None and low:
        yield low, value < limit.alarm_below, value >= limit.alarm_below + limit.hysteresis
    if limit.alarm_above is not None and high:
        yield high, value > limit.alarm_above, value <= limit.alarm_above - limit.hysteresis


def _names(obis: Obis) -> tuple[str, str] | None:
    """The codes of the table ``gateway`` for below and above."""
    if obis.a != 1 or obis.d != _INSTANTANEOUS or obis.c not in _VOLTAGES:
        return None
    phase = _VOLTAGES[obis.c]
    if obis.e == _DISTORTION:
        return "", f"distortion high{phase}"
    return (f"voltage low{phase}", f"voltage high{phase}") if obis.e == 0 else None
