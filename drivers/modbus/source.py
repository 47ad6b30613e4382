"""What a meter is read by, its map or its own SunSpec models, and one whole reading."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from drivers.modbus.decode import Decoding
from drivers.modbus.memory import memory
from drivers.modbus.reader import Reader, Unit, needed
from drivers.modbus.registers import ModbusMap
from drivers.modbus.sunspec.device import SunspecDevice
from drivers.reading import Obis, Record

Source = ModbusMap | SunspecDevice


async def read_source(
    unit: Unit,
    source: Source,
    url: str,
    now: Callable[[], datetime],
    wanted: Sequence[Obis] = (),
) -> list[Record]:
    """The current registers of a unit by its map or its SunSpec models. Raises NoAnswer, BadFrame, LinkLost."""
    if isinstance(source, SunspecDevice):
        return await source.records(unit, url, now, wanted)
    reader = Reader(unit, source, memory(unit.bus.name, unit.number, source.name))
    image, suspect = await reader.image(needed(source, wanted))
    return list(Decoding(source, image, now(), url, wanted, suspect).records())
