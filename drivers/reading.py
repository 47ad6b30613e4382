"""What a driver gives: values keyed by OBIS code, and what stands beside them.

Everything here is immutable. Every ``datetime`` is aware and in UTC. Every number is a ``Decimal``, exactly as the meter
said it. The meter's own time and the gateway's are two fields and never stand in for one another.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

_OBIS = re.compile(r"(\d{1,3})-(\d{1,3}):(\d{1,3})\.(\d{1,3})\.(\d{1,3})(?:[*&.](\d{1,3}))?\Z")
_LOGICAL_NAME = re.compile(r"(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\Z")

#: Value group F of a current value (IEC 62056-61).
CURRENT = 255


class Obis(NamedTuple):
    """An OBIS code: six value groups 0..255 (IEC 62056-61). ``f`` is 255 for the current value."""

    a: int
    b: int
    c: int
    d: int
    e: int
    f: int = CURRENT

    @classmethod
    def parse(cls, text: str) -> Obis:
        """Read ``A-B:C.D.E``, ``A-B:C.D.E*F`` (also ``&F``, ``.F``) or a logical name ``A.B.C.D.E.F``.

        Reduced codes such as ``1.8.0`` leave groups out and are the affair of the driver that knows what fills them.
        Raises ValueError for anything else.
        """
        match = _OBIS.match(text) or _LOGICAL_NAME.match(text)
        if match is None:
            raise ValueError(f"{text!r} is no OBIS code (A-B:C.D.E*F)")
        groups = [CURRENT if group is None else int(group) for group in match.groups()]
        if max(groups) > 255:
            raise ValueError(f"{text!r} has a value group above 255")
        return cls(*groups)

    @classmethod
    def from_bytes(cls, logical_name: bytes) -> Obis:
        """Read the six bytes of a COSEM logical name. Raises ValueError for another length."""
        if len(logical_name) != 6:
            raise ValueError(f"a logical name has 6 bytes, not {len(logical_name)}")
        return cls(*logical_name)

    def __bytes__(self) -> bytes:
        return bytes(tuple(self))

    def __str__(self) -> str:
        return f"{self.a}-{self.b}:{self.c}.{self.d}.{self.e}*{self.f}"


class Doubt(StrEnum):
    """Why a value may not be what it seems. ``gateway.cim`` says each as a ReadingQualityType."""

    CLOCK_INVALID = "the meter's clock is invalid"
    CLOCK_SET = "the clock was set inside the interval"
    DAYLIGHT_SAVING = "daylight saving in effect"
    POWER_FAILED = "power failed in the interval"
    PARTIAL_INTERVAL = "interval shorter than its period"
    LONG_INTERVAL = "interval longer than its period"
    SKIPPED_INTERVAL = "interval left out by the meter"
    CONFIGURATION_CHANGED = "the meter's configuration changed"
    RESET = "the meter or the register was reset"
    ERROR_CODE = "the meter gave an error code for a value"
    KNOWN_MISSING = "known to be missing"
    SUSPECT = "suspect"
    OUT_OF_RANGE = "outside the range of its quantity"
    MANUAL = "read by a person"
    REPAIRED = "a damaged character was repaired"
    GATEWAY_TIME = "time of the gateway; the meter gave none"


@dataclass(frozen=True, slots=True)
class Meter:
    """Who answered: what the meter said of itself. Empty strings where it said nothing.

    ``manufacturer`` is the three-letter FLAG code where the protocol carries it; ``source`` the URL or file it was read
    from, never with a secret; ``behind`` the key of the meter through which this device was read (an M-Bus device).
    """

    manufacturer: str = ""
    serial: str = ""
    model: str = ""
    firmware: str = ""
    source: str = ""
    behind: str | None = None

    @property
    def key(self) -> str:
        """The name under which its readings are kept: manufacturer and serial number, or the source where none is known."""
        if not self.serial:
            return self.source
        return f"{self.manufacturer}-{self.serial}" if self.manufacturer else self.serial


@dataclass(frozen=True, slots=True)
class Period:
    """The time a value stands for, from its start to its end, UTC; an end that is not known is None."""

    start: datetime | None
    end: datetime | None


@dataclass(frozen=True, slots=True)
class Reading:
    """One value of one register.

    ``raw`` is what stood on the wire, as text; ``value`` is in ``unit`` (spelling of ``drivers.unit``) and is never
    rescaled. ``time`` is the meter's own stamp, None where it gave none or its zone is not known. ``checked`` is False
    when the format carried no check bytes for this value.
    """

    meter: str
    obis: Obis
    raw: str
    value: Decimal
    unit: str
    read_at: datetime
    time: datetime | None = None
    period: Period | None = None
    doubts: tuple[Doubt, ...] = ()
    checked: bool = True


@dataclass(frozen=True, slots=True)
class Text:
    """An object whose value is no number: identity, firmware, status words, messages. Doubt is said as of a reading."""

    meter: str
    obis: Obis
    raw: str
    value: str
    doubts: tuple[Doubt, ...] = ()
    checked: bool = True


# The ``__init__`` of a frozen dataclass sets each field by its name and past its own ``__setattr__``, which takes three times
# as long as it need: readings and texts are most of what reading a telegram takes. So theirs open the object for
# as long as its fields are set: it is of a class with the same slots that is not frozen, and then what it was again.
_become = object.__dict__["__class__"].__set__


class _OpenReading:
    __slots__ = Reading.__slots__

    def __init__(
        self,
        meter: str,
        obis: Obis,
        raw: str,
        value: Decimal,
        unit: str,
        read_at: datetime,
        time: datetime | None = None,
        period: Period | None = None,
        doubts: tuple[Doubt, ...] = (),
        checked: bool = True,
    ) -> None:
        _become(self, _OpenReading)
        self.meter = meter
        self.obis = obis
        self.raw = raw
        self.value = value
        self.unit = unit
        self.read_at = read_at
        self.time = time
        self.period = period
        self.doubts = doubts
        self.checked = checked
        self.__class__ = Reading  # type: ignore[assignment]


class _OpenText:
    __slots__ = Text.__slots__

    def __init__(
        self, meter: str, obis: Obis, raw: str, value: str, doubts: tuple[Doubt, ...] = (), checked: bool = True
    ) -> None:
        _become(self, _OpenText)
        self.meter = meter
        self.obis = obis
        self.raw = raw
        self.value = value
        self.doubts = doubts
        self.checked = checked
        self.__class__ = Text  # type: ignore[assignment]


Reading.__init__ = _OpenReading.__init__  # type: ignore[method-assign,assignment]
Text.__init__ = _OpenText.__init__  # type: ignore[method-assign,assignment]


@dataclass(frozen=True, slots=True)
class Column:
    """One capture object of a load profile. ``unit`` is empty where the profile names none."""

    obis: Obis
    unit: str


@dataclass(frozen=True, slots=True)
class Row:
    """One entry of a load profile. ``time`` is the end of its interval, UTC, None where the stamp has no known zone.

    ``values`` stand in the order of the series' columns: a Decimal, a text, or None where the meter has no value.
    """

    time: datetime | None
    values: tuple[Decimal | str | None, ...]
    doubts: tuple[Doubt, ...] = ()
    raw_time: str = ""


@dataclass(frozen=True, slots=True)
class Series:
    """Rows of a load profile with the same columns. ``interval_s`` is the capture period, 0 when captured on an event."""

    meter: str
    profile: Obis
    interval_s: int
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    read_at: datetime
    checked: bool = True


@dataclass(frozen=True, slots=True)
class MeterEvent:
    """One thing that happened at the meter: an entry of a log, a bit that was set or cleared, an alarm it pushed.

    ``at`` is the meter's own stamp (None as in ``Reading.time``); ``log`` names the log or object, ``code`` the entry's
    raw code; ``table`` names the row set of ``device_maps/events.toml`` that explains the code.
    """

    meter: str
    at: datetime | None
    log: str
    code: str
    read_at: datetime
    table: str = ""
    details: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NotUnderstood:
    """Something the meter said that no reading could be made of. Kept, with the reason, because dropping it would be silence."""

    meter: str
    raw: str
    reason: str
    obis: Obis | None = None


@dataclass(frozen=True, slots=True)
class ClockReading:
    """The meter's clock beside the gateway's at the same moment. ``time`` is None when its zone is not known."""

    meter: str
    raw: str
    time: datetime | None
    read_at: datetime
    doubts: tuple[Doubt, ...] = ()


#: What a readout or a decoder gives, in the order the meter said it, its Meter first.
Record = Meter | Reading | Text | Series | MeterEvent | NotUnderstood
