"""From COSEM data to records: a register's value with its scaler, a text, or the reason why it is neither."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, tzinfo
from decimal import Decimal

from drivers.dlms import cosem_time
from drivers.dlms.axdr import Bits, Data, Date, DateTime, Time
from drivers.dlms.cosem_unit import ScalerUnit
from drivers.reading import Doubt, NotUnderstood, Obis, Reading, Record, Text


@dataclass(frozen=True, slots=True)
class Around:
    """What surrounds the values of one reading session."""

    meter: str
    read_at: datetime
    zone: tzinfo | None
    deviation_reversed: bool = False
    #: False when the bytes came without check sequences, or decrypted without a tag that could be verified
    checked: bool = True

    def stamp(self, raw: bytes) -> cosem_time.Stamp:
        return cosem_time.parse(raw, self.zone, deviation_reversed=self.deviation_reversed)


def register(
    obis: Obis,
    value: Data,
    scaler: ScalerUnit | None,
    around: Around,
    *,
    stamp: bytes = b"",
    doubts: tuple[Doubt, ...] = (),
) -> Record:
    """A register's value: a Reading when it is a number with a unit, else what is there, said as it is."""
    number = number_of(value)
    if number is None:
        return other(obis, value, around)
    if scaler is None:
        return NotUnderstood(around.meter, str(value), "the meter gives no scaler and unit for it", obis)
    time = around.stamp(stamp) if stamp else None
    if time is not None:
        doubts = (*doubts, *time.doubts)
    return Reading(
        meter=around.meter,
        obis=obis,
        raw=f"{value} e{scaler.scaler} unit {scaler.unit}",
        value=scaler.of(number),
        unit=scaler.text,
        read_at=around.read_at,
        time=time.time if time is not None else None,
        doubts=doubts,
        checked=around.checked,
    )


def number_of(value: Data) -> Decimal | None:
    """The number in decoded data; None for a boolean, a text, a structure, an infinity."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return Decimal(value)
    return value if isinstance(value, Decimal) and value.is_finite() else None


def other(obis: Obis, value: Data, around: Around) -> Record:
    """What is no number: a text, octets, a time, bits; nested data is kept as it stands."""
    if value is None:
        return NotUnderstood(around.meter, "null-data", "the meter gives no value for it", obis)
    text = text_of(value, around)
    if text is None:
        return NotUnderstood(around.meter, f"{value!r:.200}", "no value that one register can have", obis)
    raw = value.hex() if isinstance(value, bytes) else text
    return Text(meter=around.meter, obis=obis, raw=raw, value=text, checked=around.checked)


def text_of(value: Data, around: Around) -> str | None:
    """Data as a person writes it; None for structures and arrays."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, DateTime):
        return cosem_time.describe(bytes(value))
    if isinstance(value, Date | Time):
        return value.hex()
    if isinstance(value, bytes):
        return octets_text(value)
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, Bits | int | Decimal):
        return str(value)
    return None


def octets_text(value: bytes) -> str:
    """Octets as text where all of them are printable, else in hexadecimal."""
    stripped = value.rstrip(b"\x00 ")
    if stripped and all(0x20 <= octet < 0x7F for octet in stripped):
        return stripped.decode("ascii")
    return value.hex()


def printable(value: str) -> str:
    """Text without padding; control characters as they are in Python, because XML takes none."""
    stripped = value.rstrip("\x00 ")
    return "".join(character if character.isprintable() else f"\\x{ord(character):02x}" for character in stripped)
