"""``get MeterReadings``: chosen by type, time, usage point and group; each meter that fails is named, the others are given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from drivers.reading import Column, Meter, Obis, Reading, Row, Series
from gateway.acquisition.dispatch import Origin
from gateway.config.model import MeterTable
from gateway.headend.access import Source
from gateway.headend.door import Door
from gateway.headend.house import House
from gateway.messages import codec
from gateway.messages.codec import to_bytes
from gateway.messages.envelope import Header, Option, Request, RequestMessage, Result, Verb
from gateway.messages.profiles.get_meter_readings import (
    CoincidentReading,
    GetMeterReadings,
    RequestedInterval,
    Trigger,
)
from gateway.messages.profiles.parts import DateTimeInterval, Identified, Name
from gateway.store import outbox

ENERGY = "0.0.0.1.1.1.12.0.0.0.0.0.0.0.0.3.72.0"
DEMAND = Obis.parse("1-0:1.6.0")
Ask = Callable[..., Any]


def named(*names: str) -> tuple[Identified, ...]:
    return tuple(Identified(names=(Name(name=name),)) for name in names)


@pytest.fixture
async def street(house: House) -> House:
    """120 meters, of which the first has a load profile of a day beside its register."""
    tables = dict(house.meters)
    for number in range(120):
        name = f"m{number:03}"
        tables[name] = MeterTable.model_validate(
            {"name": name, "url": f"dlms://127.0.0.1:{5000 + number}?client=16", "usage_point": f"up-{number:03}"}
        )
        meter, at = Meter("MGT", f"9{number:05}"), house.now()
        value = Reading(meter.key, Obis.parse("1-0:1.8.0"), "", Decimal(number), "kWh", at, time=at)
        await house.dispatch.accept([meter, value], at, Origin(name))
        if number == 0:
            column = Column(Obis.parse("1-0:1.8.0"), "kWh")
            rows = tuple(Row(at - timedelta(minutes=15 * back), (Decimal(back),)) for back in range(96, -1, -1))
            series = Series(meter.key, Obis.parse("1-0:99.1.0"), 900, (column,), rows, at)
            await house.dispatch.accept([meter, series], at, Origin(name))
    return replace(house, meters=tables)


@pytest.fixture
def ask(street: House, head_end: Source) -> Ask:
    """Sends a get MeterReadings with these criteria; the answer."""
    number = iter(range(1000))

    async def send(
        *, back: timedelta | None = timedelta(days=2), source: Source = head_end, option: str = "", **criteria: Any
    ) -> Any:
        door = Door(street, 30.0, lambda: None)
        request = Request(
            start_time=street.now() - back if back else None,
            end_time=street.now() if back else None,
            option=(Option(name="from", value=option),) if option else (),
            content=(GetMeterReadings(**criteria),),
        )
        header = Header(verb=Verb.GET, noun="MeterReadings", message_id=f"m-{next(number)}", correlation_id="c")
        body = to_bytes(RequestMessage(header=header, request=request))
        return codec.read((await door.take(body, source)).body).message

    return send


def meters(answer: Any) -> list[Any]:
    return list(answer.payload.content[0].meter_reading) if answer.payload else []


async def test_by_usage_point(ask: Ask) -> None:
    answer = await ask(usage_point=(*named("up-007"), Identified(mrid="up-008")))
    assert [one.usage_point.mrid for one in meters(answer)] == ["up-007", "up-008"]
    assert [one.readings[0].value for one in meters(answer)] == ["7", "8"]


async def test_many_meters_are_many_answers(ask: Ask, street: House) -> None:
    answer = await ask()
    assert (answer.reply.result, answer.reply.error[0].code, len(meters(answer))) == (Result.PARTIAL, "0.1", 50)
    waiting = await street.read(lambda connection: connection.execute("SELECT class, body FROM outbox").fetchall())
    more = [codec.read(body).message for kind, body in waiting if kind == outbox.MessageClass.REPLY]
    assert [(one.reply.result, one.reply.error[0].code, len(meters(one))) for one in more] == [
        (Result.PARTIAL, "0.1", 50),
        (Result.OK, "0.0", 21),
    ]
    assert {one.header.correlation_id for one in more} == {"c"}


async def test_who_can_be_sent_nothing_later_is_given_all_at_once(ask: Ask, head_end: Source) -> None:
    answer = await ask(source=replace(head_end, name="alone", replies=""))
    assert (answer.reply.result, len(meters(answer))) == (Result.OK, 121)


async def test_what_fails_is_named_and_the_rest_is_given(ask: Ask) -> None:
    answer = await ask(end_device=named("m001", "nobody", "m002", "noone"))
    assert answer.reply.result is Result.PARTIAL
    assert [(error.code, error.id and error.id.value) for error in answer.reply.error] == [
        ("0.2", None),
        ("2.4", "nobody"),
        ("2.4", "noone"),
    ]
    assert len(meters(answer)) == 2


async def test_by_type_and_time(ask: Ask, street: House) -> None:
    span = DateTimeInterval(start=street.now() - timedelta(hours=1), end=street.now())
    interval = (RequestedInterval(schedule_interval=span),)
    answer = await ask(back=None, end_device=named("m000"), time_schedule=interval)
    (one,) = meters(answer)
    rows = [row.value for block in one.interval_blocks for row in block.interval_readings]
    assert rows == ["3", "2", "1", "0"]
    only = await ask(end_device=named("m000"), reading_type=named(ENERGY))
    assert {kind.reading_type for kind in meters(only)[0].readings} == {ENERGY}


@pytest.mark.parametrize(("code", "reply"), [("1.2.3", "2.6"), ("0.0.0.1.1.1.37.0.0.0.0.0.0.0.0.0.38.0", "5.6")])
async def test_a_type_that_is_none_or_not_there(ask: Ask, code: str, reply: str) -> None:
    answer = await ask(end_device=named("m000"), reading_type=named(code))
    assert [error.code for error in answer.reply.error] == [reply]


async def test_a_meter_that_cannot_be_asked_now(ask: Ask) -> None:
    answer = await ask(back=None, end_device=named("m001"))
    assert (answer.reply.result, answer.reply.error[0].code) == (Result.FAILED, "5.1")
    assert answer.reply.error[0].id.value == "m001"
    stored = await ask(option="store", end_device=named("m001"))
    assert stored.reply.result is Result.OK


async def test_a_time_that_ends_before_it_begins(ask: Ask) -> None:
    assert (await ask(back=timedelta(days=-1), end_device=named("m001"))).reply.error[0].code == "1.8"


async def test_a_maximum_demand_comes_with_what_was_read_at_its_time(ask: Ask, street: House) -> None:
    meter, at = Meter("MGT", "900000"), street.now()
    when = at - timedelta(minutes=30)
    demand = Reading(meter.key, DEMAND, "", Decimal("4.2"), "kW", at, time=when)
    await street.dispatch.accept([meter, demand], at, Origin("m000"))
    plain = await ask(end_device=named("m000"))
    (code,) = {one.reading_type for one in meters(plain)[0].readings if one.value == "4.2"}
    trigger = Trigger(
        is_coincident_trigger=True, readings=CoincidentReading(reading_type=Identified(names=(Name(name=code),)))
    )
    answer = await ask(end_device=named("m000"), meter_readings=trigger)
    first, second = meters(answer)
    assert (first.is_coincident_trigger, first.readings[0].value, first.readings[0].time_stamp) == (True, "4.2", when)
    rows = [row for block in second.interval_blocks for row in block.interval_readings]
    assert [(row.value, row.time_stamp) for row in rows] == [("2", when)]
