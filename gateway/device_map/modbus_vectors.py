"""Running a ``[[test]]`` of a Modbus map: its registers through the driver's own decoding, and what comes of them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal

from drivers.modbus.decode import Decoding
from drivers.modbus.image import Image
from drivers.modbus.registers import ModbusMap, Table
from drivers.reading import NotUnderstood, Obis, Reading, Text
from gateway.device_map.modbus_tables import VectorTable

#: The time of a vector's reading; nothing depends on it.
_READ_AT = datetime(2026, 1, 1, tzinfo=UTC)
MISSING = "missing"


def run(found: ModbusMap, test: VectorTable) -> Iterator[str]:
    """What does not hold, a sentence each."""
    image = Image()
    for table, registers in ((Table.HOLDING, test.holding), (Table.INPUT, test.input)):
        for address, words in registers.items():
            image.put(table, address, words)
    decoding = Decoding(found, image, _READ_AT)
    known = {register.obis: register for register in found.registers if register.obis is not None}
    given: dict[Obis, Decimal | str] = {}
    why: dict[Obis, str] = {}
    for record in decoding.records():
        if isinstance(record, Reading | Text):
            given[record.obis] = record.value
        elif isinstance(record, NotUnderstood) and record.obis is not None:
            why[record.obis] = record.reason
    for obis, expected in test.expect.items():
        if obis not in known:
            yield f"expects {obis}, which the map has not"
        elif image.of(known[obis]) is None:
            yield f"expects {obis} and does not give all registers of {known[obis].name!r}"
        elif expected == MISSING:
            if obis in given:
                yield f"{obis} should be missing and is {given[obis]}"
        elif obis not in given:
            yield f"{obis} should be {expected} and has no value: {why.get(obis, 'not read')}"
        elif given[obis] != expected:
            yield f"{obis} should be {expected} and is {given[obis]}"
    meter = decoding.meter()
    for what, wanted, said in (
        ("serial", test.serial, meter.serial),
        ("model", test.model, meter.model),
        ("firmware", test.firmware, meter.firmware),
    ):
        if wanted is not None and wanted != said:
            yield f"the {what} should be {wanted!r} and is {said!r}"
    if not (test.expect or test.serial or test.model or test.firmware):
        yield "expects nothing"
