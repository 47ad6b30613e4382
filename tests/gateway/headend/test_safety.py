"""What keeps the door safe: no replay, no flood, no address of others, no device that was not granted; and a restart."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.headend.access import Grant, Source
from gateway.headend.door import Door
from gateway.headend.house import House
from gateway.messages import codec
from gateway.messages.envelope import ReplayDetection, Reply, Result, User
from gateway.store import orders, outbox, requests
from gateway.store.orders import State

Ask = Callable[..., bytes]


async def reply(door: Door, body: bytes, source: Source) -> Reply:
    answered: Reply = codec.read((await door.take(body, source)).body).message.reply
    return answered


def code(found: Reply) -> str:
    return found.error[0].code


async def test_a_nonce_is_good_once(door: Door, house: House, head_end: Source, get_readings: Ask) -> None:
    said = ReplayDetection(nonce="n-1", created=house.now())
    assert code(await reply(door, get_readings(message_id="a", replay_detection=said), head_end)) == "0.0"
    assert code(await reply(door, get_readings(message_id="b", replay_detection=said), head_end)) == "7.4"
    # Its own sender repeats it whole, and is answered as before.
    assert code(await reply(door, get_readings(message_id="a", replay_detection=said), head_end)) == "0.0"


@pytest.mark.parametrize("off", [timedelta(minutes=-6), timedelta(minutes=6)])
async def test_a_message_of_another_time_is_refused(
    door: Door, house: House, head_end: Source, get_readings: Ask, off: timedelta
) -> None:
    said = ReplayDetection(nonce="n-1", created=house.now() + off)
    assert code(await reply(door, get_readings(replay_detection=said), head_end)) == "7.4"


async def test_who_must_detect_replays_does(door: Door, head_end: Source, get_readings: Ask) -> None:
    strict = replace(head_end, replay_detection=True)
    assert code(await reply(door, get_readings(), strict)) == "7.3"
    assert code(await reply(door, get_readings(message_id=None), strict)) == "7.3"


async def test_a_source_asks_so_often(door: Door, head_end: Source, get_readings: Ask) -> None:
    slow = replace(head_end, name="HE-002", per_minute=2)
    codes = [code(await reply(door, get_readings(message_id=f"m-{number}"), slow)) for number in range(4)]
    assert codes == ["0.0", "0.0", "3.2", "3.2"]


async def test_answers_go_where_they_may(door: Door, head_end: Source, get_readings: Ask) -> None:
    own = replace(head_end, reply_addresses=frozenset({"mdm", "https://mdm.example/in"}))
    assert code(await reply(door, get_readings(message_id="a", reply_address="https://mdm.example/in"), own)) == "0.0"
    refused = await reply(door, get_readings(message_id="b", reply_address="https://elsewhere.example"), own)
    assert code(refused) == "7.5"


async def test_a_change_needs_a_message_id(door: Door, head_end: Source, order: Ask) -> None:
    assert code(await reply(door, order("3.31.0.23", message_id=None), head_end)) == "5.8"


async def test_a_device_that_was_not_granted_is_refused_alone(
    door: Door, head_end: Source, order: Ask, house: House
) -> None:
    grant = Grant(frozenset({"create"}), frozenset({"EndDeviceControls"}), frozenset({"other"}))
    refused = await reply(door, order("3.31.0.23"), replace(head_end, grants=(grant,)))
    assert (refused.result, code(refused)) == (Result.FAILED, "7.5")
    connects = replace(grant, devices=frozenset({"*"}), controls=frozenset({"connect"}))
    source = replace(head_end, grants=(connects,))
    assert code(await reply(door, order("3.31.0.23", message_id="b"), source)) == "7.5"
    assert code(await reply(door, order("3.31.0.18", message_id="c"), source)) == "0.3"
    (taken,) = await house.read(lambda connection: orders.standing(connection, *State))
    assert taken.control == "connect"


async def test_four_eyes(house: House, head_end: Source, order: Ask) -> None:
    door = Door(replace(house, four_eyes=frozenset({"disconnect"})), 5.0, lambda: None)

    async def state() -> list[State]:
        return [one.state for one in await house.read(lambda connection: orders.standing(connection, *State))]

    anna, bert = User(user_id="anna"), User(user_id="bert")
    first = await reply(door, order("3.31.0.23", message_id="a", tracking="t", user=anna), head_end)
    assert [error.code for error in first.error] == ["0.3", "6.2"]
    await reply(door, order("3.31.0.23", message_id="b", tracking="t", user=anna), head_end)
    assert State.ACCEPTED not in await state()
    second = await reply(door, order("3.31.0.23", message_id="c", tracking="t", user=bert), head_end)
    assert [error.code for error in second.error] == ["0.3"]
    assert (await state()).count(State.ACCEPTED) == 1


async def test_what_was_acknowledged_is_answered_after_a_restart(
    house: House, head_end: Source, get_readings: Ask
) -> None:
    body = get_readings(message_id="m-9")
    await house.read(lambda connection: requests.take(connection, "HE-001", "m-9", body, house.now()))
    await house.read(lambda connection: requests.acknowledge(connection, "HE-001", "m-9"))
    woken: list[bool] = []
    door = Door(house, 5.0, lambda: woken.append(True))
    await door.go_on(lambda name: head_end if name == "HE-001" else None)
    # The repeat finds the request under way, or its answer.
    first = (await door.take(body, head_end)).body
    assert codec.read(first).message.reply.result == "OK"
    waiting = await house.read(lambda connection: connection.execute("SELECT class, body FROM outbox").fetchall())
    replies = [message for kind, message in waiting if kind == outbox.MessageClass.REPLY]
    assert [codec.read(one).message.header.correlation_id for one in replies] == ["c-1"]
    assert woken
