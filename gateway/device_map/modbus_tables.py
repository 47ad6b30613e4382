"""The tables of ``[modbus]``: what may stand in the Modbus section of a device map, and in its ``[[test]]``.

They say the same as the dataclasses of ``drivers.modbus.registers``, in the words that a person writes.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field, PlainValidator, WithJsonSchema, model_validator

from drivers.unit import canonical
from gateway.device_map.head import TestTable
from gateway.device_map.strict import Exact, ObisCode, Strict

Table = Literal["holding", "input", "coil", "discrete"]
#: The order of the bytes of a 32-bit value on the wire, A the most significant; longer values in the same sense.
Order = Literal["ABCD", "CDAB", "BADC", "DCBA"]
Type = Literal["u16", "i16", "u32", "i32", "u64", "i64", "f32", "f64", "bcd", "string", "bits"]
Address = Annotated[int, Field(ge=0, le=0xFFFF)]
#: A raw value, unsigned, that means "no value": the pattern itself, or the largest or smallest number of the type.
Sentinel = Annotated[int, Field(ge=0)] | Literal["max", "min"]

#: Modbus Application Protocol V1.1b3, 6.3 and 6.4: at most 125 registers in one response.
MOST_REGISTERS = 125


def _unit(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("a unit is a text")
    if canonical(value) != value:
        raise ValueError(f"{value!r} is written {canonical(value)!r}")
    return value


Unit = Annotated[str, PlainValidator(_unit), WithJsonSchema({"type": "string"})]
Name = Annotated[str, Field(min_length=1)]


class LineTable(Strict):
    """``[modbus.line]``: how the meter is set when it leaves the factory."""

    unit: Annotated[int, Field(ge=1, le=247)] = 1
    baud: Annotated[int, Field(ge=300, le=115200)] = 9600
    parity: Literal["none", "even", "odd"] = "none"
    stop_bits: Literal[1, 2] = 1


class Span(Strict):
    """Registers ``first`` to ``last``, both included."""

    table: Table
    first: Address
    last: Address

    @model_validator(mode="after")
    def _ordered(self) -> Span:
        if self.last < self.first:
            raise ValueError("ends before it begins")
        return self


class RequestsTable(Strict):
    """``[modbus.requests]``: what the meter bears.

    ``max_gap``: registers between two wanted ones that may be read over; 0 until it is known that the meter answers
    there. ``forbidden``: never touched. ``timeout_ms``: it has begun to answer by then, or will not. ``turnaround_ms``:
    what it usually takes. ``pause_ms``: the silence it needs before the next request.
    """

    max_registers: Annotated[int, Field(ge=1, le=MOST_REGISTERS)] = MOST_REGISTERS
    max_gap: Annotated[int, Field(ge=0, le=MOST_REGISTERS)] = 0
    forbidden: list[Span] = []
    timeout_ms: Annotated[int, Field(ge=10, le=60000)] = 1000
    turnaround_ms: Annotated[int, Field(ge=0, le=10000)] = 20
    pause_ms: Annotated[int, Field(ge=0, le=10000)] = 0
    retries: Annotated[int, Field(ge=0, le=5)] = 1


class Counter(Strict):
    """What a counter does, in the register's unit. ``rollover``: where it begins at 0 again; ``resolution``: its step,
    where it counts coarser than the register shows; ``resettable``: somebody can set it to 0 in the field.
    """

    rollover: Annotated[Exact, Field(gt=0)] | None = None
    resolution: Annotated[Exact, Field(gt=0)] | None = None
    resettable: bool = False


class Bit(Strict):
    """One flag of a ``bits`` register: ``code`` is its row in the table of ``events.toml`` that ``events`` names."""

    number: Annotated[int, Field(ge=0, le=255)]
    code: Name
    meaning: str = ""


class Row(Strict):
    """A row of ``registers``: value = raw x ``scale`` (x 10^ ``scale_from``) (x each ``ratio``) + ``offset`` in ``unit``.

    ``table``, ``type``, ``order`` and ``invalid`` are those of ``[modbus]`` where they are left out. A row with no
    ``obis`` is no reading: it serves others, by its ``name``. ``optional``: some models or settings have it not
    (exception 2). ``agree``: how many independent sources say this row.
    """

    name: Name
    obis: ObisCode | None = None
    address: Address
    type: Type | None = None
    registers: Annotated[int, Field(ge=1, le=MOST_REGISTERS)] | None = None
    table: Table | None = None
    order: Order | None = None
    unit: Unit = ""
    scale: Exact = Decimal(1)
    offset: Exact = Decimal(0)
    scale_from: str = ""
    ratio: list[str] = []
    invalid: list[Sentinel] | None = None
    low: Exact | None = None
    high: Exact | None = None
    optional: bool = False
    group: str = ""
    counter: Counter | None = None
    bits: list[Bit] = []
    events: str = ""
    agree: Annotated[int, Field(ge=1)] | None = None
    note: str = ""


class GroupTable(Strict):
    """``[modbus.groups.<name>]``: registers that belong together.

    ``atomic``: read in one request, because a carry between two would give a wrong sum. ``twice``: read again and
    compared. ``period_s``: how often they are worth reading.
    """

    atomic: bool = True
    twice: bool = False
    period_s: Annotated[int, Field(ge=1)] | None = None


class Case(Strict):
    """A value that a guard may have, and what the guarded registers are multiplied by while it has it."""

    value: Exact | str
    factor: Exact = Decimal(1)


class GuardTable(Strict):
    """``[[modbus.guards]]``: a register that changes the meaning of others.

    When it has none of the ``cases``, what it ``affects`` (registers or groups by name; all, where it names none) is not
    given as a reading. ``why`` is a sentence for the technician.
    """

    register_: Name = Field(alias="register")
    cases: Annotated[list[Case], Field(min_length=1)]
    affects: list[str] = []
    why: Name


class IdentityTable(Strict):
    """``[modbus.identity]``: the rows, by name, in which the meter says who it is."""

    serial: str = ""
    model: str = ""
    firmware: str = ""


class WriteTable(Strict):
    """``[[modbus.writes]]``: the only things that may ever be written, and only where the configuration allows it.

    ``fixed``: the only value, for a command; else one of ``allowed``, or from ``low`` to ``high``, in ``unit``.
    ``single``: by FC 6 (a coil: FC 5) and not FC 16. ``read_back``: the row that says afterwards what is in effect.
    """

    name: Name
    address: Address
    type: Type = "u16"
    registers: Annotated[int, Field(ge=1, le=MOST_REGISTERS)] | None = None
    table: Literal["holding", "coil"] = "holding"
    order: Order = "ABCD"
    scale: Exact = Decimal(1)
    offset: Exact = Decimal(0)
    unit: Unit = ""
    fixed: Exact | None = None
    allowed: list[Exact] = []
    low: Exact | None = None
    high: Exact | None = None
    single: bool = False
    read_back: str = ""
    why: Name


def _words(value: object) -> tuple[int, ...]:
    """Registers as ``"4366 1999"``: four hexadecimal digits each."""
    if not isinstance(value, str):
        raise ValueError('registers are written in hexadecimal, "4366 1999"')
    words = value.split()
    if not words or any(len(word) != 4 for word in words):
        raise ValueError(f"{value!r}: a register has four hexadecimal digits")
    try:
        return tuple(int(word, 16) for word in words)
    except ValueError:
        raise ValueError(f"{value!r} is no hexadecimal") from None


def _address(value: object) -> int:
    """A key such as ``0x5000`` or ``40072``."""
    try:
        address = int(str(value), 0)
    except ValueError:
        address = -1
    if not 0 <= address <= 0xFFFF:
        raise ValueError(f"{value!r} is no address")
    return address


#: Registers in hexadecimal, from the address that is their key on.
Image = dict[
    Annotated[int, PlainValidator(_address), WithJsonSchema({"type": "string"})],
    Annotated[tuple[int, ...], PlainValidator(_words), WithJsonSchema({"type": "string"})],
]


class VectorTable(TestTable):
    """``[[test]]``: registers as the meter has them, and what must be read of them.

    ``expect`` is by OBIS code: a number, exact, in the row's unit; a text; or ``"missing"`` where no value may be given
    (a sentinel, NaN, a guard that does not hold). A row that needs a register that is not here is not looked at.
    """

    holding: Image = {}
    input: Image = {}
    expect: dict[ObisCode, Exact | str] = {}
    serial: str | None = None
    model: str | None = None
    firmware: str | None = None
