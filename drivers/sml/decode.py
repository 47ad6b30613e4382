"""Captured bytes of an SML meter to records, with no port: frames, or messages whose frame was taken off.

A list is ``checked`` when its frame's CRC fits, or that of its message where the frame is damaged or missing. Otherwise
all that can be made out is marked suspect, with the reason in a record.
"""

from __future__ import annotations

from collections.abc import Iterator

from drivers.driver import Context
from drivers.errors import BadFrame
from drivers.reading import Doubt, Meter, NotUnderstood, Record
from drivers.sml.message import ATTENTION, CLOSE, LIST, NAMES, OPEN, ListResponse, Message, Unread, messages
from drivers.sml.records import Around, records
from drivers.sml.transport import Frame, FrameFinder

_START = bytes.fromhex("1b1b1b1b01010101")
#: The beginning of a message without a frame: a list of six, a transaction number, two numbers of one byte, a body.
_BARE = (b"\x62\x00\x62\x00\x72\x63\x01\x01", b"\x62\x00\x62\x00\x72\x65\x00\x00\x01\x01")


def recognises(data: bytes) -> bool:
    """Whether the bytes hold the start of a frame, or are messages without one."""
    return _START in data or (data[:1] == b"\x76" and any(start in data[:40] for start in _BARE))


def decode(data: bytes, source: str, context: Context) -> Iterator[Record]:
    """All lists in ``data``, each meter's Meter once. Raises BadFrame when there is none."""
    finder = FrameFinder()
    frames = finder.feed(data) + finder.finish()
    if not frames and recognises(data):
        frames = [Frame(data, "", whole=False)]
    announced: set[Record] = set()
    found = False
    for frame in frames:
        made, complaint = of(frame, source, context)
        for record in made:
            if isinstance(record, Meter):
                if record in announced:
                    continue
                announced.add(record)
            found = found or not isinstance(record, NotUnderstood)
            yield record
        if complaint:
            key = next((record.key for record in made if isinstance(record, Meter)), "")
            yield NotUnderstood(key, "", complaint)
    if not found:
        raise BadFrame("no list of SML", where=source, do="is it a capture of an SML meter?")


def of(frame: Frame, source: str, context: Context) -> tuple[list[Record], str]:
    """The records of one frame, and what is wrong with it, "" where nothing is."""
    # What is sound by its frame need not be checked twice.
    parts = list(messages(frame.messages, {"x25": "", "kermit": "kermit"}.get(frame.kind, "x25")))
    # Two kinds of CRC let twice as many damaged frames through: the rarer one must also be the messages' own.
    sound = frame.kind == "x25" or (
        frame.kind == "kermit" and all(isinstance(part, Message) and part.good for part in parts)
    )
    found: list[Record] = []
    complaints = [] if sound else ["the CRC of the frame is wrong" if frame.whole else "the frame is not whole"]
    for part in parts:
        if isinstance(part, Unread):
            found.append(NotUnderstood("", part.raw.hex(), f"no SML message: {part.reason}"))
            continue
        good = sound or part.good
        if not good:
            complaints.append(f"the CRC of its {NAMES.get(part.tag, 'unknown')} message is wrong")
        if part.tag == LIST and isinstance(part.body, ListResponse):
            doubts = () if good else (Doubt.SUSPECT,)
            found += records(part.body, Around(source, context.now(), good, doubts, context.meter_map))
        elif part.tag == ATTENTION:
            found.append(NotUnderstood("", part.raw.hex(), f"the meter refuses: attention {_number(part.body)}"))
        elif part.tag not in (OPEN, CLOSE):
            found.append(
                NotUnderstood("", part.raw.hex(), f"a message of kind {part.tag:#06x}, which no push meter sends")
            )
    return found, "; ".join(complaints)


def _number(body: object) -> str:
    """The attention number of Attention.Res: its second element, an octet string (SML 1.04, 5.2)."""
    number = body[1] if isinstance(body, list) and len(body) > 1 else None
    return number.hex() if isinstance(number, bytes) else "without a number"
