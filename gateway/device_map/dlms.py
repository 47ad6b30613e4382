"""The section ``[dlms]`` of a device map: how a COSEM meter differs from what it says of itself and from the standard."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from drivers.dlms import axdr, profile_rows
from drivers.dlms.bytes_reader import Damaged
from drivers.dlms.cosem_unit import ScalerUnit
from drivers.dlms.decode import decode
from drivers.dlms.meter_map import DlmsLibrary, DlmsMap, MapLog, MapObject, PushElement, PushList
from drivers.dlms.records import Around
from drivers.dlms.selection import CaptureObject
from drivers.driver import Context
from drivers.errors import MeterError
from drivers.reading import Meter, Obis, Reading, Row, Text
from gateway.cim.events import shipped
from gateway.device_map.head import Head, TestTable
from gateway.device_map.sections import SectionTable
from gateway.device_map.strict import Exact, ObisCode, Strict, Wrong

#: The time of a vector's reading; nothing depends on it.
_READ_AT = datetime(2026, 1, 1, tzinfo=UTC)

Scaler = Annotated[int, Field(ge=-18, le=18)]
#: A unit as COSEM numbers it (IEC 62056-6-2, table 4); 255 is none.
UnitCode = Annotated[int, Field(ge=1, le=255)]
Hexadecimal = Annotated[str, Field(pattern=r"^([0-9A-Fa-f]{2}|\s)*$")]


class ObjectTable(Strict):
    """An object to read when nobody names any: ``class_id`` is 1 data, 3 register, 4 extended, 5 demand register."""

    obis: ObisCode
    class_id: Annotated[int, Field(ge=1, le=0xFFFF)] = 3


class ProfileTable(Strict):
    """A profile that the model is known to keep: for people, and for the one who plans its reading."""

    obis: ObisCode
    period_s: Annotated[int, Field(ge=0, le=2_678_400)] = 0
    written: Literal["plain", "null", "compact"] = "plain"
    what: str = ""


class LogTable(Strict):
    """An event log, and the table of events.toml for its codes; the section's ``events`` without one."""

    obis: ObisCode
    table: str = ""


class UnitTable(Strict):
    """Scaler and unit of an object that is pushed without."""

    obis: ObisCode
    scaler: Scaler = 0
    unit: UnitCode = 255


class ElementTable(Strict):
    """One place of a pushed list; without ``obis`` it is known to be there and of no interest."""

    obis: ObisCode | None = None
    scaler: Scaler = 0
    unit: UnitCode = 255


class PushTable(Strict):
    """A list that is pushed without logical names, known by its number of elements and its first text."""

    name: str
    starts_with: str = ""
    elements: Annotated[list[ElementTable], Field(min_length=1)]


