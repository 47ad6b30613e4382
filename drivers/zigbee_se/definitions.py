"""The SE 1.4 clusters: attributes, commands and their payloads, from ``definitions.json`` (made by ``generate``)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal, NamedTuple

FILE = Path(__file__).with_name("definitions.json")

#: Who sends a command, or holds an attribute. "either" of the file stands under both.
Side = Literal["client", "server"]


class Attribute(NamedTuple):
    """An attribute: its name in lower case with spaces, its ZCL type by name."""

    code: int
    name: str
    type: str


class Argument(NamedTuple):
    """A field of a command's payload. ``repeats``: until the payload ends."""

    name: str
    type: str
    repeats: bool


class Command(NamedTuple):
    code: int
    name: str
    arguments: tuple[Argument, ...]


@dataclass(frozen=True, slots=True)
class ClusterDefinition:
    """One cluster. ``attributes`` and ``commands`` by side and code."""

    code: int
    name: str
    attributes: Mapping[tuple[str, int], Attribute]
    commands: Mapping[tuple[str, int], Command]

    def command(self, name: str) -> tuple[Side, Command]:
        """The command of that name and who sends it. Raises KeyError."""
        for (side, _), command in self.commands.items():
            if command.name == name:
                return ("client" if side == "client" else "server"), command
        raise KeyError(name)


@dataclass(frozen=True, slots=True)
class Definitions:
    """All of the file. ``base`` gives the ZCL type of an enumeration or bitmap; ``names`` what its values are called."""

    clusters: Mapping[int, ClusterDefinition]
    base: Mapping[str, str]
    names: Mapping[str, Mapping[str, int]]
    structs: Mapping[str, int | tuple[tuple[str, str], ...]]


@cache
def definitions() -> Definitions:
    """The definitions, read once."""
    content = json.loads(FILE.read_text(encoding="utf-8"))
    named = {**content["enums"], **content["bitmaps"]}
    return Definitions(
        {int(code): _cluster(int(code), cluster) for code, cluster in content["clusters"].items()},
        {name: base for name, (base, _) in named.items()},
        {name: values for name, (_, values) in named.items()},
        {
            name: parts if isinstance(parts, int) else tuple((part, kind) for part, kind in parts)
            for name, parts in content["structs"].items()
        },
    )


def _cluster(code: int, content: Mapping[str, Any]) -> ClusterDefinition:
    attributes = {
        (side, number): Attribute(number, name, kind)
        for given, number, name, kind in content["attributes"]
        for side in _sides(given)
    }
    commands = {
        (side, number): Command(number, name, tuple(Argument(a[0], a[1], len(a) > 2) for a in arguments))
        for given, number, name, arguments in content["commands"]
        for side in _sides(given)
    }
    return ClusterDefinition(code, content["name"], attributes, commands)


def _sides(given: str) -> tuple[str, ...]:
    return ("client", "server") if given == "either" else (given,)
