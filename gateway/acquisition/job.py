"""One thing to be read of one meter, whoever asked for it: the schedule, a gap, a person, a head end."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import IntEnum
from typing import TYPE_CHECKING

from drivers.errors import MeterError
from drivers.reading import ClockReading, Obis, Record
from gateway.cim.controls import Control
from gateway.store.coverage import Span

if TYPE_CHECKING:
    from gateway.messages.profiles.end_device_controls import EndDeviceControl


class Priority(IntEnum):
    """Whose turn it is on a link: the lowest first."""

    REQUEST = 0
    SCHEDULE = 1
    GAP = 2


@dataclass(frozen=True, slots=True)
class Command:
    """A control to be done. ``limit`` is in percent of the device's maximum; ``revert_s`` after which the device goes back
    by itself; ``check`` only reads back what an earlier try has done.

    ``said`` is the EndDeviceControl of a price, a text or a load control, told under ``tracking`` to ``devices`` of a PAN
    (EUI64, empty for all); ``currency`` is ISO 4217's number.
    """

    control: Control
    limit: Decimal | None = None
    revert_s: int | None = None
    check: bool = False
    said: EndDeviceControl | None = None
    tracking: str = ""
    devices: tuple[str, ...] = ()
    currency: int = 0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a command: whether it is in effect, None where nothing says so, and what was read back, in words."""

    done: bool | None
    state: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to read: the registers (``registers`` empty for all), a load ``profile`` or the ``events`` in a span, or the
    ``clock``, which is set when it is off by more than ``set_clock_beyond``; or a ``command`` to be done."""

    what: str = "registers"
    registers: tuple[Obis, ...] = ()
    profile: Obis | None = None
    since: datetime | None = None
    until: datetime | None = None
    set_clock_beyond: timedelta | None = None
    command: Command | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a job: the records that were read, and the error that ended it early, if one did.

    ``clocks`` are the meter's clock before and, when it was set, after; ``outcome`` is that of a command.
    """

    records: tuple[Record, ...] = ()
    error: MeterError | None = None
    clocks: tuple[ClockReading, ClockReading | None] | None = None
    outcome: Outcome | None = None


@dataclass(eq=False, slots=True)
class Job:
    """``meter`` is the name in the configuration; ``boundary`` the moment a scheduled read is for (UTC).

    ``piece`` is the span of a load profile that is missing; ``done`` is set when the job is over and what it read was handed on; it never holds an exception.
    """

    meter: str
    wanted: Wanted
    priority: Priority
    deadline_s: float
    boundary: datetime | None = None
    correlation_id: str | None = None
    piece: Span | None = None
    done: asyncio.Future[Result] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
