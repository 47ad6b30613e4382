"""Captured bytes of a readout to records, with no port.

A block whose check character is right gives readings that are ``checked``. Without a check character they are not. With
a wrong one they are not either, are all marked suspect, and a record says both characters: a file cannot be read again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from drivers.driver import Context
from drivers.errors import BadFrame
from drivers.iec62056_21 import parity
from drivers.iec62056_21.clock import zone_of
from drivers.iec62056_21.data_set import parse
from drivers.iec62056_21.meter_map import map_of
from drivers.iec62056_21.readings import Circumstances, records
from drivers.iec62056_21.readout import Readout, find
from drivers.reading import Doubt, NotUnderstood, Record

_SETS = re.compile(rb"[0-9CFLP][0-9A-F.:*&,-]{0,24}\([^()\r\n]{0,128}\)")


def recognises(data: bytes) -> bool:
    """Whether there is a data set in the bytes: an address and a bracketed value."""
    return _SETS.search(parity.strip(data)) is not None


def decode(data: bytes, source: str, context: Context) -> Iterator[Record]:
    """All readouts in ``data``. Raises BadFrame when there is no data set in it."""
    readouts = find(data)
    if not any("(" in readout.text for readout in readouts):
        raise BadFrame("no data set of IEC 62056-21", where=source, do="is it a capture of a readout?")
    for readout in readouts:
        yield from _records(readout, source, context)


def _records(readout: Readout, source: str, context: Context) -> Iterator[Record]:
    good = readout.check is not False and not readout.parity_errors
    known = map_of(context.meter_map, readout.identification.raw if readout.identification is not None else None)
    around = Circumstances(
        source=source,
        read_at=context.now(),
        zone=zone_of(known.clock, context.zone),
        objects=known.objects,
        checked=readout.check is True and good,
        doubts=() if good else (Doubt.SUSPECT,),
    )
    key = ""
    for record in records(parse(readout.text), readout.identification, around):
        key = key or getattr(record, "key", "")
        yield record
    if readout.check is False:
        yield NotUnderstood(
            key,
            f"BCC {readout.received:02x}",
            f"the block check character is wrong: {readout.calculated:02x} calculated, {readout.received:02x} received",
        )
    if readout.parity_errors:
        yield NotUnderstood(key, "", f"{readout.parity_errors} characters with wrong parity")
