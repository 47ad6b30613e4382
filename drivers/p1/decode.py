"""Captured bytes of a P1 port to records, with no port: as many telegrams as the capture holds, plain or encrypted.

A telegram whose check is right gives readings that are ``checked``. One without a check (DSMR 2 and 3) does not. What a
damaged one says is marked suspect, with the reason in a record: a file cannot be read again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import cast

from drivers.driver import Context
from drivers.errors import BadFrame
from drivers.iec62056_21 import parity
from drivers.iec62056_21.readings import Circumstances
from drivers.iec62056_21.telegram import Finder, Telegram
from drivers.p1.check import verdict
from drivers.p1.encryption import FrameFinder, Opened, opened
from drivers.p1.quirks import quirks
from drivers.p1.records import Habit, records
from drivers.reading import Doubt, Meter, NotUnderstood, Record

#: An identification line, and what only P1 says: its version, the time of the telegram, the number of the meter under
#: its P1 address, the tariff in effect, an M-Bus device.
_START = re.compile(
    rb"(?:\A|[\n\x00])/[A-Za-z]{3}[ -~][^\r\n()]*\r?\n|\A[^\r\n]{0,200}/[A-Za-z]{3}[ -~][^\r\n()]*\r?\n"
)
_OBJECTS = re.compile(
    rb"\n(?:1-3:0\.2\.8|0-0:(?:1\.0\.0|96\.1\.[014]|96\.14\.0|96\.13\.[01]|42\.0\.0)|0-[1-9]:24\.\d\.0)\("
)
#: An identification is shorter.
_LONGEST_NAME = 82
_ENCRYPTED = re.compile(rb"\xdb\x08.{8}\x82..[\x20\x30]", re.DOTALL)


def recognises(data: bytes) -> bool:
    """Whether a P1 telegram is in the bytes, or the frame of an encrypted one."""
    plain = parity.strip(data)
    return bool(_START.search(plain) and _OBJECTS.search(plain)) or _ENCRYPTED.search(data) is not None


def decode(data: bytes, source: str, context: Context) -> Iterator[Record]:
    """All telegrams in ``data``, each device's Meter once. Raises BadFrame when there is none, KeyRejected."""
    announced: set[Record] = set()
    for record in _all(data, source, context):
        if isinstance(record, Meter):
            if record in announced:
                continue
            announced.add(record)
        yield record


def _all(data: bytes, source: str, context: Context) -> Iterator[Record]:
    frames = FrameFinder()
    sealed = frames.feed(data)
    for frame in sealed:
        inside = opened(frame, context.keys)
        for telegram in _telegrams(inside.telegram)[0]:
            yield from _said(*of(telegram, source, context, "", inside))
    if frames.began:
        yield NotUnderstood("", "", "the last frame is not whole")
    if sealed or frames.began:
        return
    telegrams, left = _telegrams(data)
    if not telegrams:
        raise BadFrame("no P1 telegram", where=source, do="is it a capture of a P1 port?")
    for telegram in telegrams:
        if telegram.before.strip():
            yield NotUnderstood("", telegram.before.decode("ascii").strip(), "before a telegram")
        yield from _said(*of(telegram, source, context))
    if left.strip():
        yield NotUnderstood("", left.decode("ascii").strip(), "behind the last telegram")


def _telegrams(data: bytes) -> tuple[list[Telegram], bytes]:
    finder = Finder()
    return finder.feed(data) + finder.finish(), finder.left


def _said(found: list[Record], complaint: str) -> Iterator[Record]:
    yield from found
    if complaint:
        yield NotUnderstood(cast(Meter, found[0]).key, "", complaint)


def of(
    telegram: Telegram,
    source: str,
    context: Context,
    check: str = "",
    inside: Opened | None = None,
    habit: Habit | None = None,
) -> tuple[list[Record], str]:
    """The records of one telegram, its Meter first, and what is wrong with it, "" where nothing is.

    ``check`` is the kind of its CRC, empty for that of its map or maker. ``inside`` is what it was opened from, where it
    was sealed; ``habit`` what is remembered of the meter's telegrams.
    """
    made = quirks(telegram.data[1:_LONGEST_NAME].partition(b"\r")[0].decode("ascii"), context.meter_map)
    said = verdict(telegram, check or made.check)
    authentic = inside is not None and not inside.complaint and telegram.whole
    around = Circumstances(
        source,
        context.now(),
        context.zone,
        # A tag that fits says more than a CRC; a telegram may then have none.
        checked=said.good is True or (authentic and said.good is None),
        doubts=(Doubt.SUSPECT,) if said.good is False else (),
    )
    found = records(telegram.data.rstrip(b"!").decode("ascii"), around, made.month_columns, habit)
    if inside is not None and inside.complaint:
        found.append(NotUnderstood(cast(Meter, found[0]).key, "", inside.complaint))
    return found, said.complaint
