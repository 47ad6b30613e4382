"""What a Modbus meter is, as data: the dataclasses that a device map becomes.

A map's loader makes a ``ModbusMap``; the driver plans, reads and decodes by it and knows no file. Addresses are those of
the protocol, counted from 0. Every factor is an exact ``Decimal``. The meter itself says nothing of units or meanings, so
everything that could be misunderstood stands here: what a register is, and what must hold for it to be that (guards).

SunSpec devices describe themselves; their models are tables of ``drivers.modbus.sunspec`` and no maps.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from drivers.counter import Counter
from drivers.link.link import LineSettings
from drivers.reading import Obis


class Table(StrEnum):
    """The four tables of a Modbus device (Modbus Application Protocol V1.1b3, 4.3)."""

    HOLDING = "holding"  #: FC 3; written by FC 6 and 16
    INPUT = "input"  #: FC 4
    COIL = "coil"  #: FC 1; written by FC 5
    DISCRETE = "discrete"  #: FC 2


class Form(StrEnum):
    """How the bits of a value are to be read. Floats are IEEE 754; ``bcd``, ``string`` and ``bits`` have any length."""

    U16 = "u16"
    I16 = "i16"
    U32 = "u32"
    I32 = "i32"
    U64 = "u64"
    I64 = "i64"
    F32 = "f32"
    F64 = "f64"
    BCD = "bcd"  #: two decimal digits a byte, most significant first
    STRING = "string"  #: ASCII; trailing NULs and spaces are no part of it
    BITS = "bits"  #: flags; bit 0 is the least significant of the whole value


#: Registers a form takes; those that are not here have any number.
WIDTH: dict[Form, int] = {
    Form.U16: 1, Form.I16: 1, Form.U32: 2, Form.I32: 2, Form.U64: 4, Form.I64: 4, Form.F32: 2, Form.F64: 4,
}  # fmt: skip


class Order(StrEnum):
    """Where the bytes of a 32-bit value stand; ``A`` is the most significant. Longer values and strings in the same sense.

    ABCD: as the standard has single registers. CDAB: the least significant register first. BADC: the bytes of each
    register swapped. DCBA: both.
    """

    ABCD = "ABCD"
    CDAB = "CDAB"
    BADC = "BADC"
    DCBA = "DCBA"


@dataclass(frozen=True, slots=True)
class Bit:
    """One flag of a ``bits`` register that is an event while it is set. ``code`` is the event's code in ``Register.events``."""

    number: int
    code: str
    meaning: str = ""


@dataclass(frozen=True, slots=True)
class Register:
    """One value of a meter.

    ``value = (raw x scale x 10^scale_from x each of ratio + offset)`` in ``unit``.

    ``registers``: how many, for forms of any length; the others know it. ``scale_from``: the name of the register with
    the power of ten (SunSpec's sf), read in the same request as the value. ``ratio``: names of registers whose values
    multiply (CT and VT ratio of a meter that counts on the secondary side). ``sentinels``: raw bit patterns, unsigned,
    that mean "no value"; a float's NaN always does. ``low``, ``high``: what the quantity can be; outside it is doubted.
    ``optional``: exception 2 means that this meter has it not. ``group``: what is read with it, see ``Group``.
    A register with no ``obis`` is never given as a reading; it serves others (guard, ratio, identity, flags).
    ``events``: the row set of ``device_maps/events.toml`` that explains the codes of ``bits``.
    """

    name: str
    address: int
    form: Form
    table: Table = Table.HOLDING
    registers: int = 0
    order: Order = Order.ABCD
    obis: Obis | None = None
    unit: str = ""
    scale: Decimal = Decimal(1)
    offset: Decimal = Decimal(0)
    scale_from: str = ""
    ratio: tuple[str, ...] = ()
    sentinels: tuple[int, ...] = ()
    low: Decimal | None = None
    high: Decimal | None = None
    optional: bool = False
    group: str = ""
    counter: Counter | None = None
    bits: tuple[Bit, ...] = ()
    events: str = ""

    @property
    def width(self) -> int:
        """Registers (or coils) that the value takes."""
        return WIDTH.get(self.form) or self.registers or 1

    @property
    def end(self) -> int:
        """The address after its last register."""
        return self.address + self.width


@dataclass(frozen=True, slots=True)
class Group:
    """Registers that belong together. ``atomic``: read in one request, because a carry between two would give a wrong sum.

    ``twice``: read again and compared before it is given (bills). ``period_s``: how often it is worth reading; None as
    the caller likes.
    """

    name: str
    atomic: bool = True
    twice: bool = False
    period_s: int | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """One value that a guard may have, and what the guarded registers are multiplied by while it has it."""

    value: Decimal | str
    factor: Decimal = Decimal(1)


