"""The messages of a frame: each with its own CRC, and of the kinds that meters push.

list of 6: transaction, group, what to do at an error, (tag, body), CRC, end of message
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache, partial
from typing import Any, NamedTuple, cast

from drivers.crc16 import CHECKS
from drivers.sml.element import END, Malformed, element, list_head

OPEN, CLOSE, LIST, ATTENTION = 0x0101, 0x0201, 0x0701, 0xFF01
#: Names of the messages a meter may send, for the person who reads that one was not understood.
NAMES = {OPEN: "PublicOpen", CLOSE: "PublicClose", LIST: "GetList", ATTENTION: "Attention"}
_MESSAGE_ELEMENTS, _LIST_ELEMENTS, _ENTRY_ELEMENTS = 6, 7, 7
_MESSAGE = 0x76
_CONTINUED = 0x80
#: How an entry begins: a list of seven, an octet string of six bytes.
_ENTRY = b"\x77\x07"


class Entry(NamedTuple):
    """One entry of a list. ``tl`` is the first byte of the value's type-length field, ``size`` the bytes of the value."""

    name: bytes
    status: int | None
    time: Any
    unit: int | None
    scaler: int | None
    value: Any
    tl: int
    size: int


#: A number of one to eight bytes, by its type's nibble.
_SIZES = [(size, b"." * size) for size in range(1, 9)]
_UNSIGNED = b"|".join(b"\\x%02x%s" % (0x61 + size, dots) for size, dots in _SIZES)
_INTEGER = b"|".join(b"\\x%02x%s" % (0x51 + size, dots) for size, dots in _SIZES)
_OCTETS = b"|".join(b"\\x%02x%s" % (0x01 + size, b"." * size) for size in range(1, 15))
#: Keys and signatures, whose length takes two bytes.
_LONG = b"|".join(b"\\x%02x\\x%02x.{%d}" % (0x80 | size >> 4, size & 0x0F, size - 2) for size in range(0x11, 0x44))
#: An entry as nearly all are: its name, with or without status, time, unit and scaler; a number or a text; no signature of
#: its own. It is the same as reading its seven elements, in a tenth of the time.
_SHORT_ENTRY = re.compile(
    rb"(\x77\x07.{6}(?:\x01|" + _UNSIGNED + rb")(?:\x01|\x65....|\x72\x62.\x65....)(?:\x01|\x62.)(?:\x01|\x52.))("
    + _INTEGER + rb"|" + _UNSIGNED + rb"|" + _OCTETS + rb"|" + _LONG + rb")\x01",
    re.DOTALL,
)  # fmt: skip
#: How the list of a list response begins, likewise: client, server, the name of the list.
_LIST_HEAD = re.compile(rb"\x77(?:\x01|O)(?:\x01|(O))(?:\x01|(O))".replace(b"O", b"(?:" + _OCTETS + b")"), re.DOTALL)
#: The head of a message, likewise: transaction, group, what to do at an error, and the tag of its body.
_HEAD = re.compile(rb"\x76(?:" + _OCTETS + rb")\x62.\x62.\x72(?:\x63(..)|\x65(....))", re.DOTALL)
#: A whole message that opens or closes, likewise: nothing of it is read.
_IDLE = re.compile(
    rb"\x76(?:"
    + _OCTETS
    + rb")\x62.\x62.\x72\x63(?:\x01\x01\x76E{6}|\x02\x01\x71E)(?:\x63..|\x62.)\x00".replace(
        b"E", b"(?:\x01|" + _OCTETS + b"|" + _UNSIGNED + b")"
    ),
    re.DOTALL,
)


class ListResponse(NamedTuple):
    """GetList.Res: the server, the list's name, the meter's time, its entries; ``unread`` is what was damaged between."""

    server: bytes | None
    name: bytes | None
    time: Any
    entries: tuple[Entry, ...]
    unread: tuple[Unread, ...] = ()


class Unread(NamedTuple):
    """Bytes that are no message or no entry, and why."""

    raw: bytes
    reason: str


class Message(NamedTuple):
    """``tag`` says the kind; ``body`` is a ListResponse, or the elements as they are. ``good`` whether its CRC fits."""

    tag: int
    body: ListResponse | list[Any] | None
    good: bool
    raw: bytes


def messages(data: bytes, kind: str) -> Iterator[Message | Unread]:
    """The messages in ``data``, each checked by the CRC of ``kind``. What is no message ends it, as Unread.

    With no kind, none is good, and those that only open and close are left out: for a frame that is sound as a whole.
    """
    at = 0
    while at < len(data):
        if data[at] == END:
            at += 1
            continue
        if not kind and (idle := _IDLE.match(data, at)) is not None:
            at = idle.end()
            continue
        try:
            message, at = _message(data, at, kind)
        except Malformed as error:
            yield Unread(data[at:], str(error))
            return
        yield message


