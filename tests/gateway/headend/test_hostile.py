"""Mutated requests: always an answer with a code, never an effect that was not granted, never a fault of ours."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable

import pytest
from lxml import etree

from gateway.headend.access import Grant, Source
from gateway.headend.door import Door
from gateway.headend.house import House
from gateway.messages import codec
from gateway.messages.catalogue import PAYLOADS
from gateway.messages.codec import to_bytes
from gateway.messages.envelope import Header, Payload, Request, RequestMessage, Verb
from gateway.messages.sample import sample
from gateway.store.connection import Connection

#: May read, and change nothing.
READER = Source("HE-001", (Grant(frozenset({"get"}), frozenset({"*"})),), per_minute=10**9)
#: Tables that a request of such a source must leave as they are; the audit log has its refusals.
UNTOUCHED = ("control_order", "read_schedule", "thing", "linkage", "belongs", "outbox", "reading")


def messages() -> list[bytes]:
    """A valid request of every noun and verb that is heard."""
    made = []
    for name, payload in PAYLOADS.items():
        for verb in payload.hears:
            if payload.noun != name:
                continue
            header = Header(verb=Verb(verb), noun=name, message_id=f"{verb}-{name}", correlation_id="c")
            if verb == "get":
                get = PAYLOADS.get(f"Get{name}")
                content = (sample(get.declared),) if get else ()
                made.append(to_bytes(RequestMessage(header=header, request=Request(content=content))))
            else:
                made.append(
                    to_bytes(RequestMessage(header=header, payload=Payload(content=(sample(payload.declared),))))
                )
    return made


def mutated(data: bytes, chance: random.Random) -> bytes:
    """By bytes, or by elements that are moved, doubled, emptied or renamed."""
    if chance.random() < 0.4:
        body = bytearray(data)
        for _ in range(chance.randint(1, 8)):
            at = chance.randrange(len(body))
            match chance.randrange(3):
                case 0:
                    body[at] = chance.randrange(256)
                case 1:
                    del body[at : at + chance.randint(1, 40)]
                case _:
                    body[at:at] = chance.randbytes(chance.randint(1, 12))
            if not body:
                break
        return bytes(body)
    root = etree.fromstring(data)
    for _ in range(chance.randint(1, 4)):
        element = chance.choice(list(root.iter()))
        parent = element.getparent()
        match chance.randrange(5):
            case 0 if parent is not None:
                parent.remove(element)
            case 1 if parent is not None:
                parent.insert(0, element)
            case 2:
                element.text = chance.choice(
                    ["", "x", "-1", "9" * 50, "2026-13-01T00:00:00Z", "create", "get", "¤", "a" * 5000]
                )
            case 3 if parent is not None:
                parent.append(etree.fromstring(etree.tostring(element)))
            case _:
                element.tag = chance.choice(["{http://iec.ch/TC57/2011/schema/message}Header", "{urn:x}Y", "Verb"])
    return etree.tostring(root)


def state(connection: Connection) -> list[list[object]]:
    return [connection.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall() for table in UNTOUCHED]


async def storm(house: House, many: int, seed: int, caplog: pytest.LogCaptureFixture) -> None:
    door, chance, valid = Door(house, 30.0, lambda: None), random.Random(seed), messages()
    before = await house.read(state)
    with caplog.at_level(logging.ERROR, "metergate"):
        for number in range(many):
            body = mutated(chance.choice(valid), chance)
            answer = codec.read((await door.take(body, READER)).body).message
            assert answer.reply.error, (number, body)
            assert all(error.code for error in answer.reply.error)
    assert not caplog.records, caplog.text
    assert await house.read(state) == before


async def test_some_hundred(house: House, caplog: pytest.LogCaptureFixture) -> None:
    await storm(house, 300, 1, caplog)


@pytest.mark.slow
async def test_ten_thousand(house: House, caplog: pytest.LogCaptureFixture) -> None:
    await storm(house, 10_000, 2, caplog)


async def test_one_who_may_do_everything_breaks_nothing(
    house: House, head_end: Source, caplog: pytest.LogCaptureFixture, order: Callable[..., bytes]
) -> None:
    door, chance, valid = Door(house, 30.0, lambda: None), random.Random(3), messages()
    with caplog.at_level(logging.ERROR, "metergate"):
        for _ in range(300):
            body = mutated(chance.choice(valid), chance) if chance.random() < 0.8 else chance.choice(valid)
            answer = codec.read((await door.take(body, head_end)).body).message
            assert answer.reply.error
    assert not caplog.records, caplog.text
    assert codec.read((await door.take(order("3.31.0.23", message_id="last"), head_end)).body).message.reply.error
