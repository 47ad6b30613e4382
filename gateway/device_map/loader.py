"""From a file to a checked map: all that is wrong in it at once, each with its file and line."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from drivers.errors import UsageError
from gateway.device_map.head import Head, TestTable
from gateway.device_map.problems import Problems, TomlError, read
from gateway.device_map.sections import SECTIONS, SectionTable, section
from gateway.device_map.strict import Wrong
from gateway.device_map.toml_lines import line_of, lines

_HEAD = ("meter", "identification", "clock", "evidence")


class MapError(TomlError):
    """A device map that cannot be used."""


@dataclass(frozen=True, slots=True)
class Vector:
    """A ``[[test]]`` of a map: the section it is for, its table, and which of the file's tests it is, from 0."""

    section: str
    table: TestTable
    number: int


@dataclass(frozen=True, slots=True)
class DeviceMap:
    """A meter as data. ``name`` is ``maker/model``; ``digest`` the SHA-256 of the file, kept with what is read by it.

    ``sections`` holds the section's tables as they are written, ``parts`` each section's dataclass, as its driver
    declares it; ``tests`` the vectors. ``text`` is the file's, for the lines of what is found wrong later.
    """

    name: str
    file: Path
    digest: str
    head: Head
    sections: Mapping[str, SectionTable]
    parts: Mapping[str, object]
    tests: tuple[Vector, ...]
    text: str = field(repr=False)

    def line(self, *path: str | int) -> int:
        """The line of a key or element of the file."""
        return line_of(lines(self.text), path)

    def part(self, name: str) -> object:
        """The part for a section's driver. Raises UsageError when the map has none."""
        try:
            return self.parts[name]
        except KeyError:
            raise UsageError(
                f"the map {self.name} has no [{name}] section",
                where=str(self.file),
                do=f"it has {', '.join(self.parts)}",
            ) from None


def load_text(text: str, file: Path, name: str) -> DeviceMap:
    """Read a map's text; ``file`` is what errors name. Raises MapError with everything that is wrong."""
    problems = Problems(file, text, MapError)
    table = problems.table()
    head = problems.model(Head, {key: table[key] for key in _HEAD if key in table}, ())
    present = [key for key in table if key in SECTIONS]
    for key in table:
        if key not in (*_HEAD, "test", *present):
            problems.add((key,), f"{key}: no such table; there are {', '.join((*_HEAD, *SECTIONS, 'test'))}")
    if not present:
        problems.add((), f"a map needs a section for its protocol: one of {', '.join(SECTIONS)}")
    tables: dict[str, SectionTable] = {}
    parts: dict[str, object] = {}
    for key in present:
        checked = problems.model(section(key).Section, table[key], (key,))
        if checked is not None:
            tables[key] = checked
        if head is not None and checked is not None:
            _note_wrong(problems, (key,), lambda: parts.update({key: checked.part(name, head)}))  # noqa: B023
    tests = _tests(problems, table.get("test", []), present)
    problems.done()
    if head is None:
        raise MapError([f"{file}:1: the head is missing"])
    return DeviceMap(name, file, hashlib.sha256(text.encode()).hexdigest(), head, tables, parts, tuple(tests), text)


def load(file: Path, name: str = "") -> DeviceMap:
    """Read a map. Raises MapError, which names file and line of everything that is wrong."""
    return load_text(read(file, MapError), file, name or f"{file.parent.name}/{file.stem}")


def _tests(problems: Problems, given: Any, present: list[str]) -> list[Vector]:
    if not isinstance(given, list):
        problems.add(("test",), "test: vectors are written as [[test]]")
        return []
    found = []
    for number, table in enumerate(given):
        wanted = table.get("protocol", "") if isinstance(table, dict) else ""
        key = wanted or (present[0] if len(present) == 1 else "")
        if key not in present:
            problems.add(
                ("test", number), f"test.{number}.protocol: is none of this map's sections ({', '.join(present)})"
            )
            continue
        checked = problems.model(section(key).Test, table, ("test", number))
        if checked is not None:
            found.append(Vector(key, checked, number))
    return found


def _note_wrong(problems: Problems, path: tuple[str | int, ...], make: Callable[[], None]) -> None:
    try:
        make()
    except Wrong as error:
        for inside, what in error.problems:
            problems.add((*path, *inside), f"{'.'.join(str(part) for part in (*path, *inside))}: {what}")
