"""From a list response to records: each entry in exactly one place, scaled exactly, with the maker's quirks undone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple

from drivers import din43863_5
from drivers import unit as units
from drivers.reading import Doubt, Meter, NotUnderstood, Obis, Reading, Record, Text
from drivers.sml.message import Entry, ListResponse
from drivers.sml.quirks import EXPORTING, POWERS, Quirks, ShortPower, quirks

_MAKER = (b"\x81\x81\xc7\x82\x03\xff", b"\x01\x00\x60\x32\x01\x01", b"\x01\x00\x60\x32\x01\xff")
_FIRMWARE = b"\x01\x00\x00\x02\x00\x00"
#: Value groups C, D of objects that hold an identification number (IEC 62056-61).
_IDENTITIES = frozenset({(0, 0), (96, 1)})
#: Time of operation: the seconds index of the meter (0-0:96.8.0, IEC 62056-61).
_SECONDS_INDEX = Obis(0, 0, 96, 8, 0)
_ENERGIES = frozenset({(1, 8), (2, 8)})
_INTEGER, _UNSIGNED, _TYPE = 0x50, 0x60, 0x70
_FULL_BYTES = 4
_PRINTABLE = re.compile(rb"[ -~]+\Z")
_SCALERS = range(-128, 128)
_LARGEST = 1 << 64
_WATT_HOUR, _WATT = 30, 27


class Around(NamedTuple):
    """What is known beside the list: where it came from, when, whether its check fits, and the device map."""

    source: str
    read_at: datetime
    checked: bool
    doubts: tuple[Doubt, ...] = ()
    meter_map: object | None = None


def records(response: ListResponse, around: Around) -> list[Record]:
    """The Meter first, then an entry after the other."""
    server = response.server or b""
    named = {entry.name: entry.value for entry in response.entries if isinstance(entry.value, bytes)}
    maker = next((named[name] for name in _MAKER if name in named), b"")
    meter = _meter(server, maker, named.get(_FIRMWARE, b""), around.source)
    found: list[Record] = [meter]
    key, source_doubts, checked, read_at = meter.key, around.doubts, around.checked, around.read_at
    moment, seconds = _time(response.time)
    if seconds is not None:
        found.append(
            Reading(key, _SECONDS_INDEX, f"secIndex {seconds}", Decimal(seconds), "s", read_at, None, None, source_doubts, checked)
        )  # fmt: skip
    made = quirks(server, around.meter_map)
    exporting = made.direction_in_status and _exporting(response.entries)
    plain = made.short_power is ShortPower.AS_SENT and not exporting
    add = found.append
    for entry in response.entries:
        name, status, stamp, unit_number, scaler, value, _, _ = entry
        obis, unit, factor, behind = _form(name, unit_number, scaler, status)
        if type(value) is int:
            if not plain and obis[2:5] in POWERS:
                value = _meant(entry, made)
                if exporting and value > 0:
                    value = -value
            raw = f"{entry.value}{behind}"
            if factor is None or not -_LARGEST < value < _LARGEST:
                what = f"a scaler of {scaler}" if factor is None else "a number of more than 64 bits"
                add(NotUnderstood(key, raw, what, obis))
                continue
            time = moment if stamp is None else _time(stamp)[0] or moment
            add(Reading(key, obis, raw, Decimal(value) * factor, unit, read_at, time, None, source_doubts, checked))
        elif type(value) is bytes:
            add(Text(key, obis, value.hex(), _text(obis, value), source_doubts, checked))
        else:
            found += _other(key, obis, entry, around)
    found += [NotUnderstood(key, part.raw.hex(), f"no entry of a list: {part.reason}") for part in response.unread]
    if _is_locked(response.entries):
        found.append(
            NotUnderstood(
                key, "", "whole kWh and no power: the meter keeps its full data set back until its PIN is entered and Inf is on"
            )
        )  # fmt: skip
    return found


def _other(key: str, obis: Obis, entry: Entry, around: Around) -> Iterator[Record]:
    value = entry.value
    if isinstance(value, bool):
        yield Text(key, obis, str(value).lower(), str(value).lower(), around.doubts, around.checked)
    elif isinstance(value, list) and len(value) == 2 and value[0] == 1 and _time(value[1]) != (None, None):
        # SML_ListType, smlTime.
        moment, seconds = _time(value[1])
        if seconds is None:
            yield Text(key, obis, str(value[1]), f"{moment}", around.doubts, around.checked)
        else:
            raw = f"secIndex {seconds}"
            number = Decimal(seconds)
            yield Reading(key, obis, raw, number, "s", around.read_at, None, None, around.doubts, around.checked)
    elif value is None:
        yield Text(key, obis, "", "", around.doubts, around.checked)
    else:
        yield NotUnderstood(key, str(value), "a value of no known type", obis)


@lru_cache(maxsize=1024)
def _form(
    name: bytes, unit: int | None, scaler: int | None, status: int | None
) -> tuple[Obis, str, Decimal | None, str]:
    """What an entry's number is: its OBIS code, its unit, the power of ten it counts, None where that is none; and what
    stands on the wire behind the number: that power, and the status word."""
    behind = (f"E{scaler}" if scaler else "") + ("" if status is None else f" status {status:#x}")
    # Exact: a number of 64 bits times a power of ten keeps all its digits.
    factor = Decimal(1).scaleb(scaler or 0) if (scaler or 0) in _SCALERS else None
    return Obis(*name), _unit(unit), factor, behind


@lru_cache(maxsize=256)
def _meter(server: bytes, maker: bytes, firmware: bytes, source: str) -> Meter:
    number = din43863_5.from_bytes(server) or (server.hex().upper() if any(server) else "")
    letters = maker.decode("ascii", "replace") if _PRINTABLE.match(maker) else din43863_5.manufacturer(number)
    version = firmware.decode("ascii") if _PRINTABLE.match(firmware) else ""
    return Meter(letters, number, "", version, source)


def _unit(number: int | None) -> str:
    """The unit; a number that is none of the table's stays a number, and no rule will map it."""
    if number is None or number == 255:
        return ""
    return units.BY_NUMBER.get(number, f"unit {number}")


