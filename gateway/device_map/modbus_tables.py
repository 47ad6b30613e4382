"""The tables of ``[modbus]``: what may stand in the Modbus section of a device map, and in its ``[[test]]``."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, PlainValidator, WithJsonSchema, model_validator

from drivers.unit import canonical
from gateway.device_map.head import TestTable
from gateway.device_map.strict import Exact, ObisCode, Strict

Table = Literal["holding", "input"]
#: The order of the bytes of a 32-bit value on the wire, A the most significant; longer values likewise.
Order = Literal["ABCD", "CDAB", "BADC", "DCBA"]
NumberType = Literal["u16", "i16", "u32", "i32", "u64", "i64", "f32", "f64"]
Address = Annotated[int, Field(ge=0, le=0xFFFF)]
#: A raw value that means "no value": the number itself, or the largest or smallest of the type.
Sentinel = Annotated[int, Field(ge=0)] | Literal["max", "min"]

#: Registers (16 bits each) of a type.
REGISTERS = {"u16": 1, "i16": 1, "u32": 2, "i32": 2, "f32": 2, "u64": 4, "i64": 4, "f64": 4}

#: Modbus Application Protocol V1.1b3, 6.3 and 6.4: at most 125 registers in one response.
MOST_REGISTERS = 125


def _unit(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("a unit is a text")
    if canonical(value) != value:
        raise ValueError(f"{value!r} is written {canonical(value)!r}")
    return value


Unit = Annotated[str, PlainValidator(_unit), WithJsonSchema({"type": "string"})]


class LineTable(Strict):
    """``[modbus.line]``: the factory setting of an RS-485 port, for those who look for a new meter."""

    unit: Annotated[int, Field(ge=1, le=247)] = 1
    baud: Annotated[int, Field(ge=300, le=115200)] | None = None
    parity: Literal["none", "even", "odd"] | None = None
    stop_bits: Literal[1, 2] | None = None


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
    """``[modbus.requests]``: what the meter bears. Holes are not read over unless ``max_gap`` says it may be done.

    ``timeout_ms``: it has begun to answer by then, or will not. ``pause_ms``: silence it needs before the next request.
    ``turnaround_ms``: what it usually takes to answer, for the plan. ``forbidden``: never touched.
    """

    most_registers: Annotated[int, Field(ge=1, le=MOST_REGISTERS)] = MOST_REGISTERS
    max_gap: Annotated[int, Field(ge=0, le=MOST_REGISTERS)] = 0
    timeout_ms: Annotated[int, Field(ge=10, le=60000)] | None = None
    pause_ms: Annotated[int, Field(ge=0, le=10000)] = 0
    turnaround_ms: Annotated[int, Field(ge=0, le=10000)] | None = None
    forbidden: list[Span] = []


class Place(Strict):
    """Where a number stands. ``table``, ``type`` and ``order`` are those of the section where they are left out."""

    table: Table | None = None
    address: Address
    type: NumberType | None = None
    order: Order | None = None


class TextPlace(Strict):
    """Where a text or number that names the meter stands: ``string`` takes ``registers`` registers."""

    table: Table | None = None
    address: Address
    type: Literal["string", "u16", "u32", "u64", "i32"] = "string"
    order: Order | None = None
    registers: Annotated[int, Field(ge=1, le=MOST_REGISTERS)] | None = None

    @model_validator(mode="after")
    def _length(self) -> TextPlace:
        if (self.type == "string") != (self.registers is not None):
            raise ValueError("registers = N belongs to a string, and a string needs it")
        return self


class IdentityTable(Strict):
    """``[modbus.identity]``: what the meter says of itself."""

    serial: TextPlace | None = None
    model: TextPlace | None = None
    firmware: TextPlace | None = None


class Factor(Place):
    """``[modbus.factor.<name>]``: a register that registers of the map are multiplied with.

    ``is``: "ratio" is a transformer's ratio, "exponent" a power of ten (SunSpec's scale factors). ``scale`` is applied
    to the register first. It is read in the same request as what it scales where the plan can have it so.
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, populate_by_name=True)

    kind: Literal["ratio", "exponent"] = Field(alias="is")
    scale: Exact = Decimal(1)
    note: str = ""


