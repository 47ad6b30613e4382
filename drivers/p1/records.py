"""From a telegram's text to records: one pass, in the order of the telegram, nothing left out.

Most lines are ``address(value*unit)``: one regular expression splits the whole telegram into those and what stands
between them, which the data set grammar of IEC 62056-21 then reads. A line that neither knows is said as it stands.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from drivers import din43863_5
from drivers import unit as units
from drivers.iec62056_21.data_set import DataSet, Rest, parse
from drivers.iec62056_21.readings import Circumstances
from drivers.p1.compound import number, several
from drivers.p1.objects import M_BUS_SERIALS, SERIALS, Kind, Object, known
from drivers.p1.stamp import parse as parse_stamp
from drivers.reading import Meter, NotUnderstood, Reading, Record, Text

#: A whole line: its address, its value where that is a number, else its text, its unit. Not when the next line begins
#: with a bracket, for that goes on with this one.
_LINE = re.compile(
    r"^(([^()\r\n]{1,40})\((?:([+-]?\d{1,30}(?:\.\d{1,30})?)|([^()*\r\n]*))(?:\*([^()*\r\n]*))?\))[ \t]*\r?\n"
    r"(?![ \t\r\n]*\()",
    re.MULTILINE | re.ASCII,
)
_STRIDE = _LINE.groups + 1
#: Three letters, the baud character, and what names the meter. ``\2`` (mode E is offered) is no part of that.
_WHO = re.compile(r"/([A-Za-z]{3})[ -~](?:\\\d?)?(.*)")
_PRINTABLE = re.compile(r"[ -~]+\Z")
#: The time of the telegram.
_TIME = (0, (1, 0, 0))
#: What names a meter or a device, and the time: (channel, value groups C D E).
_NAMING = frozenset({_TIME, *((0, code) for code in SERIALS)})

_canonical = lru_cache(maxsize=1024)(units.canonical)

#: (channel, value groups C D E) -> text, of the objects that name meter and devices.
Named = dict[tuple[int, tuple[int, ...]], str]


class _Layout(NamedTuple):
    """What a telegram with these addresses is: its objects, which of them name something, and the channels in use."""

    objects: tuple[Object | None, ...]
    naming: tuple[tuple[int, tuple[int, tuple[int, ...]]], ...]
    channels: frozenset[int]


def records(text: str, around: Circumstances) -> list[Record]:
    """The records of a telegram, from its identification to before its ``!``.

    Its Meter comes first, and each M-Bus device's before the first record of that device. A register without a time of
    its own has that of the telegram.
    """
    head, _, body = text.partition("\n")
    pieces = _LINE.split(body)
    between = [tuple(parse(gap)) if gap and not gap.isspace() else () for gap in pieces[::_STRIDE]]
    layout = _layout(tuple(pieces[2::_STRIDE]))
    named: Named = {place: pieces[3 + _STRIDE * index] or pieces[4 + _STRIDE * index] for index, place in layout.naming}
    channels = _irregular_names(between, named, layout.channels)
    meter = _meter(head.rstrip("\r"), _serial(named, 0, SERIALS), around.source)
    devices = {channel: _device(meter, channel, _serial(named, channel, M_BUS_SERIALS)) for channel in channels}
    stamp = parse_stamp(named.get(_TIME, ""), around.zone)
    time = stamp.at if stamp is not None else None
    key, read_at, doubts, checked = meter.key, around.read_at, around.doubts, around.checked

    found: list[Record] = [meter]
    announced: set[int] = set()
    lines = zip(between, layout.objects, *(pieces[group::_STRIDE] for group in range(1, _STRIDE)), strict=False)
    for gap, what, raw, _, value, other, unit in lines:
        if gap:
            found += _irregular(gap, meter, devices, announced, around, time)
        if what is None:
            found.append(NotUnderstood(key, raw, "the address is no OBIS code"))
            continue
        obis, kind, channel = what
        if value is not None and kind is Kind.REGISTER and not channel:
            spelled = _canonical(unit) if unit else ""
            found.append(Reading(key, obis, raw, Decimal(value), spelled, read_at, time, None, doubts, checked))
            continue
        owner = _owner(channel, meter, devices, announced, found) if channel else key
        text = value if value is not None else other
        if kind is Kind.OCTETS and unit is None:
            found.append(Text(owner, obis, raw, decoded(text), doubts, checked))
        elif kind is Kind.TEXT and unit is None:
            found.append(Text(owner, obis, raw, text, doubts, checked))
        elif kind is Kind.REGISTER and (said := number(text)) is not None:
            spelled = _canonical(unit) if unit else ""
            found.append(Reading(owner, obis, raw, said, spelled, read_at, time, None, doubts, checked))
        else:
            (part,) = parse(raw)
            found += several(owner, what, part, around) if isinstance(part, DataSet) else _rest(part, key)
    found += _irregular(between[-1], meter, devices, announced, around, time)
    return found


def decoded(text: str) -> str:
    """The text that hexadecimal digits stand for; the digits themselves where they stand for no printable one."""
    try:
        plain = bytes.fromhex(text).decode("ascii")
    except ValueError:
        return text
    return plain if _PRINTABLE.match(plain) else text


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


def _irregular_names(
    between: Sequence[Sequence[DataSet | Rest]], named: Named, channels: frozenset[int]
) -> set[int]:  # fmt: skip
    """Take up what irregular lines name. Returns the channels that have a device, in all."""
    found = set(channels)
    for part in (part for gap in between for part in gap if isinstance(part, DataSet)):
        what = known(part.address)
        if what is not None:
            named.setdefault(_place(what), part.values[0].text)
            if _is_device(what):
                found.add(what.channel)
    found.update(channel for (channel, code), text in named.items() if channel and code in M_BUS_SERIALS and text)
    return found


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
    channel: int, meter: Meter, devices: Mapping[int, Meter], announced: set[int], found: list[Record]
) -> str:  # fmt: skip
    device = devices.get(channel)
    if device is None:
        return meter.key
    if channel not in announced:
        announced.add(channel)
        found.append(device)
    return device.key


def _irregular(
    parts: Sequence[DataSet | Rest],
    meter: Meter,
    devices: Mapping[int, Meter],
    announced: set[int],
    around: Circumstances,
    time: datetime | None,
) -> list[Record]:
    """The records of lines that are no plain ``address(value*unit)``."""
    found: list[Record] = []
    for part in parts:
        what = known(part.address) if isinstance(part, DataSet) else None
        if isinstance(part, Rest):
            found += _rest(part, meter.key)
        elif what is None:
            found.append(NotUnderstood(meter.key, part.raw, "the address is no OBIS code"))
        else:
            owner = _owner(what.channel, meter, devices, announced, found) if what.channel else meter.key
            found += several(owner, what, part, around)
    return found


def _rest(part: Rest, key: str) -> Iterator[Record]:
    yield NotUnderstood(key, part.text, "no data set")
