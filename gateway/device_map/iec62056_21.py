"""The section ``[iec62056_21]`` of a device map: how a meter of IEC 62056-21 differs from what the standard and the VDEW say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from drivers.driver import Context
from drivers.errors import MeterError
from drivers.iec62056_21.address import normalise
from drivers.iec62056_21.block import frame
from drivers.iec62056_21.decode import decode
from drivers.iec62056_21.meter_map import Archive, ArchiveColumn, Library, Lock, Log, MeterMap, StampForm
from drivers.iec62056_21.meter_map import library as made_library
from drivers.reading import Meter, Obis, Reading, Text
from gateway.cim.events import shipped
from gateway.device_map.head import Head, TestTable
from gateway.device_map.sections import SectionTable
from gateway.device_map.strict import Exact, ObisCode, Strict, Wrong

#: The time of a vector's reading; nothing depends on it.
_READ_AT = datetime(2026, 1, 1, tzinfo=UTC)

Bracket = Annotated[int, Field(ge=1, le=99)]
Stamp = Literal["zYYMMDDhhmm", "zYYMMDDhhmmss", "YYMMDDhhmm", "YYMMDDhhmmss", "YY-MM-DD,hh:mm", "YYYY-MM-DD,hh:mm:ss"]


class ColumnTable(Strict):
    """A bracket of an archive's rows, counted from 1. Without a unit it is a text."""

    bracket: Bracket
    obis: ObisCode
    unit: str = ""


class ArchiveTable(Strict):
    """``[[iec62056_21.archives]]``: an archive of LIS-200, read as the load profile ``obis``.

    ``time`` and ``status`` are brackets of a row, counted from 1; ``period_min`` is left out where entries have none.
    """

    obis: ObisCode
    address: Annotated[str, Field(pattern=r"^\d+:V\.0$")]
    time: Bracket
    status: Bracket | None = None
    period_min: Annotated[int, Field(ge=0, le=44640)] = 0
    rows_per_block: Annotated[int, Field(ge=1, le=99)] = 10
    columns: Annotated[list[ColumnTable], Field(min_length=1)]


class LogTable(Strict):
    """A log: ``address`` (``P.98``), and the ``table`` of events.toml for entries that carry a number of their own."""

    address: str
    table: str = ""


class LockTable(Strict):
    """A lock that is a register: the code (the meter's password) is written to ``opens``, and 0 to ``closes`` afterwards."""

    opens: str
    closes: str


class Section(SectionTable):
    """``[iec62056_21]``: only what is not as the standard and the VDEW's meters have it; all of it may be left out.

    ``modes`` are those it speaks; ``battery``: it is read only where the site says so (``?wake=yes``); ``wake_up``: NULs
    before the sign-on. ``read`` and ``write`` are the commands for registers (``read_data``: what stands in their
    brackets), ``profile_command`` that for profiles and logs, ``stamp`` how it wants the ends of a span. ``serial`` lists
    addresses of the serial number, the best first; ``objects`` names addresses that are no OBIS codes. ``lead_min``: it
    cuts so much off the start of a span. ``harmless_status``: bits of the status word that doubt no value.
    ``clock_register``: date and time in one register; ``lock``: opened to write, in the place of a password.
    """

    modes: Annotated[list[Literal["A", "B", "C", "D", "E"]], Field(min_length=1)]
    battery: bool = False
    wake_up: bool = False
    read: Literal["R1", "R2", "R3", "R5"] = "R5"
    read_data: str = ""
    write: Literal["W1", "W2", "W5"] = "W5"
    profile_command: Literal["R1", "R2", "R3", "R5", "R6"] = "R5"
    reads_need_password: bool = False
    algorithm: str = ""
    stamp: Stamp = "zYYMMDDhhmm"
    profiles: list[str] = ["P.01", "P.02"]
    logs: list[LogTable] = [LogTable(address="P.98")]
    archives: list[ArchiveTable] = []
    serial: list[str] = ["C.1.0", "0.0.0"]
    objects: dict[str, ObisCode] = {}
    lead_min: Annotated[int, Field(ge=0, le=1440)] = 0
    harmless_status: Annotated[int, Field(ge=0, le=0xFFFFFFFF)] = 0
    clock_register: str = ""
    lock: LockTable | None = None

    def part(self, name: str, head: Head) -> MeterMap:
        wrong: list[tuple[tuple[str | int, ...], str]] = []
        if head.identification.identification_message is None:
            wrong.append(((), "needs [identification] identification_message: the meter is known by it"))
        for number, address in enumerate(self.profiles):
            if normalise(address) is None:
                wrong.append((("profiles", number), f"{address!r} is no address of a load profile"))
        for number, log in enumerate(self.logs):
            if normalise(log.address) is None:
                wrong.append((("logs", number), f"{log.address!r} is no address of a log"))
            if log.table and log.table not in shipped().tables:
                wrong.append((("logs", number), f"events.toml has no table {log.table!r}"))
        if self.wake_up and not self.battery:
            wrong.append((("wake_up",), "a meter that must be woken lives on a battery: say battery = true as well"))
        if wrong:
            raise Wrong(*wrong)
        return MeterMap(
            name=name,
            identification=head.identification.identification_message or "",
            model=head.meter.models[0],
            battery=self.battery,
            wake_up=self.wake_up,
            clock=head.clock.time,
            clock_settable=head.clock.settable,
            read=self.read,
            read_data=self.read_data,
            write=self.write,
            profile_command=self.profile_command,
            reads_need_password=self.reads_need_password,
            algorithm=self.algorithm,
            stamp=StampForm(self.stamp),
            profiles=tuple(self.profiles),
            logs=tuple(Log(log.address, log.table) for log in self.logs),
            archives=tuple((archive.obis, _archive(archive)) for archive in self.archives),
            serial=tuple(self.serial),
            objects=dict(self.objects),
            lead_min=self.lead_min,
            harmless_status=self.harmless_status,
            clock_register=self.clock_register,
            lock=Lock(self.lock.opens, self.lock.closes) if self.lock is not None else None,
        )

    def rows(self) -> Iterable[Mapping[str, str]]:
        for address, obis in self.objects.items():
            yield {"address": address, "obis": str(obis), "unit": "", "what": "register"}
        for archive in self.archives:
            for column in archive.columns:
                place = f"{archive.address} bracket {column.bracket}"
                yield {"address": place, "obis": str(column.obis), "unit": column.unit, "what": f"of {archive.obis}"}


