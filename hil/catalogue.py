"""What can be emulated: a name, a word on what it is, and the function that serves it.

A function ``serve(arguments: EmulateArguments) -> Coroutine`` makes its line or socket, calls ``arguments.announce`` once
with the path or address a client opens, and serves until it is cancelled. A meter that is only data stands in
``hil/profiles/<family>/<name>.toml`` with its ``what``, and needs no line here.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

#: name -> (what it is, "module:function").
PROFILES: dict[str, tuple[str, str]] = {
    "zigbee-stick": ("EZSP stick with a Smart Energy house behind it: zigbee-stick/house", "hil.zigbee.serve:serve"),
}

#: family of data files in hil/profiles -> "module:function" that serves each of them.
FAMILIES: dict[str, str] = {
    "iec62056-21": "hil.iec62056_21.serve:serve",
    "p1": "hil.push.text:serve",
    "d0": "hil.push.text:serve",
    "sml": "hil.push.sml:serve",
    "dlms": "hil.dlms.serve:serve",
    "modbus": "hil.modbus.serve:serve",
    "dlms-push": "hil.dlms.push:serve",
    "zigbee-stick": "hil.zigbee.serve:serve",
}

#: Sections of device maps whose every map is a profile too, by the family that serves it.
MAP_SECTIONS: dict[str, str] = {"modbus": "hil.modbus.serve:serve"}
#: Families that can listen on a socket.
SOCKETS = ("modbus", "dlms")

DEVICE_MAPS = Path(__file__).parent.parent / "device_maps"

FOLDER = Path(__file__).parent / "profiles"


@dataclass(frozen=True, slots=True)
class EmulateArguments:
    """How a profile is to be served.

    ``real`` False serves without real time. ``faults`` holds fault name -> value ("" where none was given); an emulator
    raises ValueError for one it does not know. ``link`` is a symbolic link to keep on the pty; ``listen`` a URL to listen
    at instead of a pty, for the families of ``SOCKETS``. ``announce`` is called once, when a client may come, with what it opens.
    ``number`` counts the meters of one profile, where there are several: the serial number of each is its own.
    """

    profile: str
    announce: Callable[[str], None]
    link: Path | None = None
    real: bool = True
    faults: Mapping[str, str] = field(default_factory=dict)
    listen: str = ""
    number: int = 0


Serve = Callable[[EmulateArguments], Coroutine[Any, Any, None]]


def data_file(profile: str) -> Path:
    """The data file of a profile that has one."""
    return FOLDER / f"{profile}.toml"


@cache
def profiles() -> dict[str, tuple[str, str]]:
    """All profiles, by name: those of the table and those that are data files."""
    found = dict(PROFILES)
    for family, target in FAMILIES.items():
        for file in (FOLDER / family).glob("*.toml"):
            found[f"{family}/{file.stem}"] = (tomllib.loads(file.read_text())["what"], target)
    for file in DEVICE_MAPS.glob("*/*.toml"):
        table = tomllib.loads(file.read_text())
        for family in MAP_SECTIONS.keys() & table.keys():
            what = f"{table['meter']['manufacturer']} {', '.join(table['meter']['models'])}, from its device map"
            found[f"{family}/{file.parent.name}/{file.stem}"] = (what, MAP_SECTIONS[family])
    return dict(sorted(found.items()))


def is_data_file(profile: str) -> bool:
    """Whether a data file of this name can be served: known without reading all the others."""
    return profile.partition("/")[0] in FAMILIES and data_file(profile).is_file()


def server(profile: str) -> Serve:
    """The function that serves ``profile``. Raises KeyError when there is none of that name."""
    family = profile.partition("/")[0]
    if is_data_file(profile):
        named = FAMILIES[family]
    else:
        named = MAP_SECTIONS[family] if family in MAP_SECTIONS and profile.endswith(".toml") else profiles()[profile][1]
    module, _, name = named.partition(":")
    made: Serve = getattr(import_module(module), name)
    return made
