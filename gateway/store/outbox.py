"""Messages that were accepted and are not yet delivered, in the order they were accepted, a queue for each sink.

A message leaves by being delivered, by being refused for good (the dead-letter list, from where an operator replays
it), or, telemetry only and oldest first, when the quota is reached: then it is counted as lost.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from gateway.store.connection import Connection
from gateway.store.moments import micros, moment
from gateway.store.store import Store


class MessageClass(StrEnum):
    """What a message is worth when room is short: telemetry goes first, events and replies are kept."""

    TELEMETRY = "telemetry"
    EVENT = "event"
    REPLY = "reply"


@dataclass(frozen=True, slots=True)
class Waiting:
    """One message of the outbox. ``number`` is its place; ``body`` the bytes that every try sends."""

    number: int
    sink: str
    message_id: str
    message_class: MessageClass
    accepted_at: datetime
    body: bytes
    tries: int
    refused: str | None


@dataclass(frozen=True, slots=True)
class Quota:
    """How much telemetry may wait: bytes of bodies in all, and an age."""

    size: int
    age: timedelta


@dataclass(frozen=True, slots=True)
class Message:
    """A message to be taken: what identifies it, what it is worth, and its bytes."""

    message_id: str
    message_class: MessageClass
    body: bytes


def put(connection: Connection, sinks: Sequence[str], message: Message, at: datetime) -> int:
    """Take ``message`` for each sink, within the caller's commit. The result counts those that had it not yet."""
    taken = 0
    for sink in sinks:
        row = (sink, message.message_id, str(message.message_class), micros(at), message.body)
        new = connection.execute(
            "INSERT INTO outbox (sink, message_id, class, accepted_at, body) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT DO NOTHING RETURNING 1",
            row,
        ).fetchone()
        taken += new is not None
    return taken


_OLDEST_TELEMETRY = (
    "SELECT id, sink, length(body), accepted_at FROM outbox WHERE class = 'telemetry' ORDER BY id LIMIT 1"
)


class Outbox:
    """The queues. Every method returns a future that is done when its change is on the disk."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def accept(
        self, sinks: Sequence[str], message_id: str, message_class: MessageClass, body: bytes, at: datetime
    ) -> Future[int]:
        """Take a message for each sink. The result counts those that had it not yet: the same id is taken once."""
        return self._store.write(
            lambda connection: put(connection, sinks, Message(message_id, message_class, body), at)
        )

    def next(self, sink: str, most: int) -> Future[list[Waiting]]:
        """The oldest messages that wait for ``sink``."""
        return self._select("sink = ? AND refused IS NULL ORDER BY id LIMIT ?", (sink, most))

    def dead_letters(self, most: int = 1000) -> Future[list[Waiting]]:
        """What sinks refused for good, oldest first."""
        return self._select("refused IS NOT NULL ORDER BY id LIMIT ?", (most,))

    def delivered(self, numbers: Sequence[int]) -> Future[None]:
        """The sink has them: forget them."""
        return self._change("DELETE FROM outbox WHERE id = ?", numbers)

    def tried(self, numbers: Sequence[int]) -> Future[None]:
        """A try that is to be repeated."""
        return self._change("UPDATE outbox SET tries = tries + 1 WHERE id = ?", numbers)

    def refuse(self, number: int, why: str) -> Future[None]:
        """The sink will never take it: move it to the dead-letter list."""

        def work(connection: Connection) -> None:
            connection.execute("UPDATE outbox SET refused = ?, tries = tries + 1 WHERE id = ?", (why, number))

        return self._store.write(work)

    def replay(self, numbers: Sequence[int]) -> Future[None]:
        """Back from the dead-letter list into the queue, at its old place."""
        return self._change("UPDATE outbox SET refused = NULL WHERE id = ?", numbers)

    def keep_within(self, quota: Quota, now: datetime) -> Future[int]:
        """Give up the oldest telemetry beyond the quota; each is counted in ``losses``. The result counts them."""
        oldest = micros(now - quota.age)

        def work(connection: Connection) -> int:
            (size,) = connection.execute("SELECT coalesce(sum(length(body)), 0) FROM outbox").fetchone()
            given_up = 0
            # One after the other: what waits after a month's outage must not all be in memory.
            while (row := connection.execute(_OLDEST_TELEMETRY).fetchone()) is not None:
                number, sink, length, accepted_at = row
                if accepted_at >= oldest and size <= quota.size:
                    break
                reason = "older than the quota" if accepted_at < oldest else "more than the quota"
                connection.execute("DELETE FROM outbox WHERE id = ?", (number,))
                connection.execute(
                    "INSERT INTO loss VALUES (?, 'telemetry', ?, 1)"
                    " ON CONFLICT (sink, class, reason) DO UPDATE SET messages = messages + 1",
                    (sink, reason),
                )
                size -= length
                given_up += 1
            return given_up

        return self._store.write(work)

    def losses(self) -> Future[dict[tuple[str, str, str], int]]:
        """(sink, class, reason) -> messages that were given up, ever."""

        def work(connection: Connection) -> dict[tuple[str, str, str], int]:
            rows = connection.execute("SELECT sink, class, reason, messages FROM loss").fetchall()
            return {(sink, kind, reason): messages for sink, kind, reason, messages in rows}

        return self._store.read(work)

    def _select(self, where: str, parameters: Sequence[object]) -> Future[list[Waiting]]:
        sql = f"SELECT id, sink, message_id, class, accepted_at, body, tries, refused FROM outbox WHERE {where}"  # noqa: S608 - ours

        def work(connection: Connection) -> list[Waiting]:
            return [_waiting(row) for row in connection.execute(sql, tuple(parameters)).fetchall()]

        return self._store.read(work)

    def _change(self, sql: str, numbers: Sequence[int]) -> Future[None]:
        rows = [(number,) for number in numbers]

        def work(connection: Connection) -> None:
            connection.executemany(sql, rows)

        return self._store.write(work)


def _waiting(row: tuple[int, str, str, str, int, bytes, int, str | None]) -> Waiting:
    number, sink, message_id, kind, accepted_at, body, tries, refused = row
    return Waiting(number, sink, message_id, MessageClass(kind), moment(accepted_at), body, tries, refused)
