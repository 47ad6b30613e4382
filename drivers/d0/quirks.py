"""What makers leave out or write otherwise in mode D, as data: by device map, else by the identification message."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from drivers.iec62056_21.address import normalise
from drivers.iec62056_21.data_set import DataSet, Rest, number

#: Value groups C, D: energy at D = 8, power at D = 7 of a C that measures active power (IEC 62056-61).
_ACTIVE = frozenset({1, 2, 16, 21, 22, 36, 41, 42, 56, 61, 62, 76})
_TIME_OF_OPERATION = (96, 8)
_HEXADECIMAL = re.compile(r"[0-9A-Fa-f]{8}\Z")


@dataclass(frozen=True, slots=True)
class Quirks:
    """``energy_unit``, ``power_unit``: of active energy and power where the meter writes none. ``hexadecimal_time``: the
    time of operation, 0-0:96.8.0, is in hexadecimal seconds.
    """

    energy_unit: str = ""
    power_unit: str = ""
    hexadecimal_time: bool = False


@dataclass(frozen=True, slots=True)
class D0Map:
    """A device map's part for D0. ``identification`` is searched for in the identification message behind the ``/``."""

    name: str
    identification: str = ""
    quirks: Quirks = Quirks()


#: What the driver gets when nobody names a map: all of them, by name.
Library = Mapping[str, D0Map]

#: Beginning of the identification message -> quirks. EMH's first eHZ write no units; eBZ counts seconds in hexadecimal.
_BY_MAKER: dict[str, Quirks] = {
    "EMH": Quirks(energy_unit="kWh", power_unit="W"),
    "EBZ": Quirks(hexadecimal_time=True),
}


def quirks(identification: str, meter_map: object | None) -> Quirks:
    """The quirks of a meter: of the map that was named, of the map that knows it, or of its maker."""
    if isinstance(meter_map, D0Map):
        return meter_map.quirks
    if isinstance(meter_map, Mapping):
        for known in meter_map.values():
            if isinstance(known, D0Map) and known.identification and re.search(known.identification, identification):
                return known.quirks
    return _BY_MAKER.get(identification[:3].upper(), Quirks())


def undone(parts: Iterable[DataSet | Rest], made: Quirks) -> Iterator[DataSet | Rest]:
    """The data sets with what the maker left out filled in; ``raw`` stays what the meter said."""
    for part in parts:
        address = normalise(part.address) if isinstance(part, DataSet) else None
        if not isinstance(part, DataSet) or address is None or part.unit:
            yield part
            continue
        text, obis = part.text, address.obis
        unit = {8: made.energy_unit, 7: made.power_unit}.get(obis.d, "") if obis.a == 1 and obis.c in _ACTIVE else ""
        if made.hexadecimal_time and obis[2:4] == _TIME_OF_OPERATION and _HEXADECIMAL.match(text):
            text, unit = str(int(text, 16)), "s"
        yield part._replace(text=text, unit=unit, number=number(text)) if unit else part
