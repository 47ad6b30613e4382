"""The sections a map may have, one for each protocol, and what a section's module has to offer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from importlib import import_module
from typing import Protocol, cast

from gateway.device_map.head import Head, TestTable
from gateway.device_map.strict import Strict

#: section of a map -> module with a ``SectionModule``'s names. Imported when a map has the section.
SECTIONS: dict[str, str] = {
    "iec62056_21": "gateway.device_map.iec62056_21",
    "dlms": "gateway.device_map.dlms",
    "modbus": "gateway.device_map.modbus",
    "p1": "gateway.device_map.p1",
    "d0": "gateway.device_map.d0",
    "sml": "gateway.device_map.sml",
}

#: URL scheme -> the section its driver takes its part from, where the scheme is not the section's name.
SCHEMES: dict[str, str] = {
    "iec62056-21": "iec62056_21",
    "dlms+optical": "dlms",
    "dlms+udp": "dlms",
    "dlms+hdlc": "dlms",
    "modbus+rtu": "modbus",
    "modbus+tls": "modbus",
}


#: A path inside a section: keys, and numbers of elements.
Place = tuple[str | int, ...]


class SectionTable(Strict):
    """The table of a section. ``part`` makes the dataclass its driver declares; raises ``Wrong`` with paths inside it.

    ``rows`` is what it reads, for a person: one row a register or object, with the same columns in every row, among them
    ``obis`` (in full; empty where it is no reading) and ``unit``. A section that lists no objects has none.
    """

    def part(self, name: str, head: Head) -> object:
        raise NotImplementedError

    def rows(self) -> Iterable[Mapping[str, str]]:
        return ()

    def place_of_row(self, number: int) -> Place:
        """Where inside the section the ``number``-th of the ``rows`` is written, for the line of an error."""
        return ()

    def event_codes(self) -> Iterable[tuple[Place, str, str]]:
        """The codes of events that the section names: where inside it, the table of ``events.toml``, and the code."""
        return ()


class SectionModule(Protocol):
    """What ``gateway/device_map/<section>.py`` has."""

    #: the pydantic model of ``[<section>]``
    Section: type[SectionTable]
    #: the pydantic model of its ``[[test]]``
    Test: type[TestTable]

    def check(self, part: object, test: TestTable) -> list[str]:
        """Run one ``[[test]]`` against the part. Returns what does not hold, nothing when all does."""
        ...

    def library(self, parts: Mapping[str, object]) -> object:
        """What the driver gets when nobody names a map: all of them, by name, for it to identify the meter."""
        ...

    def skeleton(self, found: object | None) -> str:
        """The TOML of a section (and its ``[[test]]``) for a new map: empty with hints, or from a file that a scan wrote.

        ``found`` is that file's content, as JSON gives it. Raises ValueError when it is not of this section.
        """
        ...


def section(name: str) -> SectionModule:
    """The module of a section."""
    return cast(SectionModule, import_module(SECTIONS[name]))


def section_of(scheme: str) -> str:
    """The section that a URL scheme's driver takes its part from; it need not exist."""
    return SCHEMES.get(scheme, scheme)


def names() -> Sequence[str]:
    return list(SECTIONS)