class Section(SectionTable):
    """``[dlms]``: only what the meter does not say itself; all of it may be left out.

    ``events`` is the table of events.toml for its logs. ``deviation_reversed``: its deviation is minutes from UTC to local
    time. ``null_repeats`` false: null-data in a profile is no value. ``information``, ``window``, ``pdu_size`` bound what is
    negotiated; ``block_transfer`` false: general block transfer is not proposed. ``push_version`` is the text that its pushes
    begin with, ``push_unnamed`` what the values are that stand without a name among named ones.
    """

    registers: list[ObjectTable] = []
    profiles: list[ProfileTable] = []
    logs: list[LogTable] = []
    events: str = "dlms"
    deviation_reversed: bool = False
    null_repeats: bool = True
    information: Annotated[int, Field(ge=32, le=2030)] = 2030
    window: Annotated[int, Field(ge=1, le=7)] = 7
    pdu_size: Annotated[int, Field(ge=64, le=0xFFFF)] = 0xFFFF
    block_transfer: bool = True
    units: list[UnitTable] = []
    push: list[PushTable] = []
    push_version: str = ""
    push_unnamed: list[ObisCode] = []

    def part(self, name: str, head: Head) -> DlmsMap:
        wrong: list[tuple[tuple[str | int, ...], str]] = []
        tables = shipped().tables
        if self.events not in tables:
            wrong.append((("events",), f"events.toml has no table {self.events!r}"))
        for number, log in enumerate(self.logs):
            if log.table and log.table not in tables:
                wrong.append((("logs", number, "table"), f"events.toml has no table {log.table!r}"))
        lengths = [(len(push.elements), push.starts_with) for push in self.push]
        for number, key in enumerate(lengths):
            if key in lengths[:number]:
                wrong.append((("push", number), "another list has as many elements and the same first text"))
        if wrong:
            raise Wrong(*wrong)
        return DlmsMap(
            name=name,
            manufacturer=head.meter.manufacturer,
            model=head.meter.models[0],
            logical_device_name=head.identification.logical_device_name or "",
            registers=tuple(MapObject(each.obis, each.class_id) for each in self.registers),
            logs=tuple(MapLog(log.obis, log.table or self.events) for log in self.logs),
            event_table=self.events,
            deviation_reversed=self.deviation_reversed,
            stamp_is_start=head.clock.interval_stamp == "start",
            null_repeats=self.null_repeats,
            information=self.information,
            window=self.window,
            pdu_size=self.pdu_size,
            block_transfer=self.block_transfer,
            units={each.obis: (each.scaler, each.unit) for each in self.units},
            push=tuple(_push(push) for push in self.push),
            push_version=self.push_version,
            push_unnamed=tuple(self.push_unnamed),
        )

    def rows(self) -> Iterable[Mapping[str, str]]:
        for each in self.registers:
            yield {"obis": str(each.obis), "unit": "", "what": f"class {each.class_id}"}
        for profile in self.profiles:
            period = f"every {profile.period_s} s, " if profile.period_s else ""
            what = f"profile, {period}{profile.written}" + (f": {profile.what}" if profile.what else "")
            yield {"obis": "", "unit": "", "what": f"{profile.obis} {what}"}
        for log in self.logs:
            yield {"obis": "", "unit": "", "what": f"{log.obis} event log, {log.table or self.events}"}
        for one in self.units:
            yield {"obis": str(one.obis), "unit": _text(one.scaler, one.unit), "what": "pushed without a unit"}
        for push in self.push:
            for number, element in enumerate(push.elements, 1):
                if element.obis is not None:
                    what = f"place {number} of {push.name}"
                    yield {"obis": str(element.obis), "unit": _text(element.scaler, element.unit), "what": what}


class CapturedTable(Strict):
    """A column of a vector's profile, with its scaler and unit."""

    obis: ObisCode
    class_id: Annotated[int, Field(ge=1, le=0xFFFF)] = 3
    attribute: Annotated[int, Field(ge=1, le=127)] = 2
    scaler: Scaler = 0
    unit: UnitCode = 255


class RowTable(Strict):
    """A row that must come of it: ``time`` is the end of its interval, ISO 8601 with a zone."""

    time: str
    values: list[Exact | str]


class Test(TestTable):
    """``[[test]]``: what the meter says, and what must come of it.

    ``logical_device_name``: a name of its kind, by which the map must be found. ``push``: a frame or APDU in hexadecimal
    (with ``ek`` and ``ak`` where it is ciphered), and in ``expect`` numbers in their unit, or texts. ``buffer``: a profile's
    buffer in A-XDR, its ``columns`` and ``period_s``, and the ``rows``.
    """

    logical_device_name: str = ""
    push: Hexadecimal = ""
    ek: Hexadecimal = ""
    ak: Hexadecimal = ""
    serial: str = ""
    expect: dict[str, Exact | str] = {}
    buffer: Hexadecimal = ""
    columns: list[CapturedTable] = []
    period_s: Annotated[int, Field(ge=0)] = 0
    rows: list[RowTable] = []


def check(part: object, test: TestTable) -> list[str]:
    """Decode the vector with the map. Returns what does not hold."""
    assert isinstance(part, DlmsMap)  # noqa: S101 - the loader pairs a section's part with its own tests
    assert isinstance(test, Test)  # noqa: S101 - as above
    wrong = []
    if test.logical_device_name and not part.knows(test.logical_device_name):
        wrong.append(f"the pattern {part.logical_device_name!r} does not know {test.logical_device_name!r}")
    try:
        if test.push:
            wrong += _pushed(part, test)
        if test.buffer:
            wrong += _profile(part, test)
    except Damaged as error:
        wrong.append(f"no A-XDR: {error}")
    except MeterError as error:
        wrong.append(str(error))
    if not (test.logical_device_name or test.push or test.buffer):
        wrong.append("the vector has nothing to decode")
    return wrong


