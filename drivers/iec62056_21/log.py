"""Logs of VDEW meters (P.98, P.99, P.200 and their kin) to events: one for each thing that an entry says.

    P.98(zYYMMDDhhmmss)(S)()(k)[(K1)(E1)...(Kk)(Ek)][(v1)...(vk)]

S is the status word: each bit that is set happened. With k values the entry says more: a clock set carries the time
after it as ``0.9.1`` and ``0.9.2`` (the entry's own stamp is from before), a change of a parameter its old and new
value, and some makers put the number of the event there (``C.11.0``) and leave S zero.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, tzinfo

from drivers.iec62056_21 import status_word
from drivers.iec62056_21.address import normalise
from drivers.iec62056_21.data_set import DataSet
from drivers.iec62056_21.data_set import parse as parse_sets
from drivers.iec62056_21.stamps import parse as parse_stamp
from drivers.reading import MeterEvent, NotUnderstood, Obis

#: Tables of device_maps/events.toml.
STATUS_TABLE = "iec62056-21.status"
NUMBER_TABLE = "iec62056-21.p98"
#: Where makers put the number of an event: group C 96, D 11 (IEC 62056-61, event code), in a log's short or full form.
_EVENT_NUMBER = (96, 11, 0)


def parse(
    text: str, *, log: Obis, meter: str, zone: tzinfo | None, read_at: datetime, table: str = ""
) -> Iterator[MeterEvent | NotUnderstood]:
    """The events of an answer, in the meter's order, and what is no entry of a log. ``table`` explains the numbers of
    entries that carry their own; without one those of P.98 that makers share do."""
    for part in parse_sets(text):
        if not isinstance(part, DataSet):
            yield NotUnderstood(meter, part.text, "no entry of a log", log)
            continue
        events = list(_entry(part, log, meter, zone, read_at, table))
        if events:
            yield from events
        else:
            yield NotUnderstood(meter, part.raw, "no entry of a log", log)


def _entry(
    part: DataSet, log: Obis, meter: str, zone: tzinfo | None, read_at: datetime, table: str
) -> Iterator[MeterEvent]:
    values = [(f"{value.text}*{value.unit}" if value.unit else value.text).strip() for value in part.values]
    stamp = parse_stamp(values[0], zone)
    if stamp is None or len(values) < 2:
        return
    try:
        word = status_word.parse(values[1])
    except ValueError:
        return
    details = _details(values[2:])
    details["stamp"] = values[0]

    def event(code: str, row_set: str) -> MeterEvent:
        return MeterEvent(meter, stamp.at, str(log), code, read_at, row_set, details)

    yielded = False
    for bit in status_word.bits(word):
        yielded = True
        yield event(f"{bit:02X}", STATUS_TABLE)
    number = next((said for address, said in details.items() if _is_event_number(address)), None)
    if number is not None:
        yielded = True
        yield event(number, table or NUMBER_TABLE)
    if not yielded:
        # An entry that names nothing is still an entry.
        yield event(values[1], table)


def _details(values: list[str]) -> dict[str, str]:
    """What stands behind the status word: k pairs of address and unit, then k values; other forms by their place."""
    if len(values) < 2 or not values[1].isascii() or not values[1].isdecimal() or len(values[1]) > 2:
        return {f"value{number}": value for number, value in enumerate(values, 1) if value}
    count = int(values[1])
    names, said = values[2 : 2 + 2 * count : 2], values[2 + 2 * count :]
    found = {name: value for name, value in zip(names, said, strict=False) if name}
    for number, value in enumerate(said[len(names) :], 1):
        found[f"value{number}"] = value
    return found


def _is_event_number(address: str) -> bool:
    known = normalise(address)
    return known is not None and known.obis[2:5] == _EVENT_NUMBER
