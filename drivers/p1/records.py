"""From a telegram's text to records: one pass, in the order of the telegram, nothing left out.

The data sets are read by the grammar of IEC 62056-21; what each of them is stands in a table (``objects``), for all
countries at once. A line that the table does not know is a register or a text, and one that is no data set is said.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import cast

from drivers import din43863_5
from drivers import unit as units
from drivers.iec62056_21.data_set import DataSet, Rest, joined, parse
from drivers.iec62056_21.readings import Circumstances
from drivers.p1.compound import several
from drivers.p1.objects import M_BUS_SERIALS, SERIALS, Kind, Object, known
from drivers.p1.shape import Form, Line, Shape, apart
from drivers.p1.stamp import parse as parse_stamp
from drivers.reading import Doubt, Meter, NotUnderstood, Obis, Reading, Record, Text

#: Three letters, the baud character, and what names the meter. ``\2`` (mode E is offered) is no part of that.
_WHO = re.compile(r"/([A-Za-z]{3})[ -~](?:\\\d?)?(.*)")
_PLAIN = re.compile(r"[^()!/\x00-\x20\x7f]+\Z")
_PRINTABLE = re.compile(r"[ -~]+\Z")
#: (channel, value groups C D E) of the time of the telegram, and of what names the meter.
_TIME = (0, (1, 0, 0))
_NAMING = frozenset((0, code) for code in SERIALS)

#: An enumeration's members are looked up by name each time; this is the hot path.
_REGISTER, _TEXT, _OCTETS = Kind.REGISTER, Kind.TEXT, Kind.OCTETS
_QUANTITY, _STAMPED, _ONE_TEXT = Form.QUANTITY, Form.STAMPED, Form.TEXT

_canonical = lru_cache(maxsize=1024)(units.canonical)

#: (channel, value groups C D E) -> text, of the objects that name meter and devices.
Named = dict[tuple[int, tuple[int, ...]], str]


@dataclass(frozen=True, slots=True, eq=False)
class _Layout:
    """What a telegram with these addresses is: its objects, where the time of the telegram stands, where what names its
    meter and devices (and behind them the time), the channels with a device.

    ``lines`` are the objects again, where every address is an OBIS code with nothing around it: as tuples, which the hot
    path takes apart sooner.
    """

    objects: tuple[Object | None, ...]
    time: int | None
    naming: tuple[int, ...]
    channels: frozenset[int]
    lines: tuple[tuple[Obis, Kind, int], ...] | None


@dataclass(slots=True)
class _Telegram:
    """A telegram on its way to records: what is known of it as a whole, and the records ``found`` so far."""

    around: Circumstances
    month_columns: tuple[Obis, ...]
    key: str
    time: datetime | None
    devices: Mapping[int, Meter]
    found: list[Record]
    announced: set[int] = field(default_factory=set)

    def owner(self, channel: int) -> str:
        """The key of the meter an object belongs to; a device's Meter is put before what is first said of it."""
        device = self.devices.get(channel)
        if device is None:
            return self.key
        if channel not in self.announced:
            self.announced.add(channel)
            self.found.append(device)
        return device.key

    def add(self, part: DataSet | Rest, what: Object | None) -> None:
        """The records of one data set."""
        if what is None or len(part) == 1:
            self.found.append(_not_understood(self.key, part))
            return
        obis, kind, channel = what
        _, said, unit, number, others, raw = part
        around = self.around
        owner = self.owner(channel) if channel else self.key
        if not others and number is not None and kind is _REGISTER:
            unit = _canonical(unit) if unit else ""
            self.found.append(
                Reading(owner, obis, raw, number, unit, around.read_at, self.time, None, around.doubts, around.checked)
            )
        elif others or unit or (kind is not _OCTETS and kind is not _TEXT):
            self.found += several(owner, what, part, around, self.month_columns)
        else:
            value = decoded(said) if kind is _OCTETS else said
            self.found.append(Text(owner, obis, raw, value, around.doubts, around.checked))


@dataclass(slots=True)
class Habit:
    """What is remembered from telegram to telegram of one meter: the layout and lines of the last, and their shape where
    the two last had the same."""

    layout: _Layout | None = None
    lines: list[Line] = field(default_factory=list)
    shape: Shape | None = None

    def apart(self, body: str) -> tuple[_Layout, list[Line], Sequence[str]] | None:
        """A telegram taken apart, its lines ending in ``\\n``; None where one of them is not one data set."""
        if self.layout is not None and self.shape is not None:
            values = self.shape.values(body)
            if values is not None:
                return self.layout, self.lines, values
        texts = [line for line in body.split("\n") if line]
        layout = _layout(tuple([text.partition("(")[0] for text in texts]))
        if layout.lines is None:
            return None
        lines, found = apart(texts, layout.lines)
        self.shape = Shape(lines) if layout is self.layout and lines == self.lines else None
        self.layout, self.lines = layout, lines
        return layout, lines, found


def records(
    text: str, around: Circumstances, month_columns: tuple[Obis, ...] = (), habit: Habit | None = None
) -> list[Record]:
    """The records of a telegram, from its identification to before its ``!``. ``month_columns`` as in ``Quirks``.

    Its Meter comes first, and each M-Bus device's before the first record of that device. A register without a time of
    its own has that of the telegram. ``habit`` is the caller's, who hears the same meter again.
    """
    head, _, body = text.partition("\n")
    # DSMR 2 and 3 write a value on a line of its own.
    one_each = body.replace("\r\n", "\n").replace(")\n(", ")(")
    found = (habit or Habit()).apart(one_each)
    return (found and _by_lines(head, *found, around, month_columns)) or _by_grammar(head, body, around, month_columns)


