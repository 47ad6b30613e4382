"""What a driver can do, one small Protocol each.

A driver is opened by ``drivers.registry.open_driver``, used as an async context manager, and does one thing at a time.
The caller asks ``isinstance(driver, ReadsProfile)`` before it wants a profile; a driver that has the method but whose
meter has not raises ``NotSupported``. Every method ends within the deadline of its ``Context`` or raises one typed
error of ``drivers.errors``.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from pathlib import Path
from typing import Protocol, Self, runtime_checkable

from drivers.reading import ClockReading, Meter, MeterEvent, Obis, Record, Series


class KeySource(Protocol):
    """Where secrets come from. ``get`` returns the secret of that name or None; it never logs or prints one."""

    def get(self, name: str) -> bytes | None: ...


class CounterStore(Protocol):
    """Counters that never go back, kept by the caller (DLMS invocation counters)."""

    def reserve(self, name: str, count: int, at_least: int = 0) -> int:
        """Set ``count`` values aside, durably, before any is used. Returns the first, never below ``at_least``."""
        ...

    def identity(self) -> bytes:
        """Five octets that are this store's alone, made by chance when it was begun and the same ever after."""
        ...


def utc_now() -> datetime:
    """The gateway's time, UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Context:
    """What surrounds a driver. ``zone`` is the time zone of the meter's own stamps where they name none, None if unknown.

    ``timeout`` bounds one call of the driver, in seconds; None leaves the driver's own estimate. ``trace`` is a file
    to which every byte goes with its time. ``meter_map`` is the device map's part for this driver (the driver's own
    dataclass), ``now`` the gateway's clock. ``link`` is an open link (``drivers.link.link.Link``) that the driver takes over
    in the place of opening one, and closes. ``memory`` is what drivers of this one meter learned, by protocol: the caller
    keeps it between them, never reads it, and may forget it.
    """

    zone: tzinfo | None = None
    timeout: float | None = None
    trace: Path | None = None
    keys: KeySource | None = None
    counters: CounterStore | None = None
    meter_map: object | None = None
    now: Callable[[], datetime] = utc_now
    memory: MutableMapping[str, object] | None = None
    link: object | None = None


@runtime_checkable
class Driver(Protocol):
    """Opened on one link, talking to one meter at a time."""

    async def __aenter__(self) -> Self: ...
    async def __aexit__(self, *exc: object) -> None: ...


@runtime_checkable
class Identifies(Protocol):
    async def identify(self) -> Meter: ...


@runtime_checkable
class ReadsRegisters(Protocol):
    def registers(self, wanted: Sequence[Obis] = ()) -> AsyncIterator[Record]:
        """The current registers: those wanted, or what the meter (or its map) has. The Meter record comes first."""
        ...


@runtime_checkable
class ReadsProfile(Protocol):
    def profile(self, profile: Obis, since: datetime | None, until: datetime | None) -> AsyncIterator[Series]: ...


@runtime_checkable
class ReadsEvents(Protocol):
    def events(self, since: datetime | None, until: datetime | None) -> AsyncIterator[MeterEvent]: ...


@runtime_checkable
class KeepsClock(Protocol):
    async def clock(self) -> ClockReading: ...
    async def set_clock(self, to: datetime) -> ClockReading:
        """Set the meter's clock and return what it says afterwards."""
        ...


@runtime_checkable
class Listens(Protocol):
    def listen(self) -> AsyncIterator[Record]:
        """What a meter pushes by itself, at its own pace, until the caller stops. NoAnswer when it goes silent."""
        ...


@runtime_checkable
class Switches(Protocol):
    """A supply switch. ``state`` is the read-back, in the words of COSEM: disconnected, connected, ready for reconnection."""

    async def switch_state(self) -> str: ...
    async def connect(self) -> str: ...
    async def disconnect(self) -> str: ...


@runtime_checkable
class ArmsSwitch(Protocol):
    async def arm(self) -> str:
        """Make the switch ready for a hand at the meter to close it, and return the state read back. Raises NotSupported, with
        nothing sent, where the switch would close by itself."""
        ...


@runtime_checkable
class ResetsDemand(Protocol):
    async def demand_reset(self) -> None:
        """End the billing period. It cannot be undone, and a meter says nothing of it but in its registers."""
        ...


@runtime_checkable
class TellsDevices(Protocol):
    """A network whose devices are told prices, texts and load controls, which they answer in their own time."""

    def next_event_id(self) -> int:
        """A number for what is told next, above every one before."""
        ...

    def event_id_of(self, tracking: str) -> int | None:
        """The number of what was told under this tracking, None where nothing was."""
        ...

    async def tell_devices(self, instruction: object, tracking: str, devices: Sequence[str] = ()) -> tuple[str, ...]:
        """Tell these devices (EUI64, hex), or all that take such an instruction; the devices that were told.

        A device that is out of reach asks for it when it is back.
        """
        ...


@dataclass(frozen=True, slots=True)
class Done:
    """A control that was written. ``in_effect`` is what the device says afterwards, None where it says nothing of it, or
    that nothing is."""

    name: str
    asked: Decimal
    in_effect: Decimal | None

    @property
    def confirmed(self) -> bool:
        """Whether the device says that what was asked is in effect."""
        return self.in_effect == self.asked


@runtime_checkable
class Controls(Protocol):
    """What may be written to a device, by name: the allow-list of its map, or what its protocol defines."""

    async def controls(self) -> Mapping[str, str]:
        """Name -> what it does."""
        ...

    async def control(self, name: str, value: Decimal | None = None, revert_s: int | None = None) -> Done:
        """Write and read back. ``revert_s``: the device goes back by itself after so many seconds."""
        ...


@dataclass(frozen=True, slots=True)
class Found:
    """One thing that a scan found on a line.

    ``url``: what to read it by. ``says``: what it says of itself, for a person. ``maps``: the names of the maps that fit.
    ``records``: a first reading, empty where no map knows it; ``failed`` is what ended it early. ``sweep``: of an unknown
    one, what ``metergate map new --from`` drafts a map of, ready for JSON.
    """

    url: str
    says: str = ""
    maps: tuple[str, ...] = ()
    records: tuple[Record, ...] = ()
    failed: str = ""
    sweep: Mapping[str, object] | None = None


@runtime_checkable
class Scans(Protocol):
    def scan(self) -> AsyncIterator[Found]:
        """Look for what is on the line, in the order of likelihood, and give each thing as it is found."""
        ...