class Test(TestTable):
    """``[[test]]``: an ``identification`` message and the ``block`` behind it, and what must come of them.

    ``expect`` holds numbers in the unit that the meter writes, or texts.
    """

    identification: Annotated[str, Field(pattern=r"^/")]
    block: str
    serial: str = ""
    expect: dict[str, Exact | str]


def check(part: object, test: TestTable) -> list[str]:
    """Decode the vector's readout with the map. Returns what does not hold."""
    assert isinstance(part, MeterMap)  # noqa: S101 - the loader pairs a section's part with its own tests
    assert isinstance(test, Test)  # noqa: S101 - as above
    if not part.knows(test.identification):
        return [f"the pattern {part.identification!r} does not know {test.identification!r}"]
    block = test.block.strip("\n").replace("\n", "\r\n") + "\r\n!\r\n"
    data = test.identification.encode() + b"\r\n" + frame(block.encode())
    given: dict[str, Decimal | str] = {}
    serial = ""
    try:
        for record in decode(data, "vector", Context(now=lambda: _READ_AT, meter_map=part)):
            if isinstance(record, Meter):
                serial = record.serial
            elif isinstance(record, Reading | Text):
                given[str(record.obis)] = record.value
    except MeterError as error:
        return [str(error)]
    found = (
        [] if test.serial in ("", serial) else [f"the serial number should be {test.serial} and is {serial or 'none'}"]
    )
    for code, value in test.expect.items():
        obis = str(Obis.parse(code))
        if obis not in given:
            found.append(f"{code} should be {value} and is not there")
        elif given[obis] != value:
            found.append(f"{code} should be {value} and is {given[obis]}")
    return found


def library(parts: Mapping[str, object]) -> Library:
    """All maps, for a meter that nobody named."""
    return made_library(part for part in parts.values() if isinstance(part, MeterMap))


def skeleton(found: object | None) -> str:
    """The beginning of a section. A scan writes none of this protocol."""
    if found is not None:
        raise ValueError("a sweep is of a Modbus meter")
    return """\
[identification]
identification_message = ""  # a pattern in the text after "/" of its identification message

[clock]
time = "unknown"  # none, utc, standard, local

[iec62056_21]
modes = ["C"]

[[test]]
name = "a readout"
identification = "/"
block = '''
'''
expect = {}
"""


def _archive(table: ArchiveTable) -> Archive:
    return Archive(
        table.address,
        tuple(ArchiveColumn(column.bracket, column.obis, column.unit) for column in table.columns),
        table.time,
        table.status or 0,
        table.period_min,
        table.rows_per_block,
    )
