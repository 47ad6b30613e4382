"""EZSP commands that send: unicasts with their acknowledgement, broadcasts, multicasts."""

from __future__ import annotations

from dataclasses import replace

from hil.zigbee.aps import Message, read_message
from hil.zigbee.dialect import Status
from hil.zigbee.fields import Reader, u8
from hil.zigbee.ncp import Ncp, command


@command(0x34)
def send_unicast(ncp: Ncp, reader: Reader) -> bytes:
    kind, destination = reader.u8(), reader.u16()
    message = read_message(reader)
    tag = ncp.dialect.read_tag(reader)
    message = replace(message, data=reader.counted(), sequence=ncp.next_sequence())
    if not ncp.up:
        return ncp.status(Status.INVALID_CALL) + u8(0)
    if len(message.data) > message.room:
        return ncp.status(Status.MESSAGE_TOO_LONG) + u8(0)

    def sent(status: Status) -> None:
        ncp.message_sent(kind, destination, message, tag, status)

    ncp.pan.unicast(destination, message, sent)
    return ncp.status() + u8(message.sequence)


@command(0x36)
def send_broadcast(ncp: Ncp, reader: Reader) -> bytes:
    if ncp.dialect.wide:
        reader.u16()  # alias
    reader.u16()
    if ncp.dialect.wide:
        reader.u8()  # sequence of the alias
    message = read_message(reader)
    reader.u8()
    ncp.dialect.read_tag(reader)
    return _to_all(ncp, replace(message, data=reader.counted()))


@command(0x38)
def send_multicast(ncp: Ncp, reader: Reader) -> bytes:
    message = read_message(reader)
    reader.take(6 if ncp.dialect.wide else 2)  # hops, addresses, radius
    ncp.dialect.read_tag(reader)
    return _to_all(ncp, replace(message, data=reader.counted()))


def _to_all(ncp: Ncp, message: Message) -> bytes:
    if not ncp.up:
        return ncp.status(Status.INVALID_CALL) + u8(0)
    message = message.numbered(ncp.next_sequence())
    ncp.pan.broadcast(message)
    return ncp.status() + u8(message.sequence)


@command(0x39)
def send_reply(ncp: Ncp, reader: Reader) -> bytes:
    """The acknowledgement of a fragment. Nothing here waits for it."""
    return ncp.status()
