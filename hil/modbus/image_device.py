"""A device written down register by register: ``hil/profiles/modbus/<name>.toml``. SunSpec's twins are such files.

what = "..."
[modbus]
line = { unit = 1, baud = 9600 }
holding = { 40000 = "5375 6e53" }          # registers in hexadecimal, from the address that is their key on
writable = [[40150, 40160]]                # first and last holding register of a range
objects = { 0 = "Maker" }                  # FC 43/14
server_id = "text"                         # FC 17
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from hil.modbus.device import Device


def load(file: Path) -> tuple[str, Device, dict[str, Any]]:
    """What the device is, the device, and its section with line and times."""
    table = tomllib.loads(file.read_text())
    section = table["modbus"]
    made = Device(most=section.get("max_registers", 125))
    for name in ("holding", "input"):
        for address, text in section.get(name, {}).items():
            for number, word in enumerate(text.split()):
                made.tables[name][int(address, 0) + number] = int(word, 16)
    for first, last in section.get("writable", []):
        made.writable.update(("holding", at) for at in range(first, last + 1))
    made.objects = {int(number): text for number, text in section.get("objects", {}).items()}
    made.server_id = section.get("server_id", "").encode("ascii")
    return table["what"], made, section
