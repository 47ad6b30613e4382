"""What a device map says of a meter of IEC 62056-21, as this driver takes it. Files are the affair of ``gateway/device_map``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from drivers.reading import Obis


class StampForm(StrEnum):
    """How a meter wants the two ends of a span of time."""

    SEASON_MINUTES = "zYYMMDDhhmm"
    SEASON_SECONDS = "zYYMMDDhhmmss"
    MINUTES = "YYMMDDhhmm"
    SECONDS = "YYMMDDhhmmss"
    #: Turkish meters (R2), and the archives of LIS-200.
    DIVIDED = "YY-MM-DD,hh:mm"
    DIVIDED_SECONDS = "YYYY-MM-DD,hh:mm:ss"


@dataclass(frozen=True, slots=True)
class ArchiveColumn:
    """A column of an archive that is captured. ``position`` counts the brackets of a row from 1."""

    position: int
    obis: Obis
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Archive:
    """An archive of LIS-200 (Elster's gas volume correctors): rows of brackets whose meaning only the map knows.

    ``address`` is what R3 reads (``3:V.0``); ``time`` and ``status`` are positions of brackets, 0 for none.
    ``period_min`` is 0 where entries have no fixed period. ``rows_per_block`` rows come in each partial block.
    """

    address: str
    columns: tuple[ArchiveColumn, ...]
    time: int
    status: int = 0
    period_min: int = 0
    rows_per_block: int = 10


@dataclass(frozen=True, slots=True)
class Log:
    """A log: its address (``P.98``), and the table of ``device_maps/events.toml`` for entries that carry a number."""

    address: str
    table: str = ""


@dataclass(frozen=True, slots=True)
class Lock:
    """A lock that is a register: the code is written to ``opens``, and 0 to ``closes`` when the work is done (LIS-200)."""

    opens: str
    closes: str


@dataclass(frozen=True, slots=True)
class MeterMap:
    """One meter. What is not said is as the VDEW's meters have it.

    ``identification`` is searched for in the identification message, its ``/`` left out. ``battery``: each reading costs the meter's life, and
    none is made unless the site asks; ``wake_up``: NULs before the sign-on wake it. ``clock`` is the rule of its stamps:
    ``utc``, ``standard`` (local without daylight saving), ``local``, ``none`` or ``unknown``. ``read``, ``write`` and
    ``profile_command`` are the commands it takes. ``profiles`` are load profiles in VDEW's form, ``archives`` those of
    LIS-200. ``lead_min``: profiles are asked for from so much earlier, because the meter cuts the start.
    ``serial`` are addresses where the serial number stands, the best first; ``read_data`` is what the read command wants in
    its brackets; ``objects`` names addresses that are no OBIS codes. ``algorithm`` is that of P2, "" where P1 does.
    ``clock_register`` holds date and time in one, as the ends of a span are written; "" where they are 0.9.2 and 0.9.1.
    ``lock`` is opened to write, in the place of a password.
    ``harmless_status`` are bits of the status word that its manual explains and that doubt no value.
    """

    name: str = ""
    identification: str = ""
    model: str = ""
    battery: bool = False
    wake_up: bool = False
    clock: str = "unknown"
    clock_settable: bool = True
    clock_register: str = ""
    lock: Lock | None = None
    read: str = "R5"
    write: str = "W5"
    profile_command: str = "R5"
    stamp: StampForm = StampForm.SEASON_MINUTES
    profiles: tuple[str, ...] = ("P.01", "P.02")
    archives: tuple[tuple[Obis, Archive], ...] = ()
    logs: tuple[Log, ...] = (Log("P.98"),)
    lead_min: int = 0
    harmless_status: int = 0
    algorithm: str = ""
    read_data: str = ""
    reads_need_password: bool = False
    serial: tuple[str, ...] = ("C.1.0", "0.0.0")
    objects: Mapping[str, Obis] = field(default_factory=dict)

    def knows(self, identification: str) -> bool:
        """Whether a meter with this identification message is of this map."""
        return (
            bool(self.identification) and re.search(self.identification, identification.removeprefix("/")) is not None
        )


@dataclass(frozen=True, slots=True)
class Library:
    """All maps, for a meter that nobody named one for."""

    maps: tuple[MeterMap, ...]

    def of(self, identification: str) -> MeterMap:
        """The map of the meter with this identification message; what a meter without one is taken to be."""
        return next((known for known in self.maps if known.knows(identification)), MeterMap())


def library(maps: Iterable[MeterMap]) -> Library:
    """The longest pattern first: it says most."""
    return Library(tuple(sorted(maps, key=lambda known: -len(known.identification))))


def map_of(given: object, identification: str | None) -> MeterMap:
    """The map for a meter with this identification message: ``given`` is ``Context.meter_map``, one map or all of them."""
    if isinstance(given, MeterMap):
        return given
    if isinstance(given, Library) and identification is not None:
        return given.of(identification)
    return MeterMap()
