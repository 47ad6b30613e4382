"""A device made of a device map's text: every register it names, with plausible values, and those of its first test vector."""

from __future__ import annotations

import re
import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any

from hil.modbus.device import Device
from hil.modbus.encoding import width, words

#: What a household's meter might say, in each unit.
_USUAL = {
    "V": "230.4", "A": "5.21", "W": "1187", "kW": "1.187", "var": "112", "kvar": "0.112", "VA": "1195", "kVA": "1.195",
    "Hz": "50.01", "kWh": "12345.67", "Wh": "12345670", "MWh": "12.34567", "kvarh": "2345.6", "varh": "2345600",
    "kVAh": "13456.7", "VAh": "13456700", "%": "12.5", "degC": "31.5", "h": "8760", "m3": "321.5", "": "1",
}  # fmt: skip
_SERIAL = 11209077


def device(text: str, number: int = 0) -> Device:
    """The device of a map with a ``[modbus]`` section; of several, the ``number``-th has a serial number of its own.

    Raises ValueError when the map has none.
    """
    table = tomllib.loads(text, parse_float=Decimal)
    if "modbus" not in table:
        raise ValueError("the map has no [modbus] section")
    section = table["modbus"]
    made = Device(most=section.get("requests", {}).get("max_registers", 125))
    by_name = {row["name"]: row for row in section["registers"]}
    guards = {guard["register"]: guard["cases"][0]["value"] for guard in section.get("guards", [])}
    for row in section["registers"]:
        _put(made, section, row, _value(row, section, guards, by_name))
    for write in section.get("writes", []):
        kind = write.get("type", "u16")
        place = write.get("table", "holding")
        for at in range(width(kind, write.get("registers"))):
            made.writable.add((place, write["address"] + at))
            made.tables.setdefault(place, {}).setdefault(write["address"] + at, 0)
    for mark in table.get("identification", {}).get("modbus", []):
        _show(made, mark)
    vector = next(iter(table.get("test", [])), {})
    for name in ("holding", "input"):
        for address, text_of in vector.get(name, {}).items():
            for place, word in enumerate(text_of.split()):
                made.tables[name][int(address, 0) + place] = int(word, 16)
    serial = by_name.get(section.get("identity", {}).get("serial", ""))
    if number and serial is not None:
        kind = serial.get("type", section.get("type", "u16"))
        _put(made, section, serial, str(_SERIAL + number) if kind == "string" else Decimal(_SERIAL + number))
    return made


def _value(
    row: dict[str, Any], section: dict[str, Any], guards: dict[str, Any], by_name: dict[str, Any]
) -> Decimal | str:
    """The raw value that a register shows."""
    kind = row.get("type", section.get("type", "u16"))
    identity = section.get("identity", {})
    if kind == "string":
        return "EMULATED" if row["name"] != identity.get("serial") else str(_SERIAL)
    if kind == "bits":
        return Decimal(0)
    if row["name"] in guards:
        usual = Decimal(str(guards[row["name"]]))
    elif row["name"] == identity.get("serial"):
        usual = Decimal(_SERIAL)
    elif any(row["name"] == other.get("scale_from") for other in by_name.values()):
        return Decimal(0)
    else:
        usual = Decimal(_USUAL.get(row.get("unit", ""), "1"))
    raw = (usual - row.get("offset", 0)) / row.get("scale", 1)
    if kind in ("f32", "f64"):
        return raw
    whole = abs(raw.to_integral_value())
    bits = 16 * width(kind, row.get("registers")) - 1
    return whole % 10 ** (4 * width(kind, row.get("registers"))) if kind == "bcd" else whole % 2**bits


def _put(made: Device, section: dict[str, Any], row: dict[str, Any], value: Decimal | str) -> None:
    kind = row.get("type", section.get("type", "u16"))
    order = row.get("order", section.get("order", "ABCD"))
    table = made.tables.setdefault(row.get("table", section.get("table", "holding")), {})
    for number, word in enumerate(words(value, kind, order, width(kind, row.get("registers")))):
        table[row["address"] + number] = word


def _show(made: Device, mark: dict[str, Any]) -> None:
    """Have the device say what the mark looks for."""
    literal = _literal(mark.get("pattern", ""))
    if mark["by"] == "device identification":
        made.objects.update({0: "Emulated", 1: "EMU", 2: "1.0", mark.get("object", 1): literal})
    elif mark["by"] == "server id":
        made.server_id = literal.encode("ascii")
    elif mark["by"] == "register":
        kind = mark.get("type", "u16")
        value = literal if kind == "string" else Decimal(mark["values"][0])
        table = made.tables.setdefault(mark.get("table", "holding"), {})
        for number, word in enumerate(words(value, kind, "ABCD", width(kind, mark.get("registers")))):
            table[mark["address"] + number] = word


def _literal(pattern: str) -> str:
    """A text that a simple pattern finds: its first alternative without what is not literal."""
    first = re.sub(r"\(\?:([^|)]*)[^)]*\)|\(([^|)]*)[^)]*\)", r"\1\2", pattern).partition("|")[0]
    first = re.sub(r"\[(.)[^\]]*\]", r"\1", first)
    first = re.sub(r"\\d[+*]?", "1", first)
    return re.sub(r"[\^$?*+]|\\b", "", first).replace(".", " ").replace("\\ ", ".").replace("\\", "")


def load(file: Path, number: int = 0) -> tuple[str, Device, dict[str, Any]]:
    """What the device is, the device, and the ``[modbus]`` section with its line and times."""
    text = file.read_text()
    table = tomllib.loads(text, parse_float=Decimal)
    models = ", ".join(table["meter"]["models"])
    return f"{table['meter']['manufacturer']} {models}", device(text, number), table["modbus"]
