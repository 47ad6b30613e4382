"""Every vector of every Modbus map, served by the bench's emulated device on a socket and read by the driver.

This is what the level *emulated* means: the plan of requests, the bus, the frames and the decoding are all passed through,
and the values are those that the vector's author worked out. ``tests/drivers/modbus/test_every_map.py`` reads the rest.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from drivers.driver import Context
from drivers.modbus.registers import ModbusMap
from drivers.reading import Meter, NotUnderstood, Reading, Text
from drivers.registry import open_driver
from gateway.device_map import find, names
from gateway.device_map.head import Level
from gateway.device_map.modbus import Section
from gateway.device_map.modbus_tables import VectorTable
from gateway.device_map.modbus_vectors import MISSING
from hil.faults import Faults
from hil.modbus.device import Device
from hil.modbus.faults import FAULTS
from hil.modbus.station import Station
from hil.modbus.tcp_server import TcpServer

MODBUS = {name: found for name in names() if "modbus" in (found := find(name)).parts}


def emulated(found: ModbusMap, vector: VectorTable) -> Device:
    """A meter with every register of the map: 0, but for those of the vector."""
    tables: dict[str, dict[int, int]] = {"holding": {}, "input": {}}
    for register in found.registers:
        tables[str(register.table)].update(dict.fromkeys(range(register.address, register.end), 0))
    for name, image in (("holding", vector.holding), ("input", vector.input)):
        for address, words in image.items():
            tables[name].update({address + number: word for number, word in enumerate(words)})
    return Device(tables, most=found.limits.max_registers)


@asynccontextmanager
async def on_a_socket(device: Device) -> AsyncIterator[str]:
    server = TcpServer(Station({1: device}, Faults({}, FAULTS), 0), real=False)
    host, port = await server.start("127.0.0.1", 0)
    try:
        yield f"modbus://{host}:{port}?unit=1"
    finally:
        await server.close()


async def read(url: str, found: ModbusMap) -> tuple[Meter, dict[object, object]]:
    """The meter, and what it gives by OBIS code: None where it says that there is no value."""
    given: dict[object, object] = {}
    async with open_driver(url, Context(timeout=60, meter_map=found)) as driver:
        records = [record async for record in driver.registers()]  # type: ignore[attr-defined]
    for record in records:
        if isinstance(record, Reading | Text):
            given[record.obis] = record.value
        elif isinstance(record, NotUnderstood) and record.obis is not None:
            given[record.obis] = None
    assert isinstance(records[0], Meter)
    return records[0], given


@pytest.mark.parametrize("name", MODBUS)
async def test_every_vector_is_read_through_the_driver(name: str) -> None:
    whole = MODBUS[name]
    found = whole.part("modbus")
    assert isinstance(found, ModbusMap)
    for vector in whole.tests:
        table = vector.table
        assert isinstance(table, VectorTable)
        async with on_a_socket(emulated(found, table)) as url:
            meter, given = await read(url, found)
        for obis, expected in table.expect.items():
            assert given[obis] == (None if expected == MISSING else expected), (table.name, str(obis))
        assert table.serial in (None, meter.serial)
        assert table.model in (None, meter.model)
        assert table.firmware in (None, meter.firmware)


@pytest.mark.parametrize("name", MODBUS)
def test_the_level_is_the_one_that_was_earned(name: str) -> None:
    """*emulated* needs two sources for every total of import and export, and for half of the rows at least."""
    whole = MODBUS[name]
    section = whole.sections["modbus"]
    assert isinstance(section, Section)
    rows = [row for row in section.registers if row.obis is not None]
    totals = [row for row in rows if row.obis and row.obis[2:5] in ((1, 8, 0), (2, 8, 0))]
    totals = totals or [row for row in rows if row.obis and row.obis[2:5] in ((1, 8, 1), (2, 8, 1))]
    agreed = [row for row in rows if (row.agree or 0) > 1]
    earned = all(row in agreed for row in totals) and len(agreed) * 2 >= len(rows)
    if whole.head.evidence.level in (Level.DECODED, Level.EMULATED):
        assert whole.head.evidence.level is (Level.EMULATED if earned else Level.DECODED)
