"""Names that are the same each time they are made: mRIDs of meters and identifiers of messages.

A resend is the same message byte for byte, so nothing here is random and nothing reads a clock.
"""

from __future__ import annotations

from uuid import UUID, uuid5

from drivers.reading import Meter
from gateway.messages.profiles.parts import Name, NameType

#: The name space of this project's identifiers; any constant would do, and it must never change.
NAMESPACE = UUID("6b1f3d3e-54c5-5f0e-9c0b-0d5a1c6b7a10")


def meter_mrid(manufacturer: str, serial: str) -> str | None:
    """The mRID of a meter: UUIDv5 of its manufacturer and serial number; None where either is not known.

    A serial number alone is unique only among one maker's meters, and an mRID must be unique among all things.
    """
    if not manufacturer or not serial:
        return None
    return str(uuid5(NAMESPACE, f"meter/{manufacturer}/{serial}"))


def meter_names(meter: Meter) -> tuple[Name, ...]:
    """The names of a meter, each with its type, which must stand where there is more than one."""
    named = [("serialNumber", meter.serial), ("meterKey", meter.key if meter.key != meter.serial else "")]
    return tuple(Name(name=name, name_type=NameType(name=kind)) for kind, name in named if name)


def message_id(content: bytes) -> str:
    """The MessageID of a message with this content (its payload and what else makes it this message)."""
    return str(uuid5(NAMESPACE, "message/" + content.hex()))


def event_mrid(meter: str, log: str, code: str, at: str) -> str:
    """The mRID of an event, by what makes it that event: where, which and when."""
    return str(uuid5(NAMESPACE, "\x1f".join(("event", meter, log, code, at))))
