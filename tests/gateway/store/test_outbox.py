"""The outbox: taken once, sent in order, given up by rule and counted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from gateway.store.outbox import MessageClass, Outbox, Quota
from gateway.store.store import Store

NOON = datetime(2026, 3, 29, 12, tzinfo=UTC)
TELEMETRY, EVENT = MessageClass.TELEMETRY, MessageClass.EVENT


@pytest.fixture
def outbox(store: Store) -> Outbox:
    return Outbox(store)


def accept(outbox: Outbox, name: str, kind: MessageClass = TELEMETRY, body: bytes = b"x", at: datetime = NOON) -> int:
    return outbox.accept(["mqtt"], name, kind, body, at).result()


def names(outbox: Outbox, sink: str = "mqtt") -> list[str]:
    return [message.message_id for message in outbox.next(sink, 100).result()]


def test_in_order_and_once(outbox: Outbox) -> None:
    assert [accept(outbox, name) for name in ("b", "a", "b")] == [1, 1, 0]
    assert names(outbox) == ["b", "a"]


def test_each_sink_has_its_own_queue(outbox: Outbox) -> None:
    assert outbox.accept(["mqtt", "http"], "m", TELEMETRY, b"body", NOON).result() == 2
    (message,) = outbox.next("http", 5).result()
    assert (message.body, message.accepted_at, message.tries) == (b"body", NOON, 0)
    outbox.delivered([message.number]).result()
    assert (names(outbox, "http"), names(outbox, "mqtt")) == ([], ["m"])


def test_refused_is_seen_and_replayed_at_its_old_place(outbox: Outbox) -> None:
    for name in ("a", "b", "c"):
        accept(outbox, name)
    first = outbox.next("mqtt", 1).result()[0]
    outbox.refuse(first.number, "400 unknown noun").result()
    assert names(outbox) == ["b", "c"]
    (dead,) = outbox.dead_letters().result()
    assert (dead.message_id, dead.refused, dead.tries) == ("a", "400 unknown noun", 1)
    outbox.replay([dead.number]).result()
    assert names(outbox) == ["a", "b", "c"]


def test_beyond_the_quota_telemetry_goes_oldest_first_and_is_counted(outbox: Outbox) -> None:
    accept(outbox, "event", EVENT, b"e" * 100)
    for number in range(10):
        accept(outbox, f"t{number}", TELEMETRY, b"t" * 100, NOON + timedelta(hours=number))
    gone = outbox.keep_within(Quota(600, timedelta(days=1)), NOON + timedelta(hours=10)).result()
    assert gone == 5
    assert names(outbox) == ["event", "t5", "t6", "t7", "t8", "t9"]
    assert outbox.losses().result() == {("mqtt", "telemetry", "more than the quota"): 5}
    assert outbox.keep_within(Quota(600, timedelta(hours=3)), NOON + timedelta(hours=10)).result() == 2
    assert outbox.losses().result()[("mqtt", "telemetry", "older than the quota")] == 2
    assert names(outbox) == ["event", "t7", "t8", "t9"]
