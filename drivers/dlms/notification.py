"""DataNotification and EventNotification (IEC 62056-5-3, 6.17 and 6.18): the APDU taken apart, its data not yet understood."""

from __future__ import annotations

from dataclasses import dataclass

from drivers.dlms.bytes_reader import Damaged, Reader
from drivers.dlms.cosem import Attribute
from drivers.reading import Obis

DATA_NOTIFICATION, EVENT_NOTIFICATION = 0x0F, 0xC2
_OCTET_STRING, _DATE_TIME = 0x09, 0x19


@dataclass(frozen=True, slots=True)
class Notification:
    """``stamp`` is the 12 octets of the APDU's date-time, empty where there are none; ``body`` the A-XDR data.

    ``attribute`` is what an event notification is about, None for a data notification.
    """

    stamp: bytes
    body: bytes
    invoke_id: int = 0
    attribute: Attribute | None = None


def parse(apdu: bytes) -> Notification:
    """Raises Damaged for anything else."""
    reader = Reader(apdu)
    tag = reader.byte()
    if tag == DATA_NOTIFICATION:
        invoke_id = reader.number(4)
        return Notification(_stamp(reader), reader.rest(), invoke_id)
    if tag == EVENT_NOTIFICATION:
        stamp = _stamp(reader) if reader.optional() else b""
        class_id = reader.number(2)
        obis = Obis.from_bytes(reader.take(6))
        number = reader.number(1, signed=True)
        return Notification(stamp, reader.rest(), 0, Attribute(class_id, obis, number))
    raise Damaged(f"an APDU {tag:02x} is no notification")


def _stamp(reader: Reader) -> bytes:
    """The date-time: 12 octets, none, or, from some meters, with a tag of its own before it."""
    first = reader.peek()
    if first == _OCTET_STRING:
        reader.byte()
        return _twelve(reader)
    if first == _DATE_TIME:
        reader.byte()
        return reader.take(12)
    return _twelve(reader)


def _twelve(reader: Reader) -> bytes:
    stamp = reader.octets()
    if len(stamp) not in (0, 12):
        raise Damaged(f"a notification with a date-time of {len(stamp)} octets")
    return stamp
