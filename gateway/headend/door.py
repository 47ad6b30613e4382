"""The door: bytes of a known source in, the bytes of its answer out, and further answers by the outbox.

What is asked twice under one MessageID is done once and answered with the same bytes. Whatever happens, there is an answer.

An answer is kept in the commit that does what was asked to the store. So a request without an answer has changed nothing:
after a restart it is done anew, by itself where it was acknowledged, else when its sender repeats it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from hashlib import sha256

from gateway.headend import replay
from gateway.headend.access import Source
from gateway.headend.doing import Doer
from gateway.headend.house import House
from gateway.headend.limits import Limits
from gateway.headend.nouns import HANDLERS
from gateway.messages import intake, reception, refusals, replies
from gateway.messages.carriage import Carriage
from gateway.messages.envelope import Reply, ResponseMessage, Result, Verb
from gateway.messages.errors import MessageError
from gateway.messages.exchange import response
from gateway.store import requests
from gateway.store.connection import Connection
from gateway.store.errors import StoreError

#: What is older than it is kept is looked for so often.
_PRUNE_EVERY_S = 3600.0


@dataclass(frozen=True, slots=True)
class Delivery:
    """The bytes that go back, and whether they answer something that was read as a message with a header."""

    body: bytes
    understood: bool
    carriage: Carriage


class Door:
    """``answer_within_s``: a request that takes longer is acknowledged, and answered later. ``wake``: the outbox has something.
    A message beyond ``most_bytes`` is refused.

    ``counts`` are the requests by source, noun and whether they were taken or refused.
    """

    def __init__(
        self,
        house: House,
        answer_within_s: float,
        wake: Callable[[], None],
        most_bytes: int = intake.MOST_BYTES,
    ) -> None:
        self._house = house
        self._doer = Doer(house, wake)
        self._answer_within_s = answer_within_s
        self._most_bytes = most_bytes
        self._limits = Limits()
        self._open: dict[tuple[str, str], asyncio.Task[bytes]] = {}
        self._tasks: set[asyncio.Task[bytes]] = set()
        self.counts: dict[tuple[str, str, str], int] = {}

    async def take(self, data: bytes, source: Source) -> Delivery:
        """One message of ``source``. Raises nothing that belongs to the message, the meters or the store."""
        at = self._house.now()
        taken = reception.receive(data, at=at, source=self._house.name, most_bytes=self._most_bytes)
        if isinstance(taken, reception.Refused):
            self._count(source, "", Result.FAILED)
            understood = isinstance(taken.answer, ResponseMessage)
            return Delivery(taken.to_bytes(), understood, taken.way.carriage)
        try:
            self._check(taken, source)
            body = await self._once(data, taken, source, at)
        except MessageError as problem:
            body = self._refused(taken, source, problem, at)
        except StoreError as error:
            self._house.states.say("store", str(error))
            body = self._refused(taken, source, refusals.too_busy("the store takes nothing now"), at)
        return Delivery(body, True, taken.way.carriage)

    async def go_on(self, known: Callable[[str], Source | None]) -> None:
        """Do what was acknowledged before a restart, and answer it. ``known`` finds a source by its name."""
        for one in await self._house.read(requests.unanswered):
            source = known(one.source)
            taken = reception.receive(one.body, at=one.received_at, source=self._house.name)
            if source is not None and isinstance(taken, reception.Taken):
                self._start(taken, source, one.received_at, one.message_id)

    async def forget(self, keep: timedelta) -> None:
        """Forget MessageIDs and nonces that are older than ``keep``, for ever."""
        while True:
            before = self._house.now() - keep
            try:
                await self._house.read(partial(requests.prune, before=before))
            except StoreError as error:
                self._house.states.say("store", str(error))
            await asyncio.sleep(_PRUNE_EVERY_S)

    def _check(self, taken: reception.Taken, source: Source) -> None:
        header = taken.header
        if header.source and header.source != source.name:
            raise refusals.unknown_source(header.source)
        self._limits.take(source.name, source.per_minute, len(self._tasks), time.monotonic())
        if header.reply_address and header.reply_address not in source.reply_addresses:
            raise refusals.reply_address(header.reply_address)
        for asked in taken.asked:
            source.check(asked.verb, asked.noun)
            if (asked.verb, asked.noun) not in HANDLERS:
                raise refusals.not_attempted(f"{asked.verb} {asked.noun} is not done by this gateway")

    async def _once(self, data: bytes, taken: reception.Taken, source: Source, at: datetime) -> bytes:
        name = taken.header.message_id
        if name is None:
            if any(asked.verb is not Verb.GET for asked in taken.asked):
                raise refusals.field_missing("MessageID", "/Header/MessageID")
            await self._house.read(lambda connection: replay.check(connection, taken.header, source, at))
            return await self._within(taken, source, self._start(taken, source, at, None), at)
        key = (source.name, name)

        def take(connection: Connection) -> requests.Taken | None:
            earlier = requests.take(connection, *key, data, at)
            if earlier is None:
                replay.check(connection, taken.header, source, at)
            return earlier

        earlier = await self._house.read(take)
        if earlier is not None and earlier.digest != sha256(data).digest():
            raise refusals.used_twice(name)
        if earlier is not None and earlier.reply is not None:
            return earlier.reply
        task = self._open.get(key) or self._start(taken, source, at, name)
        if not source.replies:
            return await self._within(taken, source, task, at)
        done, _ = await asyncio.wait([task], timeout=0 if taken.header.async_reply_flag else self._answer_within_s)
        if done or not await self._house.read(lambda connection: requests.acknowledge(connection, *key)):
            return await task
        return self._write(taken, replies.acknowledged(), at)

    async def _within(self, taken: reception.Taken, source: Source, task: asyncio.Task[bytes], at: datetime) -> bytes:
        """The answer, for a sender that nothing can be sent to later. When it asks again, it is given what came of it."""
        done, _ = await asyncio.wait([task], timeout=self._answer_within_s)
        return task.result() if done else self._refused(taken, source, refusals.timed_out(self._answer_within_s), at)

    def _start(self, taken: reception.Taken, source: Source, at: datetime, name: str | None) -> asyncio.Task[bytes]:
        task = asyncio.get_running_loop().create_task(self._doer.do(taken, source, at, name))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        self._count(source, taken.header.noun, Result.OK)
        if name is not None:
            self._open[(source.name, name)] = task
            task.add_done_callback(lambda _: self._open.pop((source.name, name), None))
        return task

    def _refused(self, taken: reception.Taken, source: Source, problem: MessageError, at: datetime) -> bytes:
        self._count(source, taken.header.noun, Result.FAILED)
        return self._write(taken, replies.failed([problem], taken.header.verb), at)

    def _write(self, taken: reception.Taken, reply: Reply, at: datetime) -> bytes:
        edition = taken.way.edition
        return taken.way.to_bytes(response(taken.message, reply, at=at, source=self._house.name, edition=edition))

    def _count(self, source: Source, noun: str, result: Result) -> None:
        key = (source.name, noun, "taken" if result is Result.OK else "refused")
        self.counts[key] = self.counts.get(key, 0) + 1
