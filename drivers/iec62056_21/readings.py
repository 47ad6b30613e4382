"""From data sets to records: numbers to readings, identity to texts, and everything else said to be what it is.

Every bracketed value of a readout ends in exactly one place: the value or the time of a reading, a text, or a
``NotUnderstood`` with the reason.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, tzinfo

from drivers import unit as units
from drivers.iec62056_21.address import ELECTRICITY, HEAT, Address, normalise
from drivers.iec62056_21.data_set import DataSet, Rest, Value, joined
from drivers.iec62056_21.identification import Identification
from drivers.iec62056_21.stamps import parse as parse_stamp
from drivers.reading import CURRENT, Doubt, Meter, NotUnderstood, Obis, Period, Reading, Record, Text

#: Error values seen in the field: ``ER23``, ``(ER11)``, ``ERROR05``, and LIS-200's ``#0004``.
_ERROR = re.compile(r"\s*\(?(?:ER[0-9R]|#\d)", re.IGNORECASE)

#: Value groups C, D of objects whose digits are a name, a clock, a status or a date and no quantity.
_TEXTS = {(0, 0), (0, 2), (0, 9), *((96, d) for d in (1, 2, 3, 4, 5, 8, 13, 50, 51, 52, 53, 54, 99))}
_TEXT_C = {97, 98, 99}
#: Where the serial number stands, the best first (IEC 62056-61). A heat meter has it at ``9.20``, and at ``0.0`` the
#: owner's number (Landis+Gyr UH50, T550).
_SERIALS = ((9, 20, 0), (96, 1, 0), (0, 0, 0), (96, 1, 1), (0, 0, 1))
_FIRMWARE = (0, 2, 0)


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What is known beside the data sets: where they came from, when, the meter's zone, and what their check said.

    ``objects`` names addresses that are no OBIS codes, by the meter's device map.
    """

    source: str
    read_at: datetime
    zone: tzinfo | None = None
    checked: bool = True
    doubts: tuple[Doubt, ...] = ()
    objects: Mapping[str, Obis] = field(default_factory=dict)


def records(
    parts: Iterable[DataSet | Rest], identification: Identification | None, around: Circumstances
) -> Iterator[Record]:
    """The Meter first, then what each data set is, in the order of the readout."""
    sets = list(parts)
    medium = _medium([part for part in sets if isinstance(part, DataSet)])
    addressed = list(_addressed(sets, medium, around.objects))
    meter = _meter(addressed, identification, around.source)
    yield meter
    current_units = {
        address.obis[:5]: part.unit
        for part, address in addressed
        if isinstance(part, DataSet) and address is not None and address.obis.f == CURRENT and part.unit
    }
    resets = _resets(addressed, around.zone)
    for part, address in addressed:
        if isinstance(part, Rest):
            yield NotUnderstood(meter.key, part.text, "no data set")
        elif address is None:
            why = "the meter's medium is not known" if medium is None else "the address is no OBIS code"
            yield NotUnderstood(meter.key, part.raw, why)
        else:
            inherited = current_units.get(address.obis[:5], "") if address.obis.f != CURRENT else ""
            for record in _one_set(meter.key, part, address.obis, inherited, around):
                if isinstance(record, Reading) and address.obis.f in resets:
                    yield replace(record, period=_period(resets, address.obis.f))
                else:
                    yield record


def _resets(addressed: list[tuple[DataSet | Rest, Address | None]], zone: tzinfo | None) -> dict[int, datetime]:
    """When the billing periods of the stored values ended, by their group F: ``0.1.2*VV`` is the time of reset VV."""
    found = {}
    for part, address in addressed:
        if not isinstance(part, DataSet) or address is None:
            continue
        if address.obis[2:5] == (0, 1, 2) and address.obis.f != CURRENT:
            stamp = parse_stamp(part.text, zone)
            if stamp is not None and stamp.at is not None:
                found[address.obis.f] = stamp.at
    return found


def _period(resets: Mapping[int, datetime], f: int) -> Period:
    """The period a stored value is of: from the reset before to its own. The start is known when that one is listed."""
    # Some meters number upwards, with the newest highest; some have the newest always at 1.
    neighbours = [resets[other] for other in (f - 1, f + 1) if other in resets and resets[other] < resets[f]]
    return Period(max(neighbours, default=None), resets[f])


