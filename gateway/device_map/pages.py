"""What is generated from the device maps: docs/meters.md, its summary in README.md, and the JSON Schema of a map.

``make pages`` writes them; a test fails while one is not as it would be written.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from gateway.device_map.catalogue import FOLDER, all_maps
from gateway.device_map.head import Level
from gateway.device_map.json_schema import schema
from gateway.device_map.loader import DeviceMap

ROOT = FOLDER.parent
METERS = ROOT / "docs" / "meters.md"
README = ROOT / "README.md"
SCHEMA = FOLDER / "schema.json"

BEGIN, END = "<!-- meters: generated from device_maps -->", "<!-- end of meters -->"

#: What a section's meters speak, in the order of the pages.
PROTOCOLS = {
    "dlms": "DLMS/COSEM",
    "iec62056_21": "IEC 62056-21",
    "p1": "P1 (DSMR)",
    "sml": "SML",
    "d0": "D0",
    "modbus": "Modbus",
    "zigbee_se": "Zigbee Smart Energy",
}

_LEVELS = {
    Level.DECODED: "its test vectors decode",
    Level.EMULATED: "two or more sources agree on its totals and most rows, and it was read from an emulated meter by the driver",
    Level.VERIFIED: "a real meter was read and compared with its display",
    Level.SOAKED: "a real meter was read for weeks",
}

_PAGE = """\
# Meters with a device map

Generated from `device_maps/` by `make pages`; do not edit. `metergate map show NAME` shows what a
map reads, where that is known from and what is in doubt; docs/adding-a-meter.md tells how to add one.

Meters of IEC 62056-21, P1, SML and DLMS/COSEM say what their values are and mostly need no map. A Modbus meter says
nothing of the kind: without a map it is not read.

The level says how far a map is proven:

{levels}

A level is earned, never inherited from a sister model. No map of level *decoded* or *emulated* has met its meter: compare
the first reading with the display.
"""


def protocol(section: str) -> str:
    """The name of a section's protocol."""
    return PROTOCOLS.get(section, section)


def meters_page(maps: Sequence[DeviceMap]) -> str:
    """docs/meters.md: every map in a table of its protocol."""
    page = _PAGE.format(levels="\n".join(f"- *{level}*: {what}" for level, what in _LEVELS.items()))
    for section in _sections(maps):
        own = [found for found in maps if section in found.parts]
        page += f"\n## {protocol(section)}: {len(own)} maps\n\n"
        page += "| maker | models | map | level | sources | doubts |\n| --- | --- | --- | --- | --- | --- |\n"
        for found in sorted(own, key=lambda one: (one.head.meter.manufacturer.lower(), one.name)):
            meter, evidence = found.head.meter, found.head.evidence
            page += (
                f"| {meter.manufacturer} | {', '.join(meter.models)} | `{found.name}` | {evidence.level} "
                f"| {len(evidence.sources)} | {len(evidence.doubts)} |\n"
            )
    return page


def summary(maps: Sequence[DeviceMap]) -> str:
    """The block of README.md: how many maps of each protocol and level, and their makers."""
    lines = ["| protocol | maps | " + " | ".join(_LEVELS) + " |", "| --- | --- |" + " --- |" * len(_LEVELS)]
    for section in _sections(maps):
        own = [found.head.evidence.level for found in maps if section in found.parts]
        counts = " | ".join(str(own.count(level) or "") for level in _LEVELS)
        lines.append(f"| {protocol(section)} | {len(own)} | {counts} |")
    makers = sorted({found.head.meter.manufacturer for found in maps}, key=str.lower)
    return "\n".join([*lines, "", f"Makers: {', '.join(makers)}. The list: [docs/meters.md](docs/meters.md).", ""])


def _sections(maps: Iterable[DeviceMap]) -> list[str]:
    present = {section for found in maps for section in found.parts}
    known = [section for section in PROTOCOLS if section in present]
    return known + sorted(present - {*known})


def with_summary(text: str, block: str) -> str:
    """README.md with its block replaced. Raises ValueError when the two marks are not there."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"README.md has no {BEGIN} ... {END}")
    return f"{before}{BEGIN}\n{block}{END}{after}"


def pages() -> dict[Path, str]:
    """Every generated file and what should be in it."""
    maps = list(all_maps())
    return {
        METERS: meters_page(maps),
        README: with_summary(README.read_text(encoding="utf-8"), summary(maps)),
        SCHEMA: json.dumps(schema(), indent=1, ensure_ascii=False) + "\n",
    }


if __name__ == "__main__":
    for file, text in pages().items():
        file.write_text(text, encoding="utf-8")