@dataclass(frozen=True, slots=True)
class Guard:
    """A register that changes the meaning of others: a prefix kWh/MWh, a chosen application, a side of a transformer.

    It is read before values are given. ``affects``: the names of the registers concerned; empty for all that have an OBIS code.
    When its value is none of ``cases`` they are not given as readings, because nobody knows what they mean. ``why``: a
    sentence for the technician.
    """

    register: str
    cases: tuple[Case, ...]
    affects: tuple[str, ...] = ()
    why: str = ""


class MarkKind(StrEnum):
    """Ways to know a meter, in the words of a map's ``[[identification.modbus]]``."""

    DEVICE_IDENTIFICATION = "device identification"  #: FC 43/14
    SERVER_ID = "server id"  #: FC 17
    REGISTER = "register"
    SUNSPEC = "sunspec"


@dataclass(frozen=True, slots=True)
class Mark:
    """One way to know a meter; the fields are those of ``gateway.device_map.head.ModbusMark``."""

    by: MarkKind
    object: int = 1
    table: Table = Table.HOLDING
    address: int = 0
    form: Form = Form.U16
    registers: int = 1
    values: tuple[int, ...] = ()
    pattern: str = ""
    manufacturer: str = ""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the meter is: what the map knows (``manufacturer``, ``model``) and the registers, by name, in which it says more."""

    manufacturer: str = ""
    model: str = ""
    serial_from: str = ""
    model_from: str = ""
    firmware_from: str = ""


@dataclass(frozen=True, slots=True)
class Range:
    """Addresses ``first`` to ``last``, both included, of one table."""

    table: Table
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Limits:
    """What one request may ask. ``max_registers``: at most so many. ``max_gap``: a hole between two wanted values may be
    crossed when it is at most so many registers long (0: never, until it is known that the meter answers there).
    ``forbidden``: never read, not even inside a block (a register that is cleared by reading, one that crashes the meter).
    """

    max_registers: int = 125
    max_gap: int = 0
    forbidden: tuple[Range, ...] = ()


@dataclass(frozen=True, slots=True)
class Timing:
    """``timeout_s``: an answer begins within this. ``turnaround_s``: what it usually takes, for the plan. ``quiet_s``: this
    meter wants to be left alone so long between two requests. ``retries``: how often a damaged answer is asked for again.
    """

    timeout_s: float = 1.0
    turnaround_s: float = 0.02
    quiet_s: float = 0.0
    retries: int = 1


@dataclass(frozen=True, slots=True)
class Write:
    """One thing that may be written: the allow-list. Nothing is ever written by its address.

    ``fixed``: the only value, for a command (demand reset, relay off); else the caller's value, which must be one of
    ``allowed`` or within ``low``..``high`` (at least one of them is given), in ``unit``; the raw value is
    ``(value - offset) / scale`` and must come out whole for an integer form. ``single``: by FC 6 (a coil: FC 5) and not
    FC 16. ``read_back``: name of the register that says afterwards what is in effect; empty where the address itself is read
    again, ``"-"`` where the meter has none. ``why``: what it does, for the technician and the log.
    """

    name: str
    address: int
    form: Form
    table: Table = Table.HOLDING
    registers: int = 0
    order: Order = Order.ABCD
    scale: Decimal = Decimal(1)
    offset: Decimal = Decimal(0)
    unit: str = ""
    fixed: Decimal | None = None
    allowed: tuple[Decimal, ...] = ()
    low: Decimal | None = None
    high: Decimal | None = None
    single: bool = False
    read_back: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class ModbusMap:
    """A family of meters with the same registers. ``name`` is ``maker/model``; ``line`` and ``unit`` how it is delivered."""

    name: str
    registers: tuple[Register, ...]
    groups: tuple[Group, ...] = ()
    guards: tuple[Guard, ...] = ()
    marks: tuple[Mark, ...] = ()
    identity: Identity = field(default_factory=Identity)
    limits: Limits = field(default_factory=Limits)
    timing: Timing = field(default_factory=Timing)
    line: LineSettings = field(default_factory=lambda: LineSettings(9600))
    unit: int = 1
    writes: tuple[Write, ...] = ()

    @property
    def counters(self) -> Mapping[Obis, Counter]:
        """How its registers count, where the map says so."""
        return {one.obis: one.counter for one in self.registers if one.obis is not None and one.counter is not None}

    def register(self, name: str) -> Register:
        """The register of that name. Raises KeyError."""
        for register in self.registers:
            if register.name == name:
                return register
        raise KeyError(name)


@dataclass(frozen=True, slots=True)
class Library:
    """All maps, by name: what the driver identifies an unnamed meter with."""

    maps: Mapping[str, ModbusMap]
