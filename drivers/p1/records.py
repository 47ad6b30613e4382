"""From a telegram's text to records: one pass, in the order of the telegram, nothing left out.

The data sets are read by the grammar of IEC 62056-21; what each of them is stands in a table (``objects``), for all
countries at once. A line that the table does not know is a register or a text, and one that is no data set is said.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from drivers import din43863_5
from drivers import unit as units
from drivers.iec62056_21.data_set import DataSet, Rest, joined, parse
from drivers.iec62056_21.readings import Circumstances
from drivers.p1.compound import several
from drivers.p1.objects import M_BUS_SERIALS, SERIALS, Kind, Object, known
from drivers.p1.stamp import parse as parse_stamp
from drivers.reading import Meter, NotUnderstood, Obis, Reading, Record, Text

#: Three letters, the baud character, and what names the meter. ``\2`` (mode E is offered) is no part of that.
_WHO = re.compile(r"/([A-Za-z]{3})[ -~](?:\\\d?)?(.*)")
_PRINTABLE = re.compile(r"[ -~]+\Z")
#: (channel, value groups C D E) of the time of the telegram, and of what names the meter.
_TIME = (0, (1, 0, 0))
_NAMING = frozenset({_TIME, *((0, code) for code in SERIALS)})

#: An enumeration's members are looked up by name each time; this is the hot path.
_REGISTER, _TEXT, _OCTETS = Kind.REGISTER, Kind.TEXT, Kind.OCTETS

_canonical = lru_cache(maxsize=1024)(units.canonical)

#: (channel, value groups C D E) -> text, of the objects that name meter and devices.
Named = dict[tuple[int, tuple[int, ...]], str]


class _Layout(NamedTuple):
    """What a telegram with these addresses is: its objects, which of them name something, the channels with a device."""

    objects: tuple[Object | None, ...]
    naming: tuple[tuple[int, tuple[int, tuple[int, ...]]], ...]
    channels: frozenset[int]


def records(text: str, around: Circumstances, month_columns: tuple[Obis, ...] = ()) -> list[Record]:
    """The records of a telegram, from its identification to before its ``!``. ``month_columns`` as in ``Quirks``.

    Its Meter comes first, and each M-Bus device's before the first record of that device. A register without a time of
    its own has that of the telegram.
    """
    head, _, body = text.partition("\n")
    parts = _whole(parse(body))
    layout = _layout(tuple([part[0] if isinstance(part, DataSet) else "" for part in parts]))
    named: Named = {place: part.text for index, place in layout.naming if isinstance(part := parts[index], DataSet)}
    meter = _meter(head.rstrip("\r"), _serial(named, 0, SERIALS), around.source)
    devices = _devices(named, layout.channels, meter)
    stamp = parse_stamp(named.get(_TIME, ""), around.zone)
    time = stamp.at if stamp is not None else None
    key, read_at, doubts, checked = meter.key, around.read_at, around.doubts, around.checked

    found: list[Record] = [meter]
    announced: set[int] = set()
    for part, what in zip(parts, layout.objects, strict=True):
        if what is None or len(part) == 1:
            found.append(_not_understood(key, part))
            continue
        obis, kind, channel = what
        _, said, unit, number, others, raw = part
        owner = _owner(channel, key, devices, announced, found) if channel else key
        if others:
            found += several(owner, what, part, around, month_columns)
        elif number is not None and kind is _REGISTER:
            spelled = _canonical(unit) if unit else ""
            found.append(Reading(owner, obis, raw, number, spelled, read_at, time, None, doubts, checked))
        elif unit or (kind is not _OCTETS and kind is not _TEXT):
            found += several(owner, what, part, around, month_columns)
        else:
            value = decoded(said) if kind is _OCTETS else said
            found.append(Text(owner, obis, raw, value, doubts, checked))
    return found


def decoded(text: str) -> str:
    """The text that hexadecimal digits stand for; the digits themselves where they stand for no printable one."""
    try:
        plain = bytes.fromhex(text).decode("ascii")
    except ValueError:
        return text
    return plain if _PRINTABLE.match(plain) else text


def _whole(parts: list[DataSet | Rest]) -> list[DataSet | Rest]:
    """The data sets, each with the lines that go on with it: DSMR 2 and 3 write a value on a line of its own."""
    whole: list[DataSet | Rest] = []
    for part in parts:
        if not part[0] and isinstance(part, DataSet) and whole and isinstance(before := whole[-1], DataSet):
            whole[-1] = joined(before, part)
        else:
            whole.append(part)
    return whole


@lru_cache(maxsize=256)
def _layout(addresses: tuple[str, ...]) -> _Layout:
    objects = tuple(known(address) for address in addresses)
    naming = tuple(
        (index, place)
        for index, what in enumerate(objects)
        if what is not None and ((place := _place(what)) in _NAMING or _names_device(what))
    )
    return _Layout(objects, naming, frozenset(what.channel for what in objects if what and _is_device(what)))


def _place(what: Object) -> tuple[int, tuple[int, ...]]:
    return what.channel, what.obis[2:5]


def _names_device(what: Object) -> bool:
    return what.channel > 0 and what.obis[2:5] in M_BUS_SERIALS


def _is_device(what: Object) -> bool:
    """Whether an object says that there is a device on its channel: some meters list the switch of empty ones too."""
    return what.channel > 0 and what.obis.c == 24


def _devices(named: Named, channels: Iterable[int], meter: Meter) -> dict[int, Meter]:
    """The devices on the M-Bus channels: those that have an object of their own, or a number."""
    numbered = {channel for (channel, code), text in named.items() if channel and code in M_BUS_SERIALS and text}
    return {
        channel: _device(meter, channel, _serial(named, channel, M_BUS_SERIALS)) for channel in numbered.union(channels)
    }


def _serial(named: Mapping[tuple[int, tuple[int, ...]], str], channel: int, places: Sequence[tuple[int, ...]]) -> str:
    texts = (named.get((channel, code), "") for code in places)
    return next((decoded(text) for text in texts if text.strip("0 ")), "")


@lru_cache(maxsize=256)
def _meter(identification: str, serial: str, source: str) -> Meter:
    match = _WHO.match(identification)
    manufacturer, model = (match[1].upper(), match[2].strip()) if match else ("", "")
    return Meter(manufacturer, serial, model, "", source)


@lru_cache(maxsize=256)
def _device(meter: Meter, channel: int, serial: str) -> Meter:
    """The device on an M-Bus channel. Without a number of its own it is known by its meter and channel."""
    source = meter.source if serial else f"{meter.key}/M-Bus {channel}"
    return Meter(din43863_5.manufacturer(serial), serial, "", "", source, behind=meter.key)


def _owner(
    channel: int, key: str, devices: Mapping[int, Meter], announced: set[int], found: list[Record]
) -> str:  # fmt: skip
    """The key of the meter an object belongs to; a device's Meter is put before what is first said of it."""
    device = devices.get(channel)
    if device is None:
        return key
    if channel not in announced:
        announced.add(channel)
        found.append(device)
    return device.key


def _not_understood(key: str, part: DataSet | Rest) -> NotUnderstood:
    if isinstance(part, Rest):
        return NotUnderstood(key, part.text, "no data set")
    return NotUnderstood(key, part.raw, "the address is no OBIS code")