def _medium(sets: list[DataSet]) -> int | None:
    """Value group A of a meter that leaves it out: heat by its short codes, electricity unless it counts a volume."""
    addresses = {part.address for part in sets}
    if addresses & {"6.8", "6.26"}:
        return HEAT
    spelled = {units.canonical(value.unit) for part in sets for value in part.values if value.unit}
    if any(unit.startswith("m3") for unit in spelled) and not spelled & {"kWh", "Wh", "MWh", "kW", "W", "V", "A"}:
        return None
    return ELECTRICITY


def _addressed(
    parts: list[DataSet | Rest], medium: int | None, objects: Mapping[str, Obis]
) -> Iterator[tuple[DataSet | Rest, Address | None]]:
    """Each set with its address read; a set without one goes on with the values of the set before it."""
    waiting: tuple[DataSet, Address | None] | None = None
    for part in parts:
        if isinstance(part, DataSet) and not part.address and waiting is not None:
            waiting = (joined(waiting[0], part), waiting[1])
            continue
        if waiting is not None:
            yield waiting
            waiting = None
        if isinstance(part, Rest):
            yield part, None
        else:
            named = objects.get(part.address)
            known = Address(part.address, named, ("all of it, by the device map",)) if named is not None else None
            waiting = (part, known or _normalised(part.address, medium))
    if waiting is not None:
        yield waiting


def _normalised(address: str, medium: int | None) -> Address | None:
    if medium is not None:
        return normalise(address, medium)
    found = normalise(address)
    # Without a medium only what says its own A-B, or needs none, can be named.
    named = found is not None and ("-" in address or found.obis.a == 0)
    return found if named else None


def _meter(
    addressed: list[tuple[DataSet | Rest, Address | None]],
    identification: Identification | None,
    source: str,
) -> Meter:
    said = {
        address.obis[2:5]: part.text.strip()
        for part, address in reversed(addressed)
        if isinstance(part, DataSet) and address is not None and address.obis.f == CURRENT
    }
    serial = next((said[code] for code in _SERIALS if said.get(code, "").strip("0")), "")
    meter = Meter(serial=serial, firmware=said.get(_FIRMWARE, ""), source=source)
    if identification is None:
        return meter
    return replace(meter, manufacturer=identification.manufacturer, model=identification.ident)


def _one_set(meter: str, part: DataSet, obis: Obis, inherited: str, around: Circumstances) -> Iterator[Record]:
    raw, others = part.raw, part.others
    if _ERROR.match(part.text):
        doubts = (*around.doubts, Doubt.ERROR_CODE)
        yield Text(meter, obis, raw, part.text.strip(), doubts, around.checked)
    elif part.number is None or _is_text(obis, part.unit):
        said = f"{part.text}*{part.unit}" if part.unit else part.text
        yield Text(meter, obis, raw, said.strip(), around.doubts, around.checked)
    else:
        time, others = _time(others, around.zone)
        yield Reading(
            meter=meter,
            obis=obis,
            raw=raw,
            value=part.number,
            unit=units.canonical(part.unit or inherited),
            read_at=around.read_at,
            time=time,
            doubts=around.doubts,
            checked=around.checked,
        )
    for other in others:
        said = f"{other.text}*{other.unit}" if other.unit else other.text
        yield NotUnderstood(meter, f"{raw} [{said}]", "a further value of the set: its meaning is the maker's", obis)


def _is_text(obis: Obis, unit: str) -> bool:
    named = obis[2:4] in _TEXTS or obis.c in _TEXT_C or obis[2:5] == (0, 1, 2) or (obis.a == HEAT and obis.c == 9)
    return named and not unit


def _time(others: tuple[Value, ...], zone: tzinfo | None) -> tuple[datetime | None, tuple[Value, ...]]:
    """The stamp behind a value (of a maximum, of a reset), and what is left. An unset stamp is none."""
    if others and not others[0].unit and (stamp := parse_stamp(others[0].text, zone)) is not None:
        return stamp.at, others[1:]
    return None, others
