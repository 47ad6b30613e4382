"""The maps that come with metergate, by name, and what a driver gets of them."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from pathlib import Path

from drivers.errors import UsageError
from gateway.device_map.loader import DeviceMap, load
from gateway.device_map.sections import SECTIONS, section, section_of

#: The folder of the maps, beside the packages in a checkout and in an installation.
FOLDER = Path(__file__).resolve().parent.parent.parent / "device_maps"


def names(folder: Path = FOLDER) -> list[str]:
    """The names ``maker/model`` of all maps, sorted."""
    return sorted(f"{file.parent.name}/{file.stem}" for file in folder.glob("*/*.toml") if file.parent.name != "probes")


def all_maps(folder: Path = FOLDER) -> Iterator[DeviceMap]:
    """Every map, by name. Raises MapError at the first that is wrong."""
    for name in names(folder):
        yield load(folder / f"{name}.toml", name)


def maps_of(key: str, folder: Path = FOLDER) -> Iterator[DeviceMap]:
    """Every map with the section ``key``, by name. Raises MapError at the first that is wrong."""
    for name in names(folder):
        file = folder / f"{name}.toml"
        # Reading one takes milliseconds, looking for a word in it none.
        if key.encode() in file.read_bytes() and key in (found := load(file, name)).parts:
            yield found


def find(name: str, folder: Path = FOLDER) -> DeviceMap:
    """The map of that name, or in that file. Raises UsageError, naming the nearest, when there is none; MapError."""
    if name.endswith(".toml") or name.startswith(("/", "./", "../")):
        return load(Path(name))
    known = names(folder)
    if name not in known:
        alone = [full for full in known if full.partition("/")[2] == name]
        if len(alone) != 1:
            near = difflib.get_close_matches(name, known, 1, 0.4)
            hint = f"did you mean {near[0]}?" if near else "metergate map list shows them"
            raise UsageError(f"there is no device map {name!r}", do=hint)
        name = alone[0]
    return load(folder / f"{name}.toml", name)


def meter_map(scheme: str, name: str = "") -> object | None:
    """What ``Context.meter_map`` is for a URL's scheme: the part of the map ``name``, or, without one, the library of all.

    None where the scheme's protocol has no section. Raises UsageError when there is no such map, MapError when it is wrong.
    """
    key = section_of(scheme)
    if name:
        return find(name).part(key)
    if key not in SECTIONS:
        return None
    return section(key).library({found.name: found.parts[key] for found in maps_of(key)})
