"""Captured bytes of what meters push, to records, with no port: raw bytes, hexadecimal text, or a trace.

A frame whose check sequence is wrong cannot be asked for again: what can be made out of it is given, marked suspect, and
a record says what is wrong.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from drivers.dlms import notification
from drivers.dlms.bytes_reader import Damaged
from drivers.dlms.ciphering import PLAIN_TAGS
from drivers.dlms.hdlc_frame import Lost
from drivers.dlms.hdlc_segments import LLC_COMMAND, LLC_RESPONSE, without_llc
from drivers.dlms.push_framing import Framing, Pushed, PushReader, framing_of
from drivers.dlms.push_list import items
from drivers.dlms.push_records import Listener
from drivers.driver import Context
from drivers.errors import BadFrame
from drivers.reading import NotUnderstood, Record

_HEXADECIMAL = re.compile(rb"[0-9A-Fa-f\s:]+\Z")
_APDUS = (0x0F, 0xC2, 0xDB, 0xDC, 0xDD, 0xE0)


def recognises(data: bytes) -> bool:
    """Whether the bytes hold an HDLC frame of format type 3, an M-Bus long frame, a WPDU, or a notification."""
    data = _bytes(data)
    match framing_of(data):
        case Framing.HDLC:
            return any(isinstance(event, Pushed) or event.checked for event in PushReader().feed(data))
        case Framing.MBUS:
            return True
        case Framing.WRAPPER:
            return True
    if data[:3] in (LLC_COMMAND, LLC_RESPONSE):
        return data[3:4] != b"" and data[3] in _APDUS
    return data[:1] == b"\x0f" and _is_notification(data)


def _is_notification(data: bytes) -> bool:
    try:
        return bool(items(notification.parse(data).body).found)
    except Damaged:
        return False


def decode(data: bytes, source: str, context: Context) -> Iterator[Record]:
    """All notifications in ``data``. Raises BadFrame when there is none in it."""
    data = _bytes(data)
    reader = PushReader()
    listener = Listener(context, source)
    events = [*reader.feed(data), *reader.gap()]
    if not any(isinstance(event, Pushed) or event.checked for event in events):
        raise BadFrame("no frame or notification of DLMS", where=source, do="is it a capture of a meter's push?")
    for event in events:
        if isinstance(event, Pushed):
            yield from listener.records(event)
        else:
            yield from _lost(event, listener)


def _lost(event: Lost, listener: Listener) -> Iterator[Record]:
    key = listener.meter.key if listener.meter is not None else listener.source
    if event.checked:
        apdu = _apdu_of(event.data)
        if apdu:
            yield from listener.records(Pushed(apdu, Framing.HDLC, checked=False), salvage=True)
            key = listener.meter.key if listener.meter is not None else key
    yield NotUnderstood(key, event.data.hex(), event.why)


def _apdu_of(frame: bytes) -> bytes:
    """The APDU in a damaged HDLC frame: behind its LLC addresses, without the check sequence."""
    place = frame.find(LLC_RESPONSE)
    if place < 0:
        return b""
    apdu = without_llc(frame[place:])
    return apdu[:-2] if apdu[:1] and (apdu[0] in PLAIN_TAGS or apdu[0] in _APDUS) else b""


def _bytes(data: bytes) -> bytes:
    """The bytes themselves, or those that hexadecimal text stands for."""
    if len(data) >= 16 and _HEXADECIMAL.match(data):
        digits = re.sub(rb"[\s:]", b"", data)
        if len(digits) % 2 == 0:
            return bytes.fromhex(digits.decode("ascii"))
    return data
