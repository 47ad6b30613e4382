"""The section [modbus]: what it becomes, and what is told of a wrong one."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from drivers.modbus.registers import Case, Form, MarkKind, ModbusMap, Order, Range, Table
from drivers.reading import Obis
from gateway.device_map import MapError, load_text
from gateway.device_map.check import collisions, run_vectors, unknown_events

FILE = Path("example/e1.toml")
GOOD = """\
[meter]
manufacturer = "Example"
models = ["E1", "E2"]

[[identification.modbus]]
by = "register"
address = 0x8960
type = "u32"
registers = 2
values = [0x42323120]

[evidence]
level = "decoded"
sources = [{ name = "manual" }]

[modbus]
table = "input"
type = "u32"
order = "CDAB"
invalid = ["max"]
registers = [
  { name = "import", obis = "1-0:1.8.0", address = 0x10, unit = "kWh", scale = 0.01, group = "bill", ratio = ["CT"] },
  { name = "export", obis = "1-0:2.8.0", address = 0x12, unit = "kWh", scale = 0.01, group = "bill", optional = true },
  { name = "power", obis = "1-0:16.7.0", address = 0x20, type = "i16", unit = "W", invalid = ["min", 0x7FFF] },
  { name = "voltage", obis = "1-0:32.7.0", address = 0x22, type = "f32", unit = "V", low = 0, high = 500 },
  { name = "state", address = 0x30, type = "bits", registers = 1, events = "modbus", bits = [{ number = 3, code = "3" }] },
  { name = "CT", address = 0x40, table = "holding", type = "u16" },
  { name = "serial", address = 0x50, table = "holding", type = "string", registers = 4 },
]

[modbus.line]
unit = 5
baud = 19200
parity = "even"

[modbus.requests]
max_registers = 20
forbidden = [{ table = "input", first = 0x100, last = 0x110 }]
timeout_ms = 500

[modbus.identity]
serial = "serial"

[modbus.groups]
bill = { atomic = true, twice = true, period_s = 900 }

[[modbus.guards]]
register = "CT"
cases = [{ value = 1 }, { value = 5, factor = 1 }]
affects = ["bill"]
why = "the ratio must be one that was agreed"

[[modbus.writes]]
name = "demand reset"
address = 0x60
fixed = 1
why = "starts the demand anew"

[[test]]
name = "as displayed"
serial = "A123"
input = { 0x10 = "D687 0012", 0x22 = "199A 4366" }
holding = { 0x40 = "0005", 0x50 = "4131 3233 0000 0000" }
expect = { "1-0:1.8.0" = 61728.35, "1-0:32.7.0" = 230.1 }

[[test]]
name = "no value"
input = { 0x10 = "FFFF FFFF", 0x20 = "8000" }
holding = { 0x40 = "0001" }
expect = { "1-0:1.8.0" = "missing", "1-0:16.7.0" = "missing" }