@lru_cache(maxsize=1024)
def _text(obis: Obis, value: bytes) -> str:
    if obis[2:4] in _IDENTITIES:
        return din43863_5.from_bytes(value) or value.hex().upper()
    return value.decode("ascii") if _PRINTABLE.match(value) else value.hex().upper()


def _time(value: Any) -> tuple[datetime | None, int | None]:
    """SML_Time: a moment in UTC, or a count of seconds. Some makers leave the choice out and give the seconds alone."""
    if type(value) is int:
        return None, value
    if not (isinstance(value, list) and len(value) == 2):
        return None, None
    choice, said = value
    if choice == 1 and type(said) is int:
        return None, said
    # 2: a time stamp in UTC; 3: the same, with its offsets to local time in minutes.
    stamp = said[0] if choice == 3 and isinstance(said, list) and said else said
    if choice in (2, 3) and type(stamp) is int and 0 <= stamp < 1 << 33:
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=stamp), None
    return None, None


def _meant(entry: Entry, made: Quirks) -> int:
    """A power in too few bytes, as its maker means it."""
    value: int = entry.value
    bits = 8 * entry.size
    if entry.size >= _FULL_BYTES:
        return value
    if made.short_power is ShortPower.SIGNED_IS_UNSIGNED and entry.tl & _TYPE == _INTEGER and value < 0:
        return value + (1 << bits)
    if made.short_power is ShortPower.UNSIGNED_IS_SIGNED and entry.tl & _TYPE == _UNSIGNED and value >> (bits - 1):
        return value - (1 << bits)
    return value


def _exporting(entries: tuple[Entry, ...]) -> bool:
    return any(entry.status is not None and entry.status & EXPORTING for entry in entries if _is_energy(entry))


def _is_energy(entry: Entry) -> bool:
    return tuple(entry.name[2:4]) in _ENERGIES


def _is_locked(entries: tuple[Entry, ...]) -> bool:
    """A meter whose PIN was not entered gives its energy in whole kWh and no power (FNN Lastenheft, reduced data set)."""
    if _WATT in [entry.unit for entry in entries]:
        return False
    energies = [entry for entry in entries if entry.unit == _WATT_HOUR and type(entry.value) is int]
    if not any(entry.value for entry in energies):
        return False
    return all(
        (entry.scaler or 0) >= 0 and entry.value * 10 ** min(entry.scaler or 0, 9) % 1000 == 0 for entry in energies
    ) or all(
        (entry.scaler or 0) < 0 and entry.value % 10 ** min(3 - (entry.scaler or 0), 99) == 0 for entry in energies
    )
