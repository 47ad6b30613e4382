"""A new ``[modbus]`` section: empty with hints, or from a sweep that shows each pair of registers in all four orders.

A sweep is what ``metergate scan`` writes of a meter that no map knows, as JSON::

    {"source": "modbus:/dev/ttyUSB1?unit=1", "unit": 1, "read_at": "2026-01-31T12:00:00+00:00",
     "input": {"0x0000": "4366 199a 4366 3333"}, "holding": {}}

Registers stand in hexadecimal under the address of the first, as in a ``[[test]]``.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from pydantic import BaseModel, ConfigDict, ValidationError

from drivers.modbus.registers import Form, Order
from drivers.modbus.value import Undecodable, number
from gateway.device_map.modbus_tables import Image

_EMPTY = """\
[modbus]
# What holds for every row that says nothing else. Orders: ABCD, CDAB (the lower register first), BADC, DCBA.
table = "input"
type = "f32"
order = "ABCD"
registers = [
  # The address counts from 0: "register 40001" or "30001" of a manual is 0, and so is "1" of one that counts from 1.
  { name = "active import", obis = "1-0:1.8.0", address = 0x0000, unit = "kWh" },
  # { name = "serial number", address = 0x0000, table = "holding", type = "u32" },
]

[modbus.requests]
# The most registers that the manual allows in one request; 125 is the most that Modbus knows.
max_registers = 125

# [modbus.identity]
# serial = "serial number"

"""
_TEST = """\
# Registers as they are on the wire, and what the meter's own display said then. Work the values out by hand or from
# the display, never from the map.
[[test]]
name = "as displayed"
{image}[test.expect]
"1-0:1.8.0" = 0
"""
#: A float outside this is no value of a meter but a wrong order of words.
_LEAST, _MOST = Decimal("1e-3"), Decimal("1e10")


class Sweep(BaseModel):
    """What a scan wrote; keys that are not needed here are passed over."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    source: str = ""
    unit: int = 1
    read_at: str = ""
    holding: Image = {}
    input: Image = {}


def skeleton(found: object | None) -> str:
    """The text of a new section and its vector. Raises ValueError for what is no sweep."""
    if found is None:
        return _EMPTY + _TEST.format(image='[test.input]\n0x0000 = "0000 0000"\n')
    try:
        sweep = Sweep.model_validate(found)
    except ValidationError as error:
        first = error.errors()[0]
        raise ValueError(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from None
    if not (sweep.input or sweep.holding):
        raise ValueError("it has no registers")
    lines = [f"# Read of {sweep.source or 'a meter'}, unit {sweep.unit}, {sweep.read_at}".rstrip(", ") + "."]
    image = ""
    for table, registers in (("input", sweep.input), ("holding", sweep.holding)):
        if registers:
            lines += [f"#\n# {table} registers: each as u16, and with the next as u32 and, where it can be one, f32."]
            lines += [f"# {line}" for address, words in registers.items() for line in _every_order(address, words)]
            image += f"[test.{table}]\n"
            image += "".join(f'0x{at:04X} = "{_hex(words)}"\n' for at, words in registers.items())
    return "\n".join(lines) + "\n\n" + _EMPTY + _TEST.format(image=image)


def _every_order(first: int, words: tuple[int, ...]) -> Iterator[str]:
    """A line for each register that is not 0 alone."""
    for offset, word in enumerate(words):
        pair = words[offset : offset + 2]
        if not any(pair):
            continue
        line = f"0x{first + offset:04X} {_hex(pair):<9} u16 {word:<5}"
        if len(pair) == 2:
            line += "  u32 " + " ".join(
                f"{order} {number(pair, Form.U32, order)}" for order in (Order.ABCD, Order.CDAB)
            )
            floats = [(order, value) for order in Order if (value := _plausible(pair, order)) is not None]
            line += "".join(f"  f32 {order} {value:f}" for order, value in floats)
        yield line.rstrip()


def _plausible(pair: tuple[int, ...], order: Order) -> Decimal | None:
    try:
        value = number(pair, Form.F32, order)
    except Undecodable:
        return None
    return value if value is not None and _LEAST <= abs(value) <= _MOST else None


def _hex(words: tuple[int, ...]) -> str:
    return " ".join(f"{word:04X}" for word in words)
