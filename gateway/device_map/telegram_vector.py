"""``[[test]]`` of the meters that push: a telegram, and what must come of it."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from drivers.driver import Context
from drivers.errors import MeterError
from drivers.reading import Meter, NotUnderstood, Obis, Reading, Text
from drivers.registry import decoder
from gateway.device_map.head import TestTable
from gateway.device_map.strict import Exact

#: The time of a vector's reading; nothing depends on it.
_READ_AT = datetime(2026, 1, 1, tzinfo=UTC)


class TelegramTest(TestTable):
    """``[[test]]``: a ``telegram``, and what must come of it: the ``serial`` number, and by OBIS code ``expect``, numbers in
    the unit that the meter writes, or texts.
    """

    telegram: str
    serial: str = ""
    expect: dict[str, Exact | str]


def held(kind: str, data: bytes, part: object, test: TelegramTest) -> list[str]:
    """What does not hold when ``data`` is decoded as ``kind`` with the map. Every line must be understood."""
    given: dict[str, Decimal | str] = {}
    serial = ""
    found: list[str] = []
    try:
        for record in decoder(kind).decode(data, "vector", Context(now=lambda: _READ_AT, meter_map=part)):
            if isinstance(record, Meter):
                serial = serial or record.serial
            elif isinstance(record, Reading | Text):
                given[str(record.obis)] = record.value
            elif isinstance(record, NotUnderstood):
                found.append(f"{record.raw!r}: {record.reason}")
    except MeterError as error:
        return [str(error)]
    if test.serial not in ("", serial):
        found.append(f"the serial number should be {test.serial} and is {serial or 'none'}")
    for code, value in test.expect.items():
        obis = str(Obis.parse(code))
        if obis not in given:
            found.append(f"{code} should be {value} and is not there")
        elif given[obis] != value:
            found.append(f"{code} should be {value} and is {given[obis]}")
    return found