def _by_grammar(head: str, body: str, around: Circumstances, month_columns: tuple[Obis, ...]) -> list[Record]:
    """The records of any telegram."""
    parts = _whole(parse(body))
    layout = _layout(tuple([part[0] if isinstance(part, DataSet) else "" for part in parts]))
    names = {index: cast(DataSet, parts[index]).text for index in layout.naming}
    telegram = _begun(head, layout, names, around, month_columns)
    for part, what in zip(parts, layout.objects, strict=True):
        telegram.add(part, what)
    return telegram.found


def _by_lines(
    head: str,
    layout: _Layout,
    lines: list[Line],
    values: Sequence[str],
    around: Circumstances,
    month_columns: tuple[Obis, ...],
) -> list[Record]:
    """The same in a fraction of the time, where each line is one data set, as in nearly all telegrams; empty where one is not."""
    if any(lines[at].form is not _ONE_TEXT for at in layout.naming):
        return []
    telegram = _begun(head, layout, {at: values[lines[at].place] for at in layout.naming}, around, month_columns)
    key, time, add = telegram.key, telegram.time, telegram.found.append
    read_at, doubts, checked = around.read_at, around.doubts, around.checked
    for form, obis, kind, channel, before, behind, unit, place in lines:
        owner = telegram.owner(channel) if channel else key
        value = values[place]
        if form is _QUANTITY:
            raw = before + value + behind
            add(Reading(owner, obis, raw, Decimal(value), unit, read_at, time, None, doubts, checked))
        elif form is _ONE_TEXT:
            said = decoded(value) if kind is _OCTETS else value
            add(Text(owner, obis, before + value + behind, said, doubts, checked))
        elif form is _STAMPED and (stamp := parse_stamp(value, around.zone)) is not None:
            digits = values[place + 1]
            # A device that was never read: its value is the register's first.
            doubt = (*doubts, Doubt.SUSPECT) if stamp.unset else doubts
            raw = f"{before}{value})({digits}{behind}"
            add(Reading(owner, obis, raw, Decimal(digits), unit, read_at, stamp.at, None, doubt, checked))
        else:
            whole = f"{value})({values[place + 1]}" if form is _STAMPED else value
            data_set = _one_set(before + whole + behind)
            if data_set is None:
                return []
            telegram.add(data_set, Object(obis, kind, channel))
    return telegram.found


@lru_cache(maxsize=256)
def _one_set(line: str) -> DataSet | None:
    """The one data set of a line with several values (a log or month peaks are the same in telegram after telegram); None
    where the line is no single one."""
    sets = parse(line)
    first = sets[0] if len(sets) == 1 and line.count("(") == line.count(")") else None
    return first if isinstance(first, DataSet) else None


def _begun(
    head: str, layout: _Layout, texts: dict[int, str], around: Circumstances, month_columns: tuple[Obis, ...]
) -> _Telegram:
    """A telegram of which nothing is read yet but who speaks, and when."""
    stamp = parse_stamp(texts.pop(layout.time), around.zone) if layout.time is not None else None
    meter, devices = _people(layout, head.rstrip("\r"), around.source, tuple(texts.values()))
    time = stamp.at if stamp is not None else None
    return _Telegram(around, month_columns, meter.key, time, devices, [meter])


@lru_cache(maxsize=256)
def _people(layout: _Layout, head: str, source: str, texts: tuple[str, ...]) -> tuple[Meter, Mapping[int, Meter]]:
    """The meter, and the devices on its M-Bus channels, by the texts that name them."""
    # The time of the telegram stands last in `naming`, and not among the texts.
    objects = [cast(Object, layout.objects[index]) for index in layout.naming]
    named = {_place(what): text for what, text in zip(objects, texts, strict=False)}
    meter = _meter(head, _serial(named, 0, SERIALS), source)
    return meter, _devices(named, layout.channels, meter)


@lru_cache(maxsize=1024)
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
    places = [_place(what) if what is not None else None for what in objects]
    naming = tuple(index for index, place in enumerate(places) if place in _NAMING or _names_device(place))
    # Of an object that stands twice, the last.
    time = max((index for index, place in enumerate(places) if place == _TIME), default=None)
    if time is not None:
        naming = (*naming, time)
    channels = frozenset(what.channel for what in objects if what and _is_device(what))
    plain = all(objects) and all(_PLAIN.match(address) for address in addresses)
    lines = tuple((what.obis, what.kind, what.channel) for what in objects if what is not None) if plain else None
    return _Layout(objects, time, naming, channels, lines)


def _place(what: Object) -> tuple[int, tuple[int, ...]]:
    return what.channel, what.obis[2:5]


def _names_device(place: tuple[int, tuple[int, ...]] | None) -> bool:
    return place is not None and place[0] > 0 and place[1] in M_BUS_SERIALS


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


def _meter(identification: str, serial: str, source: str) -> Meter:
    match = _WHO.match(identification)
    manufacturer, model = (match[1].upper(), match[2].strip()) if match else ("", "")
    return Meter(manufacturer, serial, model, "", source)


def _device(meter: Meter, channel: int, serial: str) -> Meter:
    """The device on an M-Bus channel. Without a number of its own it is known by its meter and channel."""
    source = meter.source if serial else f"{meter.key}/M-Bus {channel}"
    return Meter(din43863_5.manufacturer(serial), serial, "", "", source, behind=meter.key)


def _not_understood(key: str, part: DataSet | Rest) -> NotUnderstood:
    if isinstance(part, Rest):
        return NotUnderstood(key, part.text, "no data set")
    return NotUnderstood(key, part.raw, "the address is no OBIS code")