class Guard(Place):
    """``[[modbus.guard]]``: a register that changes the meaning of others.

    The map holds while the register has one of ``values``; otherwise the readings that it names by ``class`` (all,
    where none is named) are marked suspect and say why.
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, populate_by_name=True)

    name: Annotated[str, Field(min_length=1)]
    values: Annotated[list[Exact], Field(min_length=1)]
    class_: str | None = Field(default=None, alias="class")
    optional: bool = False
    note: str


class Counter(Strict):
    """What a counter does. ``rollover``: the reading after which it begins at 0, in the unit of the register;
    ``resolution``: its step, where the meter counts coarser than the register shows; ``resettable``: by whom ever.
    """

    rollover: Annotated[Exact, Field(gt=0)] | None = None
    resolution: Annotated[Exact, Field(gt=0)] | None = None
    resettable: bool = False


class Register(Place):
    """A row of ``registers``: value = register x ``scale`` (x ``factors``) in ``unit``, under ``obis``.

    ``invalid`` adds to the section's; NaN is never a value. ``optional``: some models or settings have it not
    (exception 2), which is no error. ``agree``: how many independent sources say this row.
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, populate_by_name=True)

    obis: ObisCode
    unit: Unit
    scale: Exact = Decimal(1)
    factors: list[str] = []
    invalid: list[Sentinel] | None = None
    optional: bool = False
    counter: Counter | None = None
    class_: str | None = Field(default=None, alias="class")
    agree: Annotated[int, Field(ge=1)] | None = None
    note: str = ""


class TextRegister(TextPlace):
    """A row of ``texts``: an object whose value is no number."""

    obis: ObisCode
    note: str = ""


class Bits(Strict):
    """``[[modbus.bits]]``: registers whose bits, 0 the least significant, are events.

    ``events`` are names of ``[event]`` in ``events.toml``; a bit that is set raises the event, one that is cleared ends it.
    """

    name: Annotated[str, Field(min_length=1)]
    table: Table | None = None
    address: Address
    type: Literal["u16", "u32"] = "u16"
    order: Order | None = None
    events: dict[str, str]
    optional: bool = False


class ClassTable(Strict):
    """``[modbus.classes.<name>]``: registers that belong together.

    ``atomic``: they are read in one request wherever one can hold them, and no request mixes them with others.
    ``twice``: they are read twice and taken when both agree or the second is barely ahead (a meter that may be caught
    between two registers). ``period_s``: how often they are worth reading, for the schedule's default.
    """

    atomic: bool = False
    twice: bool = False
    period_s: Annotated[int, Field(ge=1)] | None = None


class Control(Strict):
    """``[[modbus.control]]``: the only registers that may ever be written, and only when the configuration allows it.

    ``values``: what may be written, raw; or ``least`` to ``most``. ``name`` is how it is called, never by its address.
    """

    name: Annotated[str, Field(min_length=1)]
    address: Address
    type: NumberType = "u16"
    order: Order | None = None
    scale: Exact = Decimal(1)
    unit: Unit = ""
    values: list[Exact] = []
    least: Exact | None = None
    most: Exact | None = None
    reads_back: bool = True
    note: str = ""

    @model_validator(mode="after")
    def _bounded(self) -> Control:
        if bool(self.values) == (self.least is not None and self.most is not None):
            raise ValueError("a control is bounded by values, or by least and most")
        return self


def _hex_words(value: object) -> tuple[int, ...]:
    if not isinstance(value, str):
        raise ValueError('registers are written in hexadecimal, "4366 1999"')
    try:
        words = tuple(int(word, 16) for word in value.split())
    except ValueError:
        raise ValueError(f"{value!r} is no hexadecimal") from None
    if not words or any(len(word) != 4 for word in value.split()):
        raise ValueError(f"{value!r}: a register has four hexadecimal digits")
    return words


def _first(value: object) -> int:
    try:
        address = int(str(value), 0)
    except ValueError:
        raise ValueError(f"{value!r} is no address") from None
    if not 0 <= address <= 0xFFFF:
        raise ValueError(f"{value!r} is no address")
    return address


#: Registers in hexadecimal, from the address that is their key.
Image = dict[
    Annotated[int, PlainValidator(_first), WithJsonSchema({"type": "string"})],
    Annotated[tuple[int, ...], PlainValidator(_hex_words), WithJsonSchema({"type": "string"})],
]

Expected = dict[ObisCode, Exact | str]


class Test(TestTable):
    """``[[test]]``: registers as the meter has them, and what must be read of them.

    A number is exact. "missing": the register holds no value (a sentinel, NaN). ``suspect``: a guard does not hold, so
    the readings are marked. What ``expect`` does not name may be anything.
    """

    __test__ = False

    holding: Image = {}
    input: Image = {}
    expect: Expected = {}
    serial: str | None = None
    model: str | None = None
    firmware: str | None = None
    suspect: bool = False
