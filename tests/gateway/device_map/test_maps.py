"""The maps that come with metergate: each is right, decodes its vectors, and says how far it is to be trusted."""

from __future__ import annotations

import tomllib
from collections import Counter
from decimal import Decimal

import pytest

from drivers.modbus.registers import WIDTH, Form, ModbusMap, Register
from gateway.device_map import find, names
from gateway.device_map.check import check
from gateway.device_map.head import Level
from gateway.device_map.modbus import Section
from gateway.device_map.modbus_tables import VectorTable

FOUND = {name: find(name) for name in names()}
MODBUS = [name for name, found in FOUND.items() if "modbus" in found.parts]


def part(name: str) -> ModbusMap:
    found = FOUND[name].part("modbus")
    assert isinstance(found, ModbusMap)
    return found


@pytest.mark.parametrize("name", names())
def test_a_map_holds(name: str) -> None:
    checked = check(name)
    assert checked.problems == ()
    assert checked.vectors >= 1


def test_there_are_maps_for_thirty_modbus_meters() -> None:
    assert len(MODBUS) >= 30
    both = [name for name in MODBUS if len(FOUND[name].head.evidence.sources) > 1]
    assert len(both) >= 20


@pytest.mark.parametrize("name", MODBUS)
def test_every_type_order_and_scale_of_a_map_stands_in_a_vector(name: str) -> None:
    found = FOUND[name]
    registers = part(name)
    expected = {code for vector in found.tests if isinstance(vector.table, VectorTable) for code in vector.table.expect}
    forms = {
        (register.form, register.order if WIDTH[register.form] > 1 else None, register.scale): register.obis in expected
        for register in sorted(registers.registers, key=lambda one: one.obis in expected)
        if register.obis is not None
    }
    assert all(forms.values()), [form for form, tested in forms.items() if not tested]


@pytest.mark.parametrize("name", MODBUS)
def test_no_two_values_share_a_register(name: str) -> None:
    def span(register: Register) -> set[tuple[str, int]]:
        return {(register.table, address) for address in range(register.address, register.end)}

    counted = Counter(place for register in part(name).registers if not register.bits for place in span(register))
    assert not [place for place, count in counted.items() if count > 1]


@pytest.mark.parametrize("name", MODBUS)
def test_energy_has_a_unit_of_energy_and_no_step_coarser_than_a_kilowatt_hour(name: str) -> None:
    for register in part(name).registers:
        if register.obis is None or register.obis.d != 8:
            continue
        assert register.unit.removeprefix("k") in ("Wh", "varh", "VAh")
        if register.form not in (Form.F32, Form.F64):
            assert register.scale * (1000 if register.unit.startswith("k") else 1) <= Decimal(1000)


@pytest.mark.parametrize("name", MODBUS)
def test_what_one_source_says_alone_is_said_to_be_in_doubt(name: str) -> None:
    found = FOUND[name]
    section = found.sections["modbus"]
    assert isinstance(section, Section)
    rows = [row for row in section.registers if row.obis is not None]
    assert all(row.agree for row in rows), "every row says how many sources it has"
    if any(row.agree == 1 for row in rows):
        assert found.head.evidence.doubts
    if found.head.evidence.level is not Level.DECODED:
        assert len(found.head.evidence.sources) > 1, "one source is no ground to be sure of an address"


@pytest.mark.parametrize("name", MODBUS)
def test_a_map_is_written_by_the_standard_of_toml(name: str) -> None:
    """Whole numbers of TOML have 63 bits; a tool beside Python may take no more."""

    def numbers(value: object) -> list[int]:
        if isinstance(value, dict):
            return [number for inner in value.values() for number in numbers(inner)]
        if isinstance(value, list):
            return [number for inner in value for number in numbers(inner)]
        return [value] if isinstance(value, int) else []

    assert all(-(2**63) <= number < 2**63 for number in numbers(tomllib.loads(FOUND[name].file.read_text())))


def test_no_meter_is_known_by_the_marks_of_two_maps() -> None:
    """A register with a value that two maps are known by would have neither of them chosen."""
    seen: dict[object, str] = {}
    for name in MODBUS:
        for mark in part(name).marks:
            for value in mark.values or (mark.pattern,):
                place = (mark.by, mark.object, mark.table, mark.address, mark.form, value)
                assert seen.setdefault(place, name) == name
