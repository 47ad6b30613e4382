"""MeterReadSchedule: which moments it has, refused when there are none, kept over a restart, given, changed and cancelled."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from gateway.headend import moments
from gateway.headend.access import Source
from gateway.headend.door import Door
from gateway.headend.house import House
from gateway.messages import codec
from gateway.messages.codec import to_bytes
from gateway.messages.envelope import ID, Header, Option, Payload, Request, RequestMessage, Verb
from gateway.messages.profiles.meter_read_schedule import (
    MeterReadSchedule,
    ScheduledDevice,
    TimePoint,
    TimeSchedule,
)
from gateway.messages.profiles.parts import DateTimeInterval
from gateway.messages.refusals import Refusal
from gateway.store import outbox

AT = datetime(2026, 6, 1, 12, 7, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")
HOURLY = TimeSchedule(recurrence_period=Decimal(3600))


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        (HOURLY, [(1, 13, 0), (1, 14, 0), (1, 15, 0)]),
        (TimeSchedule(recurrence_period=Decimal(900), offset=Decimal(60)), [(1, 12, 16), (1, 12, 31), (1, 12, 46)]),
        (TimeSchedule(recurrence_pattern="Daily"), [(1, 22, 0), (2, 22, 0), (3, 22, 0)]),
        (
            TimeSchedule(time_points=(TimePoint(date_time=AT + timedelta(minutes=5)), TimePoint(relative_time_interval=Decimal(30)))),
            [(1, 12, 7), (1, 12, 12)],
        ),
        (
            TimeSchedule(recurrence_period=Decimal(3600), schedule_interval=DateTimeInterval(end=AT + timedelta(hours=2))),
            [(1, 13, 0), (1, 14, 0)],
        ),
        (TimeSchedule(disabled=True, recurrence_period=Decimal(3600)), []),
    ],
)  # fmt: skip
def test_moments(schedule: TimeSchedule, expected: list[tuple[int, int, int]]) -> None:
    found: list[datetime] = []
    after: datetime | None = AT
    while len(found) < 3 and (after := moments.next_after(schedule, AT, after, BERLIN)) is not None:
        found.append(after)
    assert [(one.day, one.hour, one.minute) for one in found] == expected


@pytest.mark.parametrize(
    "schedule",
    [
        TimeSchedule(),
        TimeSchedule(recurrence_pattern="now and then"),
        TimeSchedule(recurrence_period=Decimal(1)),
        TimeSchedule(recurrence_period=Decimal(7000)),
        TimeSchedule(recurrence_period=Decimal(3600), offset=Decimal(4000)),
        TimeSchedule(
            recurrence_period=Decimal(3600), schedule_interval=DateTimeInterval(start=AT, end=AT - timedelta(1))
        ),
    ],
)
def test_what_no_moment_follows_from(schedule: TimeSchedule) -> None:
    with pytest.raises(Refusal) as refused:
        moments.check(schedule, UTC)
    assert refused.value.code == "1.8"


@pytest.fixture
def say(door: Door, head_end: Source) -> Callable[..., Any]:
    """Sends a request about schedules and gives its answer."""
    number = iter(range(1000))

    async def send(verb: str, schedule: MeterReadSchedule | None = None, *ids: str, source: Source = head_end) -> Any:
        name = f"s-{next(number)}"
        header = Header(verb=Verb(verb), noun="MeterReadSchedule", message_id=name, correlation_id=f"c-{name}")
        named = tuple(ID(value=one) for one in ids)
        if verb == "get":
            message = RequestMessage(
                header=header, request=Request(id=named, option=() if named else (Option(name="all"),))
            )
        else:
            payload = Payload(content=(schedule,)) if schedule else Payload(id=named)
            request = Request(id=named) if schedule and named else None
            message = RequestMessage(header=header, request=request, payload=payload)
        return codec.read((await door.take(to_bytes(message), source)).body).message

    return send


def of(name: str, schedule: TimeSchedule = HOURLY) -> MeterReadSchedule:
    return MeterReadSchedule(end_device=(ScheduledDevice(mrid=name),), time_schedule=(schedule,))


async def test_made_given_changed_and_cancelled(say: Callable[..., Any]) -> None:
    made = await say("create", of("main"))
    (name,) = [one.value for one in made.reply.id]
    assert name == "s-0"
    daily = TimeSchedule(recurrence_pattern="daily")
    assert (await say("change", of("main", daily), name)).reply.result == "OK"
    (given,) = (await say("get", None, name)).payload.content
    assert given.time_schedule == (daily,)
    # By the CorrelationID of its create too.
    assert (await say("cancel", None, "c-s-0")).reply.result == "OK"
    assert (await say("get", None, name)).reply.error[0].code == "2.15"
    assert (await say("cancel", None, name)).reply.error[0].code == "2.15"


async def test_several_are_several_answers(say: Callable[..., Any], house: House) -> None:
    for _ in range(3):
        await say("create", of("main"))
    first = await say("get")
    assert first.reply.error[0].code == "0.1"
    waiting = await house.read(lambda connection: connection.execute("SELECT class, body FROM outbox").fetchall())
    more = [codec.read(body).message for kind, body in waiting if kind == outbox.MessageClass.REPLY]
    assert [one.reply.error[0].code for one in more] == ["0.1", "0.0"]


@pytest.mark.parametrize(("schedule", "code"), [(of("nobody"), "2.4"), (of("main", TimeSchedule()), "1.8")])
async def test_what_cannot_be_performed_is_refused(
    say: Callable[..., Any], schedule: MeterReadSchedule, code: str
) -> None:
    assert (await say("create", schedule)).reply.error[0].code == code