[[test]]
name = "a ratio that nobody agreed"
input = { 0x10 = "D687 0012" }
holding = { 0x40 = "0007" }
expect = { "1-0:1.8.0" = "missing" }
"""


def line(text: str) -> int:
    return next(number for number, found in enumerate(GOOD.splitlines(), 1) if text in found)


def test_a_section_becomes_the_map_that_the_driver_takes() -> None:
    found = load_text(GOOD, FILE, "example/e1").part("modbus")
    assert isinstance(found, ModbusMap)
    assert (found.name, found.unit, found.line.baud, found.line.parity) == ("example/e1", 5, 19200, "E")
    assert found.limits.max_registers == 20
    assert found.limits.forbidden == (Range(Table.INPUT, 0x100, 0x110),)
    assert found.timing.timeout_s == 0.5
    energy = found.register("import")
    assert (energy.obis, energy.form, energy.order) == (Obis(1, 0, 1, 8, 0), Form.U32, Order.CDAB)
    assert (energy.table, energy.scale, energy.ratio) == (Table.INPUT, Decimal("0.01"), ("CT",))
    assert energy.sentinels == (0xFFFFFFFF,)
    assert found.register("power").sentinels == (0x8000, 0x7FFF)
    assert found.register("voltage").sentinels == (), "NaN is enough for a float"
    assert found.register("serial").order is Order.ABCD, "a text stands in reading order"
    assert found.register("state").bits[0].number == 3
    assert (found.identity.manufacturer, found.identity.model, found.identity.serial_from) == (
        "Example",
        "E1",
        "serial",
    )
    assert (found.groups[0].name, found.groups[0].twice, found.groups[0].period_s) == ("bill", True, 900)
    assert found.guards[0].affects == ("import", "export"), "a group stands for its registers"
    assert found.guards[0].cases == (Case(Decimal(1)), Case(Decimal(5), Decimal(1)))
    assert (found.marks[0].by, found.marks[0].values) == (MarkKind.REGISTER, (0x42323120,))
    assert found.writes[0].fixed == 1


def test_its_vectors_hold() -> None:
    assert run_vectors(load_text(GOOD, FILE, "example/e1")) == []


def test_a_bit_whose_event_stands_in_no_table_is_a_fault() -> None:
    named = GOOD.replace('events = "modbus"', 'events = "dlms.idis.alarm1"')
    known = named.replace('{ number = 3, code = "3" }', '{ number = 3, code = "8" }')
    (problem,) = unknown_events(load_text(named, FILE, "example/e1"))
    assert problem.startswith(f"{FILE}:{line('= 3, code')}: modbus: no row '3'")
    assert unknown_events(load_text(known, FILE, "example/e1")) == []


def test_two_codes_of_one_reading_type_are_a_fault() -> None:
    """The head end could not tell a second 1.8.0 from the first."""
    twice = GOOD.replace('name = "export", obis = "1-0:2.8.0"', 'name = "export", obis = "1-1:1.8.0"')
    (problem,) = collisions(load_text(twice, FILE, "example/e1"))
    assert problem.startswith(f"{FILE}:{line('0x12, unit')}: 1-0:1.8.0*255 and 1-1:1.8.0*255 are both")
    assert collisions(load_text(GOOD, FILE, "example/e1")) == []


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("61728.35", "61728.36", "1-0:1.8.0*255 should be 61728.36 and is 61728.35"),
        ('"A123"', '"A124"', "the serial should be 'A124' and is 'A123'"),
        ("0x22 = ", "0x24 = ", "does not give all registers of 'voltage'"),
        ('"1-0:32.7.0" = 230.1 }', '"1-0:52.7.0" = 230.1 }', "expects 1-0:52.7.0*255, which the map has not"),
        ('0x40 = "0005"', '0x40 = "0000"', "1-0:1.8.0*255 should be 61728.35 and has no value: "),
        ('"1-0:1.8.0" = 61728.35', '"1-0:1.8.0" = "missing"', "should be missing and is 61728.35"),
    ],
)
def test_a_vector_that_does_not_hold_says_what_came_instead(old: str, new: str, told: str) -> None:
    (problem,) = run_vectors(load_text(GOOD.replace(old, new, 1), FILE, "example/e1"))
    assert problem.startswith(f"{FILE}:{line('[[test]]')}: test 'as displayed': ")
    assert told in problem


@pytest.mark.parametrize(
    ("old", "new", "where", "told"),
    [
        ("scale = 0.01, group", 'scale = "0.01", group', 'name = "import"', "scale: "),
        ("scale = 0.01, group", "scale = 0, group", 'name = "import"', "a scale of 0 leaves nothing"),
        ("address = 0x10,", "address = 0x10000,", 'name = "import"', "less than or equal to 65535"),
        ('unit = "V"', 'unit = "volt", colour = 1', 'name = "voltage"', "colour: no such key"),
        ('unit = "V"', 'unit = "v"', 'name = "voltage"', "'v' is written 'V'"),
        ('ratio = ["CT"]', 'ratio = ["VT"]', 'name = "import"', "no register 'VT'"),
        ('name = "export", obis = "1-0:2.8.0"', 'name = "export", obis = "1-0:1.8.0"', 'name = "export"', "already"),
        ('name = "export"', 'name = "import"', 'name = "import"', "named twice"),
        ("first = 0x100", "first = 0x21", 'name = "voltage"', "lies in the forbidden range"),
        ("address = 0x12", "address = 0x72", "bill =", "is atomic and spans"),
        ('affects = ["bill"]', 'affects = ["bills"]', "affects", "no register and no group 'bills'"),
        ('serial = "serial"', 'serial = "number"', "[modbus.identity]", "does not exist"),
        ("fixed = 1", "", "[[modbus.writes]]", "which values may be written"),
        ('"D687 0012", 0x22', '"D687 12", 0x22', "199A 4366", "four hexadecimal digits"),
        ('invalid = ["min", 0x7FFF]', "invalid = [0x17FFF]", 'name = "power"', "longer than a i16"),
        ('order = "CDAB"', 'order = "CABD"', 'order = "CDAB"', "order: "),
        ("number = 3,", "number = 16,", 'name = "state"', "a bit that it does not have"),
    ],
)
def test_a_fault_names_its_line(old: str, new: str, where: str, told: str) -> None:
    assert old in GOOD
    with pytest.raises(MapError) as caught:
        load_text(GOOD.replace(old, new, 1), FILE, "example/e1")
    found = [problem for problem in caught.value.problems if told in problem]
    assert found, caught.value.problems
    assert found[0].startswith(f"{FILE}:{line(where)}: "), found[0]