def _message(data: bytes, start: int, kind: str) -> tuple[Message, int]:
    tag, at = _head(data, start)
    body: ListResponse | list[Any] | None
    if tag == LIST:
        body, at = _list_response(data, at)
        if body.unread:
            return Message(tag, body, False, data[start:at]), at
    else:
        body, at = element(data, at)
    end = at
    crc, at = element(data, at)
    good = bool(kind) and _fits(CHECKS[kind](data[start:end]), crc, kind)
    if at < len(data) and data[at] == END:
        at += 1
    else:
        good = False
    return Message(tag, body, good, data[start:at]), at


def _head(data: bytes, start: int) -> tuple[int, int]:
    """The tag of the message at ``start``, and where its body begins."""
    match = _HEAD.match(data, start)
    if match is not None:
        return int.from_bytes(match[1] or match[2], "big"), match.end()
    if data[start] != _MESSAGE:
        raise Malformed("no message begins here")
    at = start + 1
    for _ in range(3):
        _, at = element(data, at)
    count, at = list_head(data, at)
    if count != 2:
        raise Malformed("a message body has a tag and its content")
    tag, at = element(data, at)
    if type(tag) is not int:
        raise Malformed("a message body begins with a number")
    return tag, at


def _fits(calculated: int, sent: Any, kind: str) -> bool:
    """Whether the CRC of a message is the calculated one: low byte first, in a number that may have lost its leading zero.
    The makers of KERMIT send it high byte first."""
    if not isinstance(sent, int) or not 0 <= sent <= 0xFFFF:
        return False
    swapped = sent >> 8 | (sent & 0xFF) << 8
    return calculated == swapped or (kind == "kermit" and calculated == sent)


def _list_response(data: bytes, at: int) -> tuple[ListResponse, int]:
    server: Any
    name: Any
    head = _LIST_HEAD.match(data, at)
    if head is not None:
        server, name = (found and found[1:] for found in head.groups())
        at = head.end()
    else:
        count, at = list_head(data, at)
        if count != _LIST_ELEMENTS:
            raise Malformed("a list response has seven elements")
        _, at = element(data, at)
        server, at = element(data, at)
        name, at = element(data, at)
    time, at = element(data, at)
    length, at = list_head(data, at)
    entries: list[Entry] = []
    unread: list[Unread] = []
    while len(entries) + len(unread) < length and at < len(data):
        try:
            entry, at = _entry(data, at)
            entries.append(entry)
        except Malformed as error:
            # A capture that was damaged here may be whole further on: go on at what looks like the next entry.
            following = data.find(_ENTRY, at + 1)
            following = following if following >= 0 else len(data)
            unread.append(Unread(data[at:following], str(error)))
            at = following
    if unread:
        at = len(data)
    else:
        for _ in range(2):
            _, at = element(data, at)
    return ListResponse(_octets(server), _octets(name), time, tuple(entries), tuple(unread)), at


def _entry(data: bytes, at: int) -> tuple[Entry, int]:
    match = _SHORT_ENTRY.match(data, at)
    if match is None:
        return _any_entry(data, at)
    head, value = match.groups()
    tl = value[0]
    said: Any
    if 0x50 <= tl < 0x70:
        said = int.from_bytes(value[1:], "big", signed=tl < 0x60)
    else:
        said = value[2 if tl & _CONTINUED else 1 :]
    return _made((*_before_value(head), said, tl, len(value) - 1)), match.end()


#: ``Entry._make`` at half the cost.
_made = cast(Callable[[tuple[Any, ...]], Entry], partial(tuple.__new__, Entry))


@lru_cache(maxsize=1024)
def _before_value(head: bytes) -> tuple[Any, ...]:
    """Name, status, time, unit and scaler of an entry: mostly the same in telegram after telegram."""
    at = len(_ENTRY) + 6
    found: list[Any] = [head[len(_ENTRY) : at]]
    while at < len(head):
        value, at = element(head, at)
        found.append(value)
    return tuple(found)


def _any_entry(data: bytes, at: int) -> tuple[Entry, int]:
    count, at = list_head(data, at)
    if count != _ENTRY_ELEMENTS:
        raise Malformed("an entry of a list has seven elements")
    name, at = element(data, at)
    status, at = element(data, at)
    time, at = element(data, at)
    unit, at = element(data, at)
    scaler, at = element(data, at)
    if at >= len(data):
        raise Malformed("it ends in the middle of an entry")
    tl, start = data[at], at
    value, at = element(data, at)
    size = at - start - 1
    _, at = element(data, at)
    if not isinstance(name, bytes) or len(name) != 6:
        raise Malformed("an entry without an OBIS code")
    return Entry(name, _number(status), time, _number(unit), _number(scaler), value, tl, size), at


def _octets(value: Any) -> bytes | None:
    return value if isinstance(value, bytes) else None


def _number(value: Any) -> int | None:
    if value is not None and type(value) is not int:
        raise Malformed("a text where there must be a number")
    return value
