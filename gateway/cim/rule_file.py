"""The rule file ``device_maps/obis.toml``: reading it, checking it, and saying on which line a rule stands.

What is wrong in a file raises UsageError with the file, the line of the rule and what was expected there.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from drivers.errors import UsageError
from gateway.cim.reading_type import FIELDS

OBIS_RULES = Path(__file__).resolve().parents[2] / "device_maps" / "obis.toml"

_INDEX = {name: index for index, name in enumerate(FIELDS)}
_RANGE = re.compile(r"(\d{1,3})-(\d{1,3})\Z")

#: What an override may ask for, besides fields of the ReadingType made so far.
GROUPS = ("a", "b", "c", "d", "e", "f")


@dataclass(frozen=True, slots=True)
class Place:
    """A rule's name and where it stands."""

    file: str
    line: int
    rule: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line} {self.rule}"


@dataclass(frozen=True, slots=True)
class RuleFile:
    """A parsed TOML file that knows the lines of its tables."""

    name: str
    content: Mapping[str, Any]
    lines: tuple[str, ...]

    @classmethod
    def read(cls, path: Path) -> RuleFile:
        """Raises UsageError when the file cannot be read or is no TOML."""
        name = f"{path.parent.name}/{path.name}" if path == OBIS_RULES else str(path)
        try:
            text = path.read_text(encoding="utf-8")
            return cls(name, tomllib.loads(text, parse_float=Decimal), tuple(text.splitlines()))
        except OSError as error:
            raise UsageError(f"cannot read the rules: {error.strerror}", where=name, do="name a rule file") from error
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise UsageError(f"no TOML: {error}", where=name, do="correct the file") from error

    def place(self, rule: str, start: str = "") -> Place:
        """Where the table with ``id = "rule"``, or the line that begins with ``start``, stands."""
        start = start or f'id = "{rule}"'
        found = (number for number, line in enumerate(self.lines, 1) if line.startswith(start))
        return Place(self.name, next(found, 1), rule)

    def wrong(self, place: Place, what: str) -> UsageError:
        return UsageError(f"{place.rule}: {what}", where=f"{place.file}:{place.line}", do="correct the rule")


def numbers(groups: object) -> frozenset[int]:
    """The numbers of ``7``, ``"1-6"`` or a list of such. Raises ValueError."""
    if isinstance(groups, bool):
        raise ValueError(f"{groups} is no number")
    if isinstance(groups, int):
        return frozenset((groups,))
    if isinstance(groups, str) and (found := _RANGE.match(groups)):
        return frozenset(range(int(found[1]), int(found[2]) + 1))
    if isinstance(groups, list):
        return frozenset().union(*map(numbers, groups))
    raise ValueError(f"{groups!r} is no number, range or list of such")


def fields(settings: Mapping[str, Any]) -> tuple[tuple[int, int], ...]:
    """Positions in a ReadingType and what to set there. Raises ValueError for an unknown field."""
    for name, value in settings.items():
        if name not in _INDEX:
            raise ValueError(f"{name!r} is no field of a ReadingType")
        if not isinstance(value, int) or isinstance(value, bool):
            raise ValueError(f"{name} = {value!r} is no integer")
    return tuple((_INDEX[name], value) for name, value in settings.items())


@dataclass(frozen=True, slots=True)
class Override:
    """One override of a dialect: when every condition holds, set fields or leave unmapped."""

    place: Place
    groups: tuple[tuple[int, frozenset[int]], ...]
    made: tuple[tuple[int, frozenset[int]], ...]
    set: tuple[tuple[int, int], ...]
    unmapped: str

    def holds(self, obis: tuple[int, ...], draft: list[int]) -> bool:
        return all(obis[index] in wanted for index, wanted in self.groups) and all(
            draft[index] in wanted for index, wanted in self.made
        )


def overrides(file: RuleFile, rows: Iterable[Mapping[str, Any]]) -> tuple[Override, ...]:
    """The overrides of one dialect. Raises UsageError."""
    return tuple(_override(file, row) for row in rows)


def _override(file: RuleFile, row: Mapping[str, Any]) -> Override:
    place = file.place(str(row.get("id", "override without id")))
    unknown = row.keys() - {"id", "when", "set", "unmapped"}
    if unknown or "id" not in row or ("set" in row) == ("unmapped" in row):
        raise file.wrong(place, "an override has id, when, and either set or unmapped")
    try:
        when = {name: numbers(wanted) for name, wanted in row.get("when", {}).items()}
        unknown_conditions = when.keys() - {*GROUPS, *_INDEX}
        if unknown_conditions:
            raise ValueError(f"cannot ask for {', '.join(sorted(unknown_conditions))}")
        return Override(
            place,
            tuple((GROUPS.index(name), wanted) for name, wanted in when.items() if name in GROUPS),
            tuple((_INDEX[name], wanted) for name, wanted in when.items() if name in _INDEX),
            fields(row.get("set", {})),
            str(row.get("unmapped", "")),
        )
    except ValueError as error:
        raise file.wrong(place, str(error)) from error


def dialect(name: str, file: RuleFile) -> tuple[str, tuple[Override, ...]]:
    """The dialect of that name, or of the rule file at that path: its name and overrides. Raises UsageError.

    A file of one's own holds ``[dialect.<name>]`` tables of the same form; ``based_on`` names one to begin with.
    """
    if not name.endswith(".toml"):
        known = file.content["dialect"]
        if name not in known:
            there_are = ", ".join(known)
            raise UsageError(
                f"no dialect {name!r}", where=file.name, do=f"there are {there_are}, or a .toml file's path"
            )
        return name, overrides(file, known[name].get("override", []))
    own = RuleFile.read(Path(name))
    tables = own.content.get("dialect", {})
    if len(tables) != 1 or own.content.keys() - {"dialect"}:
        raise UsageError("a dialect file holds one [dialect.<name>] table and nothing else", where=own.name)
    ((own_name, table),) = tables.items()
    based_on = table.get("based_on", "default")
    if str(based_on).endswith(".toml"):
        raise UsageError("based_on names a dialect of device_maps/obis.toml", where=own.name)
    return own_name, dialect(based_on, file)[1] + overrides(own, table.get("override", []))
