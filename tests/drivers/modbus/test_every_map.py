"""Every device map of metergate, served by the emulator from its text and read by the driver: each value arrives exactly.

The emulator reads the map's TOML with its own eyes; what is expected here follows from what it put into the registers.
"""

from __future__ import annotations

import tomllib
from decimal import Decimal
from functools import lru_cache

import pytest

from drivers.driver import Context
from drivers.modbus import identify
from drivers.modbus.driver import Modbus
from drivers.modbus.questions import Questions
from drivers.modbus.registers import Form, Library, ModbusMap
from drivers.reading import Meter, NotUnderstood, Reading, Text
from drivers.registry import open_driver
from gateway.device_map import catalogue
from hil.modbus import map_device

TABLES = {
    name: tomllib.loads((catalogue.FOLDER / f"{name}.toml").read_text(), parse_float=Decimal)
    for name in catalogue.names()
}
MAPS = [name for name, table in TABLES.items() if "modbus" in table]
MARKED = [name for name in MAPS if TABLES[name].get("identification", {}).get("modbus")]


@pytest.mark.parametrize("name", MAPS)
async def test_every_register_of_the_map_is_read_exactly(serve, name: str) -> None:  # type: ignore[no-untyped-def]
    file = catalogue.FOLDER / f"{name}.toml"
    table = TABLES[name]
    rows = {row["name"]: row for row in table["modbus"]["registers"]}
    # Its own values, and none of a vector: those are what `metergate map check` is for.
    text = file.read_text().partition("\n[[test]]")[0]
    meter = await serve(map_device.device(text), tcp="mbap", turnaround_s=0)
    found = catalogue.meter_map("modbus", name)
    assert isinstance(found, ModbusMap)
    async with open_driver(f"modbus://{meter.where}?unit=1", Context(timeout=30, meter_map=found)) as driver:
        assert isinstance(driver, Modbus)
        records = [record async for record in driver.registers()]
    assert isinstance(records[0], Meter)
    given = {record.obis: record for record in records[1:] if isinstance(record, Reading | Text | NotUnderstood)}
    for register in found.registers:
        if register.obis is None:
            continue
        record = given[register.obis]
        if register.form is Form.STRING:
            assert isinstance(record, Text)
            continue
        assert isinstance(record, Reading), (register.name, record)
        expected = expected_value(table["modbus"], rows, rows[register.name])
        if register.form in (Form.F32, Form.F64):
            assert abs(record.value - expected) <= abs(expected) / 10**6
        else:
            assert record.value == expected, register.name
        assert record.unit == rows[register.name].get("unit", "")


def expected_value(section: dict, rows: dict, row: dict) -> Decimal:
    """What stands in the register, by the words of the map's README."""
    guards = {guard["register"]: guard["cases"][0]["value"] for guard in section.get("guards", [])}
    raw = map_device._value(row, section, guards, rows)
    assert isinstance(raw, Decimal)
    value = raw * row.get("scale", 1)
    if row.get("scale_from"):
        value = value.scaleb(int(expected_value(section, rows, rows[row["scale_from"]])))
    for name in row.get("ratio", []):
        value *= expected_value(section, rows, rows[name])
    for guard in section.get("guards", []):
        if row["name"] in guard.get("affects", []):
            value *= guard["cases"][0].get("factor", 1)
    return value + row.get("offset", 0)


@lru_cache
def all_maps() -> Library:
    library = catalogue.meter_map("modbus")
    assert isinstance(library, Library)
    return library


@pytest.mark.parametrize("name", MARKED)
async def test_a_meter_with_a_mark_is_known_by_it(serve, name: str) -> None:  # type: ignore[no-untyped-def]
    """Identified among all maps; where several fit, they are named and none is chosen."""
    meter = await serve(map_device.device((catalogue.FOLDER / f"{name}.toml").read_text()), tcp="mbap", turnaround_s=0)
    library = all_maps()
    async with open_driver(f"modbus://{meter.where}?unit=1", Context(timeout=30, meter_map=library)) as driver:
        assert isinstance(driver, Modbus)
        said = await identify.ask(Questions(driver._opened()), library.maps, None)
    assert name in identify.matching(said, library.maps), said


def test_there_are_maps() -> None:
    assert len(MAPS) >= 30