def library(parts: Mapping[str, object]) -> DlmsLibrary:
    """All maps, for a meter that nobody named."""
    return DlmsLibrary(tuple(part for part in parts.values() if isinstance(part, DlmsMap)))


def skeleton(found: object | None) -> str:
    """The beginning of a section; of what ``metergate scan`` found, with its logical device name and registers.

    Raises ValueError for the sweep of another protocol.
    """
    name, pattern, registers = "", "", "[]"
    if found is not None:
        if not isinstance(found, Mapping) or found.get("kind") != "dlms":
            raise ValueError("the sweep is of no DLMS meter")
        name = str(found["logical_device_name"])
        # The first three letters are the manufacturer's; what tells this model from its others, the manual says.
        pattern = f"^{re.escape(name[:3])}"
        rows = [f'  {{ obis = "{one["obis"]}", class_id = {one["class"]} }},\n' for one in found["registers"]]
        registers = f"[\n{''.join(rows)}]"
    return f"""\
[identification]
logical_device_name = {json.dumps(pattern)}  # a pattern in 0-0:42.0.0

[clock]
time = "local"  # none, utc, standard, local

[dlms]
registers = {registers}

[[test]]
name = "known by its name"
logical_device_name = {json.dumps(name)}
"""


class _Keys:
    """The vector's keys, for whichever meter asks."""

    def __init__(self, test: Test) -> None:
        self._keys = {"ek": test.ek, "ak": test.ak}

    def get(self, name: str) -> bytes | None:
        key = self._keys.get(name.rpartition("/")[2], "")
        return bytes.fromhex(key) if key else None


def _pushed(part: DlmsMap, test: Test) -> Iterable[str]:
    given: dict[str, Decimal | str] = {}
    serial = ""
    context = Context(now=lambda: _READ_AT, meter_map=part, keys=_Keys(test))
    for record in decode(bytes.fromhex(test.push), "vector", context):
        if isinstance(record, Meter):
            serial = record.serial
        elif isinstance(record, Reading | Text):
            given[str(record.obis)] = record.value
    if not given:
        yield "no value comes of the push"
    if test.serial not in ("", serial):
        yield f"the serial number should be {test.serial} and is {serial or 'none'}"
    for code, value in test.expect.items():
        obis = str(Obis.parse(code))
        if obis not in given:
            yield f"{code} should be {value} and is not there"
        elif given[obis] != value:
            yield f"{code} should be {value} and is {given[obis]}"


def _profile(part: DlmsMap, test: Test) -> Iterable[str]:
    layout = profile_rows.Layout(
        tuple(CaptureObject(each.class_id, each.obis, each.attribute) for each in test.columns),
        tuple(None if each.unit == 255 else ScalerUnit(each.scaler, each.unit) for each in test.columns),
        test.period_s,
    )
    buffer = axdr.decode(bytes.fromhex(test.buffer))
    if not isinstance(buffer, list | tuple) or not all(isinstance(row, tuple | list) for row in buffer):
        return ["the buffer is no array of structures"]
    found = profile_rows.rows(
        [tuple(row) for row in buffer if isinstance(row, tuple | list)],
        layout,
        Around("vector", _READ_AT, None, part.deviation_reversed, checked=True),
        null_repeats=part.null_repeats,
        stamp_is_start=part.stamp_is_start,
    )
    wrong = [] if len(found) == len(test.rows) else [f"{len(test.rows)} rows should come of it and {len(found)} do"]
    for number, (row, wanted) in enumerate(zip(found, test.rows, strict=False)):
        wrong += _row(number, row, wanted)
    return wrong


def _row(number: int, row: Row, wanted: RowTable) -> Iterable[str]:
    if row.time != datetime.fromisoformat(wanted.time):
        yield f"row {number} should be of {wanted.time} and is of {row.time}"
    if list(row.values) != wanted.values:
        yield f"row {number} should be {wanted.values} and is {list(row.values)}"


def _push(table: PushTable) -> PushList:
    elements = tuple(PushElement(each.obis, each.scaler, each.unit) for each in table.elements)
    return PushList(table.name, elements, table.starts_with)


def _text(scaler: int, unit: int) -> str:
    return ScalerUnit(scaler, unit).text
