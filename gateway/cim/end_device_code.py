"""EndDeviceEventType and EndDeviceControlType: what happened, or is to be done, as type.domain.subDomain.eventOrAction.

The two code kinds share their parts (IEC 61968-9, annexes E and F). ``type`` is the kind of device.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import astuple, dataclass
from typing import Self

from gateway.cim.code_tables import Part, integers, look_up

_TABLE = "end_device_parts.csv"

#: Kinds of device (the first part) in the words of the table's facts.
ELECTRIC_METER, GAS_METER, GATEWAY, PAN_GATEWAY, PAN_DEVICE, DISPLAY = 3, 4, 5, 7, 12, 15
LOAD_CONTROL, PAN_METER, THERMOSTAT, WATER_METER = 16, 17, 19, 24


@dataclass(frozen=True, slots=True, order=True)
class EndDeviceCode:
    """The four parts. ``str()`` is the code, ``parse`` reads it back."""

    type: int
    domain: int
    sub_domain: int
    event_or_action: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a code of four integers. Raises ValueError."""
        parts = integers(text, 4, f"an {cls.__name__}")
        if min(parts) < 0:
            raise ValueError(f"{text!r} has a negative part")
        return cls(*parts)

    def __str__(self) -> str:
        return f"{self.type}.{self.domain}.{self.sub_domain}.{self.event_or_action}"

    def explain(self) -> Iterator[Part]:
        """The four parts in words, in order."""
        for part, value in zip(("type", "domain", "subDomain", "eventOrAction"), astuple(self), strict=True):
            yield look_up(_TABLE, part, value)

    @property
    def may_emit(self) -> bool:
        """Whether this gateway may send this code."""
        return all(part.standing.may_emit for part in self.explain())


@dataclass(frozen=True, slots=True, order=True)
class EndDeviceEventType(EndDeviceCode):
    """Something that happened at a device."""


@dataclass(frozen=True, slots=True, order=True)
class EndDeviceControlType(EndDeviceCode):
    """Something a device is asked to do."""
