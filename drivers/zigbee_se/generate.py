"""``python -m drivers.zigbee_se.generate ami.xml > drivers/zigbee_se/definitions.json``: the SE 1.4 clusters as data.

Takes Silicon Labs' cluster definitions (``zcl-builtin/silabs/ami.xml`` of project-chip/zap, Apache-2.0), which are not part
of this repository. What is kept is what goes over the air: identifiers, types, names, order.
"""

from __future__ import annotations

import json
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

#: The specification that is generated; what a later one took out of a command does not go over the air any more.
EDITION = "SE 1.4"


def definitions(file: Path) -> str:
    """The text of definitions.json. Raises OSError, ElementTree.ParseError."""
    root = ElementTree.parse(file).getroot()  # noqa: S314 - the file of a developer, not of the network
    parts = {
        "edition": json.dumps(EDITION),
        "source": json.dumps(f"{file.name} of project-chip/zap, Silicon Labs, Apache-2.0; generated, do not edit"),
        "enums": _lines(_named(root, "enum", "item", "value")),
        "bitmaps": _lines(_named(root, "bitmap", "field", "mask")),
        "structs": _lines(_structs(root)),
        "clusters": _object(
            (_number(cluster.findtext("code")), _cluster(cluster)) for cluster in root.findall("cluster")
        ),
    }
    return "{\n" + ",\n".join(f"{json.dumps(name)}: {text}" for name, text in parts.items()) + "\n}\n"


def _cluster(cluster: ElementTree.Element) -> str:
    attributes = (
        [attribute.get("side"), _number(attribute.get("code")), (attribute.text or "").strip(), attribute.get("type")]
        for attribute in cluster.findall("attribute")
    )
    commands = (
        [
            command.get("source"),
            _number(command.get("code")),
            command.get("name"),
            [_argument(one) for one in command.findall("arg") if one.get("removedIn") is None],
        ]
        for command in cluster.findall("command")
    )
    name = json.dumps(cluster.findtext("name"))
    return f'{{"name": {name},\n"attributes": {_list(attributes)},\n"commands": {_list(commands)}}}'


def _argument(argument: ElementTree.Element) -> list[str]:
    """Name, type, and "array" where it repeats until the end of the payload."""
    repeats = ["array"] if argument.get("array") == "true" else []
    return [str(argument.get("name")), str(argument.get("type")), *repeats]


def _named(root: ElementTree.Element, tag: str, part: str, value: str) -> Iterator[tuple[str, Any]]:
    for one in root.findall(tag):
        values = {str(item.get("name")): _number(item.get(value)) for item in one.findall(part)}
        yield str(one.get("name")), [one.get("type"), values]


def _structs(root: ElementTree.Element) -> Iterator[tuple[str, Any]]:
    """Either a length in octets, or the parts."""
    for one in root.findall("struct"):
        length = one.get("length")
        parts = [[item.get("name"), item.get("type")] for item in one.findall("item")]
        yield str(one.get("name")), int(length) if length else parts


def _number(text: str | None) -> int:
    return int(str(text), 0)


def _lines(entries: Iterable[tuple[str, Any]]) -> str:
    return _object((name, json.dumps(value)) for name, value in entries)


def _object(entries: Iterable[tuple[str | int, str]]) -> str:
    return "{\n" + ",\n".join(f'"{name}": {text}' for name, text in entries) + "\n}"


def _list(entries: Iterable[list[Any]]) -> str:
    return "[\n" + ",\n".join(json.dumps(entry) for entry in entries) + "\n]"


if __name__ == "__main__":
    sys.stdout.write(definitions(Path(sys.argv[1])))
