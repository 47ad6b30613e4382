"""Captured bytes of a D0 port to records, with no port.

Mode D has no check characters: no reading is ``checked``. Where the capture has parity bits, a telegram with a wrong one is
marked suspect, with the reason in a record.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from drivers.d0.quirks import quirks, undone
from drivers.driver import Context
from drivers.errors import BadFrame
from drivers.iec62056_21 import parity
from drivers.iec62056_21.data_set import parse
from drivers.iec62056_21.identification import Identification
from drivers.iec62056_21.identification import parse as parse_identification
from drivers.iec62056_21.readings import Circumstances
from drivers.iec62056_21.readings import records as of_sets
from drivers.iec62056_21.telegram import Finder, Telegram
from drivers.reading import Doubt, Meter, NotUnderstood, Record

#: An identification line, an empty one, and a data set: no STX, which is what sets mode D apart.
_PUSHED = re.compile(rb"/[A-Za-z]{3}[ -~][^\r\n()]*\r?\n\r?\n[0-9A-F.:*&-]{3,24}\(")


def recognises(data: bytes) -> bool:
    """Whether a telegram of mode D is in the bytes."""
    plain = parity.strip(data)
    return b"\x02" not in plain and _PUSHED.search(plain) is not None


def decode(data: bytes, source: str, context: Context) -> Iterator[Record]:
    """All telegrams in ``data``, each meter's Meter once. Raises BadFrame when there is none."""
    finder = Finder()
    telegrams = finder.feed(data) + finder.finish()
    if not telegrams:
        raise BadFrame("no telegram of mode D", where=source, do="is it a capture of a D0 port?")
    announced: set[Record] = set()
    for telegram in telegrams:
        if telegram.before.strip(b" \r\n\x7f\x00"):
            yield NotUnderstood("", telegram.before.decode("ascii").strip(), "before a telegram")
        made, complaint = of(telegram, source, context)
        for record in made:
            if isinstance(record, Meter):
                if record in announced:
                    continue
                announced.add(record)
            yield record
        if complaint:
            yield NotUnderstood(_key(made), "", complaint)
    if finder.left.strip():
        yield NotUnderstood("", finder.left.decode("ascii").strip(), "behind the last telegram")


def of(telegram: Telegram, source: str, context: Context) -> tuple[list[Record], str]:
    """The records of one telegram, and what is wrong with it, "" where nothing is."""
    head, _, body = telegram.data.rstrip(b"!").partition(b"\n")
    identification = _identification(head.rstrip(b"\r"))
    complaint = ""
    if telegram.damaged:
        complaint = f"{telegram.damaged} characters with wrong parity"
    elif not telegram.whole:
        complaint = "the telegram has no end: it was cut"
    doubts = (Doubt.SUSPECT,) if telegram.damaged else ()
    around = Circumstances(source, context.now(), context.zone, checked=False, doubts=doubts)
    made = quirks(head[1:].decode("ascii").strip(), context.meter_map)
    return list(of_sets(undone(parse(body.decode("ascii")), made), identification, around)), complaint


def _identification(line: bytes) -> Identification | None:
    try:
        return parse_identification(line)
    except ValueError:
        return None


def _key(records: list[Record]) -> str:
    return next((record.key for record in records if isinstance(record, Meter)), "")
