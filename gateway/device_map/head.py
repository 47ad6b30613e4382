"""The head that every device map has, whatever protocol its meter speaks."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from gateway.device_map.strict import Pattern, Strict


class Level(StrEnum):
    """How far a map is proven. A word is earned, never inherited from a sister model."""

    DECODED = "decoded"  #: its vectors decode
    EMULATED = "emulated"  #: read from an emulated meter, byte for byte through the driver
    VERIFIED = "verified"  #: a real meter was read and compared with its display; evidence says who and when
    SOAKED = "soaked"  #: a real meter was read for weeks


def _level(value: object) -> object:
    return Level(value) if isinstance(value, str) else value


class MeterTable(Strict):
    """``[meter]``: what it is. ``flag`` is the manufacturer's three-letter FLAG code where it has one."""

    manufacturer: Annotated[str, Field(min_length=1)]
    models: Annotated[list[str], Field(min_length=1)]
    kind: Literal["electricity", "gas", "water", "heat", "cooling", "device"] = "electricity"
    flag: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] | None = None
    firmware: str = ""
    notes: list[str] = []


class ModbusMark(Strict):
    """One way to know a Modbus meter. ``by`` says which; the other keys are that way's own.

    * ``device identification``: FC 43/14, ``object`` (0 vendor, 1 product code, 4 product name, 5 model name) matches ``pattern``;
    * ``server id``: FC 17, its text matches ``pattern``;
    * ``register``: ``registers`` registers at ``address`` of ``table`` read as ``type`` are one of ``values``, or, as a
      string, match ``pattern``;
    * ``sunspec``: the common model's manufacturer (Mn) matches ``manufacturer`` and its model (Md) ``pattern``.
    """

    by: Literal["device identification", "server id", "register", "sunspec"]
    object: Annotated[int, Field(ge=0, le=255)] = 1
    table: Literal["holding", "input"] = "holding"
    address: Annotated[int, Field(ge=0, le=65535)] | None = None
    type: Literal["u16", "u32", "string"] = "u16"
    registers: Annotated[int, Field(ge=1, le=125)] = 1
    values: list[int] = []
    pattern: Pattern = ""
    manufacturer: Pattern = ""

    @model_validator(mode="after")
    def _complete(self) -> ModbusMark:
        if self.by == "register" and (self.address is None or not (self.values or self.pattern)):
            raise ValueError("a register mark needs an address and the values, or the pattern, it is known by")
        if self.by in ("device identification", "server id") and not self.pattern:
            raise ValueError("needs a pattern")
        return self


class IdentificationTable(Strict):
    """``[identification]``: how the meter is known from what it says of itself. Patterns are searched for, unanchored."""

    identification_message: Pattern | None = None  #: IEC 62056-21, P1, D0: the text after ``/``
    logical_device_name: Pattern | None = None  #: DLMS/COSEM, 0-0:42.0.0
    server_id: Pattern | None = None  #: SML, in hexadecimal
    modbus: list[ModbusMark] = []


class ClockTable(Strict):
    """``[clock]``: what the meter's own stamps mean.

    ``time``: none (it has no clock or none is read), utc, standard (local time without daylight saving), local (with),
    unknown: a stamp then has no time and keeps its raw text.
    """

    time: Literal["none", "utc", "standard", "local", "unknown"] = "unknown"
    settable: bool = False
    interval_stamp: Literal["start", "end"] = "end"
    note: str = ""


class Source(Strict):
    """One place the facts come from: a manual with its issue, a repository with its file and commit."""

    name: str
    where: str = ""
    commit: str = ""
    licence: str = ""
    note: str = ""


class Verification(Strict):
    """A real meter that was read with this map."""

    who: str
    when: date
    model: str = ""
    firmware: str = ""
    note: str = ""


class EvidenceTable(Strict):
    """``[evidence]``: how far the map is proven, where its facts come from, and what is not certain."""

    level: Annotated[Level, BeforeValidator(_level)]
    sources: Annotated[list[Source], Field(min_length=1)]
    doubts: list[str] = []
    verified: list[Verification] = []

    @model_validator(mode="after")
    def _earned(self) -> EvidenceTable:
        if self.level in (Level.VERIFIED, Level.SOAKED) and not self.verified:
            raise ValueError(f"level {self.level} needs a [[evidence.verified]] with who and when")
        return self


class Head(Strict):
    """The head of a map, in the order a map is written."""

    meter: MeterTable
    identification: IdentificationTable = IdentificationTable()
    clock: ClockTable = ClockTable()
    evidence: EvidenceTable


class TestTable(Strict):
    """``[[test]]``: bytes in, values out. Sections add what "bytes in" means for them.

    ``protocol`` names the section it is for; it may be left out where the map has one section only.
    """

    __test__ = False  # not a test class, whatever its name says to pytest

    name: Annotated[str, Field(min_length=1)]
    protocol: str = ""
