"""The models' tables: which point stands where. From ``models.csv``, made from the SunSpec Alliance's model files
(github.com/sunspec/models, Apache-2.0); the OBIS codes are ours, by IEC 62056-61."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from pathlib import Path

from drivers.counter import Counter
from drivers.modbus.registers import Bit, Form, Group, Limits, ModbusMap, Register
from drivers.reading import Obis
from drivers.unit import canonical

#: The common model; every device has it.
COMMON = 1
#: Single-phase, split-phase, wye and delta meters, with integers and with floats.
METERS = frozenset((201, 202, 203, 204, 211, 212, 213, 214))
#: Points begin after the model's id and length.
HEAD = 2

#: SunSpec's types: our form, and the pattern that means "not implemented" (an accumulator: 0, "not accumulated").
_TYPES: dict[str, tuple[Form, tuple[int, ...]]] = {
    "int16": (Form.I16, (0x8000,)),
    "uint16": (Form.U16, (0xFFFF,)),
    "enum16": (Form.U16, (0xFFFF,)),
    "sunssf": (Form.I16, (0x8000,)),
    "int32": (Form.I32, (0x80000000,)),
    "uint32": (Form.U32, (0xFFFFFFFF,)),
    "acc32": (Form.U32, (0,)),
    "bitfield32": (Form.BITS, (0xFFFFFFFF,)),
    "float32": (Form.F32, ()),
    "string": (Form.STRING, ()),
}
#: Where an accumulator begins again.
_ACC32 = Decimal(2**32)
#: The row set of ``device_maps/events.toml`` for the bits of a meter model's Evt.
_METER_EVENTS = "sunspec.meter"


@dataclass(frozen=True, slots=True)
class Point:
    """A point of a model; ``offset`` counts from the register of the model's id. ``sf`` names its scale factor."""

    name: str
    offset: int
    registers: int
    type: str
    sf: str
    unit: str
    obis: Obis | None

    def register(self, address: int, group: str = "") -> Register:
        """The point as a register of a model that begins at ``address``."""
        form, sentinels = _TYPES[self.type]
        flags = self.type == "bitfield32"
        return Register(
            self.name,
            address + self.offset,
            form,
            registers=self.registers,
            obis=self.obis,
            unit=self.unit,
            scale_from=self.sf,
            sentinels=sentinels,
            group=group,
            counter=Counter(rollover=_ACC32) if self.type == "acc32" else None,
            bits=tuple(Bit(number, str(number)) for number in range(16 * self.registers)) if flags else (),
            events=_METER_EVENTS if flags else "",
        )


@lru_cache(maxsize=1)
def models() -> Mapping[int, Mapping[str, Point]]:
    """Every model that is known: its points by name, in order."""
    found: dict[int, dict[str, Point]] = {}
    with Path(__file__).with_name("models.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            point = Point(
                row["point"],
                int(row["offset"]),
                int(row["registers"]),
                row["type"],
                row["sf"],
                canonical(row["unit"]),
                Obis.parse(row["obis"]) if row["obis"] else None,
            )
            for model in row["models"].split():
                found.setdefault(int(model), {})[point.name] = point
    return found


def as_map(model: int, address: int, length: int) -> ModbusMap:
    """A model at ``address`` as a map: one atomic group, so that each value comes with its scale factor in one response.

    ``length`` is what the device says; points beyond it are not there.
    """
    group = f"model {model}"
    points = [point for point in models()[model].values() if point.offset + point.registers <= HEAD + length]
    names = {point.name for point in points}
    registers = tuple(point.register(address, group) for point in points if not point.sf or point.sf in names)
    return ModbusMap(f"sunspec/{model}", registers, groups=(Group(group),), limits=Limits())
