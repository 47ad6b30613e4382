"""A map on an image: guards before values, scales and ratios exact, doubts said, nothing dropped."""

from __future__ import annotations

import struct
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from drivers.modbus.decode import Decoding
from drivers.modbus.image import Image
from drivers.modbus.plan import Block
from drivers.modbus.registers import Bit, Case, Form, Guard, Identity, ModbusMap, Register, Table
from drivers.reading import Doubt, Meter, MeterEvent, NotUnderstood, Obis, Reading, Record

NOW = datetime(2026, 3, 1, tzinfo=UTC)
IMPORT = Obis.parse("1-0:1.8.0")
VOLTAGE = Obis.parse("1-0:32.7.0")


def f32(number: float) -> list[int]:
    return list(struct.unpack(">2H", struct.pack(">f", number)))


def read(
    *registers: Register, image: dict[int, list[int]], refused: tuple[Block, int] | None = None, **rest: object
) -> list[Record]:
    seen = Image()
    for address, words in image.items():
        seen.put(Table.HOLDING, address, words)
    if refused:
        seen.refuse(*refused)
    found = ModbusMap("test/meter", registers, identity=Identity("TST", "M1"), **rest)  # type: ignore[arg-type]
    return list(Decoding(found, seen, NOW, "test").records())


def only(records: list[Record]) -> Record:
    assert isinstance(records[0], Meter)
    assert len(records) == 2
    return records[1]


def test_a_value_with_its_unit_and_raw_registers() -> None:
    reading = only(read(Register("import", 0, Form.F32, obis=IMPORT, unit="kWh"), image={0: f32(12345.67)}))
    assert reading == Reading("test", IMPORT, "4640e6ae", Decimal("12345.67"), "kWh", NOW)


def test_scale_register_and_ratios_multiply_exactly() -> None:
    records = read(
        Register(
            "power", 0, Form.I16, obis=IMPORT, unit="W", scale_from="sf", ratio=("ct", "vt"), scale=Decimal("0.1")
        ),
        Register("sf", 1, Form.I16),
        Register("ct", 2, Form.U16),
        Register("vt", 3, Form.U16, scale=Decimal("0.1")),
        image={0: [-1234 & 0xFFFF, -2 & 0xFFFF, 40, 15]},
    )
    reading = only(records)
    assert isinstance(reading, Reading)
    assert reading.value == Decimal("-74.0400")


@pytest.mark.parametrize(("sf", "ct", "why"), [(0x8000, 1, "10^-32768"), (11, 1, "10^11"), (0, 0, "ratio ct is 0")])
def test_an_impossible_scale_gives_no_value(sf: int, ct: int, why: str) -> None:
    record = only(
        read(
            Register("power", 0, Form.I16, obis=IMPORT, scale_from="sf", ratio=("ct",)),
            Register("sf", 1, Form.I16),
            Register("ct", 2, Form.U16),
            image={0: [1, sf, ct]},
        )
    )
    assert isinstance(record, NotUnderstood)
    assert why in record.reason


@pytest.mark.parametrize(
    ("form", "words", "sentinels"),
    [
        (Form.F32, [0x7FC0, 0], ()),
        (Form.U32, [0xFFFF, 0xFFFF], (0xFFFFFFFF,)),
        (Form.I16, [0x8000], (0x8000,)),
        (Form.U32, [0, 0], (0,)),
    ],
)
def test_a_sentinel_is_missing_and_said(form: Form, words: list[int], sentinels: tuple[int, ...]) -> None:
    record = only(read(Register("v", 0, form, obis=VOLTAGE, sentinels=sentinels), image={0: words}))
    assert isinstance(record, NotUnderstood)
    assert record.obis == VOLTAGE
    assert "no value" in record.reason


def test_a_guard_that_does_not_hold_withholds_what_it_guards() -> None:
    registers = (
        Register("prefix", 10, Form.F32),
        Register("import", 0, Form.U32, obis=IMPORT, unit="kWh"),
        Register("voltage", 2, Form.U16, obis=VOLTAGE, unit="V"),
    )
    guards = (Guard("prefix", (Case(Decimal(0)), Case(Decimal(1), Decimal(1000))), ("import",), "0 is kWh, 1 is MWh"),)
    base = {0: [0, 5], 2: [230]}

    def values(prefix: float) -> dict[Obis, Decimal | str]:
        records = read(*registers, image={**base, 10: f32(prefix)}, guards=guards)
        return {
            r.obis: r.value if isinstance(r, Reading) else r.reason
            for r in records
            if isinstance(r, Reading | NotUnderstood) and r.obis
        }

    assert values(0) == {IMPORT: Decimal(5), VOLTAGE: Decimal(230)}
    assert values(1) == {IMPORT: Decimal(5000), VOLTAGE: Decimal(230)}
    barred = values(2)
    assert barred[VOLTAGE] == Decimal(230)
    assert "prefix is 2, not 0 or 1: 0 is kWh, 1 is MWh" in str(barred[IMPORT])


def test_a_guard_that_was_not_read_bars_its_values() -> None:
    record = only(
        read(
            Register("prefix", 10, Form.F32),
            Register("import", 0, Form.U32, obis=IMPORT),
            image={0: [0, 5]},
            guards=(Guard("prefix", (Case(Decimal(0)),)),),
        )
    )
    assert isinstance(record, NotUnderstood)
    assert "prefix has no value: was not read" in record.reason


def test_an_absent_optional_guard_leaves_a_doubt() -> None:
    record = only(
        read(
            Register("prefix", 10, Form.F32, optional=True),
            Register("import", 0, Form.U32, obis=IMPORT),
            image={0: [0, 5]},
            refused=(Block(Table.HOLDING, 10, 2), 2),
            guards=(Guard("prefix", (Case(Decimal(0)),)),),
        )
    )
    assert isinstance(record, Reading)
    assert record.doubts == (Doubt.SUSPECT,)


def test_a_refused_register_is_said_unless_it_is_optional() -> None:
    refused = (Block(Table.HOLDING, 0, 1), 2)
    record = only(read(Register("v", 0, Form.U16, obis=VOLTAGE), image={}, refused=refused))
    assert isinstance(record, NotUnderstood)
    assert "exception 2, illegal data address" in record.reason
    assert len(read(Register("v", 0, Form.U16, obis=VOLTAGE, optional=True), image={}, refused=refused)) == 1


def test_outside_the_range_is_doubted_and_given() -> None:
    record = only(read(Register("v", 0, Form.U16, obis=VOLTAGE, low=Decimal(0), high=Decimal(500)), image={0: [9000]}))
    assert isinstance(record, Reading)
    assert record.value == 9000
    assert record.doubts == (Doubt.OUT_OF_RANGE,)


def test_set_bits_are_events_and_unknown_ones_are_said() -> None:
    records = read(
        Register("alarms", 0, Form.BITS, registers=2, bits=(Bit(0, "phase-lost"), Bit(17, "overload")), events="test"),
        image={0: [0b10, 0b101]},
    )[1:]
    assert [(r.log, r.code, r.table) for r in records if isinstance(r, MeterEvent)] == [
        ("alarms", "phase-lost", "test"),
        ("alarms", "overload", "test"),
    ]
    assert [r.reason for r in records if isinstance(r, NotUnderstood)] == [
        "alarms: the map does not say what bit 2 means"
    ]


def test_half_a_value_is_none() -> None:
    record = only(read(Register("import", 0, Form.U32, obis=IMPORT), image={0: [1]}))
    assert isinstance(record, NotUnderstood)
