"""What a device map says of a DLMS meter, as this driver takes it (``Context.meter_map``)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from drivers.reading import Obis


@dataclass(frozen=True, slots=True)
class MapObject:
    """An object worth reading: its class decides which of its attributes."""

    obis: Obis
    class_id: int = 3


@dataclass(frozen=True, slots=True)
class MapLog:
    """An event log (a profile of class 7) and the row set of ``device_maps/events.toml`` that explains its codes."""

    obis: Obis
    table: str = "dlms"


@dataclass(frozen=True, slots=True)
class PushElement:
    """One place of a push list that carries no logical names. ``obis`` None: known to be there, of no interest."""

    obis: Obis | None
    scaler: int = 0
    unit: int = 255


@dataclass(frozen=True, slots=True)
class PushList:
    """A list a meter pushes, known by its number of elements and, where that is not enough, by its first text."""

    name: str
    elements: tuple[PushElement, ...]
    starts_with: str = ""


@dataclass(frozen=True, slots=True)
class DlmsMap:
    """One meter model.

    ``logical_device_name`` is a pattern (searched for); ``deviation_reversed`` for meters whose deviation is minutes from
    UTC to local time; ``stamp_is_start`` where a row's stamp is the start of its interval; ``null_repeats`` False where
    null-data in a profile is "no value" and not "as before"; ``information``, ``window`` and ``pdu_size`` bound what is
    negotiated; ``push_version`` is the text that its pushes begin with, ``push_unnamed`` what the
    values are that stand without a name among named ones, in their order; ``model`` and ``manufacturer`` are said where the meter says neither.
    """

    name: str = ""
    manufacturer: str = ""
    model: str = ""
    logical_device_name: str = ""
    registers: tuple[MapObject, ...] = ()
    logs: tuple[MapLog, ...] = ()
    event_table: str = "dlms"
    deviation_reversed: bool = False
    stamp_is_start: bool = False
    null_repeats: bool = True
    information: int = 2030
    window: int = 7
    pdu_size: int = 0xFFFF
    block_transfer: bool = True
    units: Mapping[Obis, tuple[int, int]] = field(default_factory=dict)
    push: tuple[PushList, ...] = ()
    push_version: str = ""
    push_unnamed: tuple[Obis, ...] = ()

    def knows(self, logical_device_name: str) -> bool:
        return bool(self.logical_device_name) and re.search(self.logical_device_name, logical_device_name) is not None


@dataclass(frozen=True, slots=True)
class DlmsLibrary:
    """All maps, for a meter that nobody named: it is found by its logical device name."""

    maps: tuple[DlmsMap, ...] = ()

    def of(self, logical_device_name: str) -> DlmsMap:
        """The one map that knows this name; the general one when none does, or more than one."""
        found = [one for one in self.maps if one.knows(logical_device_name)]
        return found[0] if len(found) == 1 else GENERAL


#: A meter of which nothing is known but the standard.
GENERAL = DlmsMap()


def map_for(meter_map: object, logical_device_name: str = "") -> DlmsMap:
    """The map to use, from what the caller gave."""
    if isinstance(meter_map, DlmsMap):
        return meter_map
    if isinstance(meter_map, DlmsLibrary):
        return meter_map.of(logical_device_name)
    return GENERAL
