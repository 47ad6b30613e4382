"""Whether a map holds: its file is right, and each of its ``[[test]]`` gives what it says. ``metergate map check``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from drivers.errors import UsageError
from drivers.reading import Obis
from gateway.cim.events import shipped
from gateway.cim.obis_rules import Rules
from gateway.cim.reading_type import ReadingType
from gateway.device_map.catalogue import FOLDER, find, names
from gateway.device_map.loader import DeviceMap, MapError
from gateway.device_map.probes import probes
from gateway.device_map.sections import section


@dataclass(frozen=True, slots=True)
class Checked:
    """A file of ``device_maps``: its name, what is wrong in it (``file:line: what``), and how many vectors were run."""

    name: str
    problems: tuple[str, ...]
    vectors: int = 0


def run_vectors(found: DeviceMap) -> list[str]:
    """What does not hold of a map's vectors, each with file and line. Empty when all do."""
    return [
        f"{found.file}:{found.line('test', vector.number)}: test {vector.table.name!r}: {what}"
        for vector in found.tests
        for what in section(vector.section).check(found.parts[vector.section], vector.table)
    ]


def collisions(found: DeviceMap) -> list[str]:
    """Codes of one section that would be emitted under the same ReadingType: a reader could not tell them apart."""
    rules = Rules.load("default")
    problems = []
    for key, table in found.sections.items():
        first: dict[ReadingType, str] = {}
        for number, row in enumerate(table.rows()):
            made = rules.reading_type(Obis.parse(row["obis"]), row["unit"]) if row["obis"] else None
            if isinstance(made, ReadingType) and (other := first.setdefault(made, row["obis"])) != row["obis"]:
                line = found.line(key, *table.place_of_row(number))
                problems.append(f"{found.file}:{line}: {other} and {row['obis']} are both the ReadingType {made}")
    return problems


def unknown_events(found: DeviceMap) -> list[str]:
    """Codes of events that stand in no table of ``events.toml``: they would be sent as "something happened"."""
    events = shipped()
    return [
        f"{found.file}:{found.line(key, *path)}: {key}: no row {code!r} in the table {table!r} of events.toml"
        for key, section_table in found.sections.items()
        for path, table, code in section_table.event_codes()
        if not events.meaning(table, code).known
    ]


def check(name: str, folder: Path = FOLDER) -> Checked:
    """One map, by name or file."""
    try:
        found = find(name, folder)
    except MapError as error:
        return Checked(name, error.problems)
    except UsageError as error:
        return Checked(name, (str(error),))
    problems = run_vectors(found) + collisions(found) + unknown_events(found)
    for key in found.parts:
        if not any(vector.section == key for vector in found.tests):
            problems.append(
                f"{found.file}:{found.line(key)}: the section {key} has no [[test]]: nothing shows that it decodes"
            )
    return Checked(found.name, tuple(problems), len(found.tests))


def check_all(folder: Path = FOLDER) -> Iterator[Checked]:
    """Every map, the probe profiles, and the rules for OBIS codes and events."""
    for name in names(folder):
        yield check(name, folder)
    yield _others("probes", lambda: list(probes(folder / "probes")))
    yield _others("obis.toml", lambda: Rules.load("default"))
    yield _others("events.toml", shipped)


def _others(name: str, load: Callable[[], object]) -> Checked:
    try:
        load()
    except UsageError as error:
        return Checked(name, tuple(str(error).splitlines()))
    return Checked(name, ())
