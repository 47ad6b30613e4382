"""What a P1 meter does otherwise than its country's standard, as data: by device map, else by the maker's letters."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from drivers.reading import Obis


@dataclass(frozen=True, slots=True)
class Quirks:
    """``check`` is the kind of CRC, ``arc`` or ``x25``. ``month_columns`` are what the columns of 0-0:98.1.0 hold where the
    telegram does not tell its capture objects.
    """

    check: str = "arc"
    month_columns: tuple[Obis, ...] = ()


@dataclass(frozen=True, slots=True)
class P1Map:
    """A device map's part for P1. ``identification`` is searched for in the identification behind the ``/``."""

    name: str
    identification: str = ""
    quirks: Quirks = Quirks()


#: What the driver gets when nobody names a map: all of them, by name.
Library = Mapping[str, P1Map]

_AS_STANDARD = Quirks()
#: Letters of the maker -> quirks. Holley, Hungary, computes X-25 (seen on a DTSD545, dsmr_parser #91).
_BY_MAKER = {"HOL": Quirks(check="x25")}


def quirks(identification: str, meter_map: object | None) -> Quirks:
    """The quirks of a meter: of the map that was named, of the map that knows it, or of its maker."""
    if isinstance(meter_map, P1Map):
        return meter_map.quirks
    if isinstance(meter_map, Mapping):
        for known in meter_map.values():
            if isinstance(known, P1Map) and known.identification and re.search(known.identification, identification):
                return known.quirks
    return _BY_MAKER.get(identification[:3].upper(), _AS_STANDARD)
