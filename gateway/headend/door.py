"""The door: bytes of a known source in, the bytes of its answer out, and further answers by the outbox.

What is asked twice under one MessageID is done once and answered with the same bytes. Whatever happens, there is an answer.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from drivers.errors import MeterError
from gateway.headend.access import Source
from gateway.headend.house import House
from gateway.headend.incoming import Answer, Incoming
from gateway.headend.nouns import HANDLERS
from gateway.messages import reception, refusals, replies
from gateway.messages.carriage import Carriage
from gateway.messages.codec import to_bytes
from gateway.messages.editions import Edition
from gateway.messages.envelope import (
    EventMessage,
    Message,
    Reply,
    Request,
    RequestMessage,
    ResponseMessage,
    Verb,
)
from gateway.messages.errors import MessageError
from gateway.messages.exchange import response
from gateway.store import outbox, requests
from gateway.store.connection import Connection
from gateway.store.errors import StoreError
from gateway.store.outbox import MessageClass

_log = logging.getLogger("metergate")


@dataclass(frozen=True, slots=True)
class Delivery:
    """The bytes that go back, and whether they answer something that was read as a message with a header."""

    body: bytes
    understood: bool
    carriage: Carriage


class Door:
    """``answer_within_s``: a request that takes longer is acknowledged, and answered later. ``wake``: the outbox has something."""

    def __init__(self, house: House, answer_within_s: float, wake: Callable[[], None]) -> None:
        self._house = house
        self._wake = wake
        self._answer_within_s = answer_within_s
        self._open: dict[tuple[str, str], asyncio.Task[bytes]] = {}
        self._tasks: set[asyncio.Task[bytes]] = set()

    async def take(self, data: bytes, source: Source) -> Delivery:
        """One message of ``source``. Raises nothing that belongs to the message, the meters or the store."""
        at = self._house.now()
        taken = reception.receive(data, at=at, source=self._house.name)
        if isinstance(taken, reception.Refused):
            understood = isinstance(taken.answer, ResponseMessage)
            return Delivery(taken.to_bytes(), understood, taken.way.carriage)
        try:
            self._check(taken, source)
            body = await self._once(data, taken, source, at)
        except MessageError as problem:
            body = self._write(taken, replies.failed([problem], taken.header.verb), at)
        except StoreError as error:
            self._house.states.say("store", str(error))
            body = self._write(taken, replies.failed([refusals.too_busy("the store takes nothing now")]), at)
        return Delivery(body, True, taken.way.carriage)

    def _check(self, taken: reception.Taken, source: Source) -> None:
        said = taken.header.source
        if said and said != source.name:
            raise refusals.unknown_source(said)
        for asked in taken.asked:
            source.check(asked.verb, asked.noun)
            if (asked.verb, asked.noun) not in HANDLERS:
                raise refusals.not_attempted(f"{asked.verb} {asked.noun} is not done by this gateway")

    async def _once(self, data: bytes, taken: reception.Taken, source: Source, at: datetime) -> bytes:
        name = taken.header.message_id
        if name is None:
            if any(asked.verb is not Verb.GET for asked in taken.asked):
                raise refusals.field_missing("MessageID", "/Header/MessageID")
            return await self._within(taken, self._start(taken, source, at, None), at)
        key = (source.name, name)
        earlier = await self._house.read(lambda connection: requests.take(connection, *key, data, at))
        if earlier is not None and earlier.digest != sha256(data).digest():
            raise refusals.used_twice(name)
        if earlier is not None and earlier.reply is not None:
            return earlier.reply
        task = self._open.get(key) or self._start(taken, source, at, name)
        if not source.replies:
            return await self._within(taken, task, at)
        done, _ = await asyncio.wait([task], timeout=0 if taken.header.async_reply_flag else self._answer_within_s)
        if done or not await self._house.read(lambda connection: requests.acknowledge(connection, *key)):
            return await task
        return self._write(taken, replies.acknowledged(), at)

    async def _within(self, taken: reception.Taken, task: asyncio.Task[bytes], at: datetime) -> bytes:
        """The answer, for a sender that nothing can be sent to later. When it asks again, it is given what came of it."""
        done, _ = await asyncio.wait([task], timeout=self._answer_within_s)
        if done:
            return task.result()
        late = refusals.timed_out(self._answer_within_s)
        return self._write(taken, replies.failed([late], taken.header.verb), at)

    def _start(self, taken: reception.Taken, source: Source, at: datetime, name: str | None) -> asyncio.Task[bytes]:
        task = asyncio.get_running_loop().create_task(self._do(taken, source, at, name))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        if name is not None:
            self._open[(source.name, name)] = task
            task.add_done_callback(lambda _: self._open.pop((source.name, name), None))
        return task

    async def _do(self, taken: reception.Taken, source: Source, at: datetime, name: str | None) -> bytes:
        asked = taken.asked[0]
        incoming = Incoming(asked, taken.header, _request(taken.message), source, at, bool(source.replies))
        try:
            first, *more = await HANDLERS[(asked.verb, asked.noun)](self._house, incoming)
        except (MessageError, MeterError) as problem:
            first, more = Answer(replies.failed([problem], asked.verb)), []
        except StoreError as error:
            self._house.states.say("store", str(error))
            first, more = Answer(replies.failed([refusals.too_busy("the store takes nothing now")])), []
        except Exception:  # noqa: BLE001 - whatever our own fault is, the sender gets an answer, and we hear of it
            _log.exception("%s %s of %s failed by a mistake of ours", asked.verb, asked.noun, source.name)
            first, more = Answer(replies.failed([refusals.failed("a fault in the gateway")])), []
        return await self._keep(taken, source, at, name, first, more)

    async def _keep(
        self,
        taken: reception.Taken,
        source: Source,
        at: datetime,
        name: str | None,
        first: Answer,
        more: Sequence[Answer],
    ) -> bytes:
        def work(connection: Connection) -> tuple[bytes, int]:
            reply = first.commit(connection) if first.commit else first.reply
            message = self._response(taken, reply, at, first.content)
            body, later = (
                taken.way.to_bytes(message),
                [self._response(taken, one.reply, at, one.content) for one in more],
            )
            if name is not None and requests.answer(connection, source.name, name, body, self._house.now()):
                later.insert(0, message)
            return body, sum(self._put(connection, source, taken.way.edition, one, at) for one in later)

        try:
            body, sent = await self._house.read(work)
        except MessageError as problem:
            return await self._keep(taken, source, at, name, Answer(replies.failed([problem], taken.header.verb)), ())
        if sent:
            self._wake()
        if first.then is not None:
            first.then()
        return body

    def _put(
        self, connection: Connection, source: Source, edition: Edition, message: ResponseMessage, at: datetime
    ) -> int:
        """Into the queue of the sink that the source's answers go to."""
        assert message.header.message_id is not None  # noqa: S101 - response() names every message
        waiting = outbox.Message(message.header.message_id, MessageClass.REPLY, to_bytes(message, edition))
        return outbox.put(connection, [source.replies], waiting, at)

    def _response(
        self, taken: reception.Taken, reply: Reply, at: datetime, content: object | None = None
    ) -> ResponseMessage:
        return response(
            taken.message, reply, at=at, source=self._house.name, content=content, edition=taken.way.edition
        )

    def _write(self, taken: reception.Taken, reply: Reply, at: datetime) -> bytes:
        return taken.way.to_bytes(self._response(taken, reply, at))


def _request(message: RequestMessage | EventMessage | Message) -> Request | None:
    return None if isinstance(message, EventMessage) else message.request
