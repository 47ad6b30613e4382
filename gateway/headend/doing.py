"""Doing what was taken: the handler is called, and its answer is kept together with what it changes."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import datetime

from drivers.errors import MeterError
from gateway.headend import operations
from gateway.headend.access import Source
from gateway.headend.house import House
from gateway.headend.incoming import Answer, Incoming
from gateway.headend.nouns import handler
from gateway.messages import reception, refusals, replies
from gateway.messages.codec import to_bytes
from gateway.messages.editions import Edition
from gateway.messages.envelope import EventMessage, Message, Reply, Request, RequestMessage, ResponseMessage, Verb
from gateway.messages.errors import MessageError
from gateway.messages.exchange import response
from gateway.messages.rules import OPERATION_SET, Asked
from gateway.store import audit, outbox, requests
from gateway.store.connection import Connection
from gateway.store.errors import StoreError
from gateway.store.outbox import MessageClass

_log = logging.getLogger("metergate")


class Doer:
    """``wake`` is called when the outbox has something."""

    def __init__(self, house: House, wake: Callable[[], None]) -> None:
        self._house = house
        self._wake = wake

    async def do(self, taken: reception.Taken, source: Source, at: datetime, name: str | None) -> bytes:
        """Do what is asked and keep the answer under the MessageID ``name``; the bytes of the first answer.

        Raises StoreError when nothing could be kept: then nothing was done.
        """
        try:
            answers = await self._answers(taken, source, at)
        except MessageError as problem:
            answers = [Answer(replies.failed([problem], taken.header.verb))]
        return await self._keep(taken, source, at, name, answers)

    async def _answers(self, taken: reception.Taken, source: Source, at: datetime) -> Sequence[Answer]:
        message = taken.message
        if taken.header.noun != OPERATION_SET or isinstance(message, EventMessage):
            return await self._handled(taken.asked[0], taken, source, at)
        found = operations.of(message)
        assert found is not None  # noqa: S101 - the rules took the operations from it
        operations.check_whole(found, taken.asked)
        each = [(await self._handled(asked, taken, source, at))[0] for asked in taken.asked]
        return [operations.together(found, each)]

    async def _handled(self, asked: Asked, taken: reception.Taken, source: Source, at: datetime) -> Sequence[Answer]:
        incoming = Incoming(asked, taken.header, _request(taken.message), source, at, bool(source.replies))
        try:
            return await handler(asked.verb, asked.noun)(self._house, incoming)
        except (MessageError, MeterError) as problem:
            return [Answer(replies.failed([problem], asked.verb))]
        except StoreError:
            raise
        except Exception:  # noqa: BLE001 - whatever our own fault is, the sender gets an answer, and we hear of it
            _log.exception("%s %s of %s failed by a mistake of ours", asked.verb, asked.noun, source.name)
            return [Answer(replies.failed([refusals.failed("a fault in the gateway")]))]

    async def _keep(
        self, taken: reception.Taken, source: Source, at: datetime, name: str | None, answers: Sequence[Answer]
    ) -> bytes:
        first, *more = answers

        def work(connection: Connection) -> tuple[bytes, int]:
            reply = first.commit(connection) if first.commit else first.reply
            message = self._response(taken, reply, at, first.content)
            body = taken.way.to_bytes(message)
            later = [self._response(taken, one.reply, at, one.content) for one in more]
            if name is not None and requests.answer(connection, source.name, name, body, self._house.now()):
                later.insert(0, message)
            if any(asked.verb is not Verb.GET for asked in taken.asked):
                audit.append(connection, _entry(taken, source, at, reply))
            return body, sum(self._put(connection, source, taken.way.edition, one, at) for one in later)

        try:
            body, sent = await self._house.read(work)
        except MessageError as problem:
            failed = Answer(replies.failed([problem], taken.header.verb))
            return await self._keep(taken, source, at, name, [failed])
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
        edition = taken.way.edition
        return response(taken.message, reply, at=at, source=self._house.name, content=content, edition=edition)


def _request(message: RequestMessage | EventMessage | Message) -> Request | None:
    return None if isinstance(message, EventMessage) else message.request


def _entry(taken: reception.Taken, source: Source, at: datetime, reply: Reply) -> audit.Entry:
    """What was asked to be changed, named by what can be named without repeating it: an install code is a secret."""
    header = taken.header
    user = f"{header.user.user_id}" if header.user else ""
    what = ", ".join(f"{one.verb} {one.noun}" for one in taken.asked)
    about = [error.id.value for error in reply.error if error.id] + [one.value for one in reply.id]
    outcome = " ".join([str(reply.result), *dict.fromkeys(error.code for error in reply.error)])
    what = f"{what}: {', '.join(about)}" if about else what
    return audit.Entry(at, source.name, user, header.verb, header.noun, header.message_id or "", what, outcome)
