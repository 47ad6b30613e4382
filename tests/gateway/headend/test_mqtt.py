"""Requests over a real Mosquitto: answered where the Response Topic says, and only below the gateway's own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import aiomqtt
import pytest
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from gateway.headend.access import Access, Credentials, Source
from gateway.headend.door import Door
from gateway.headend.mqtt import MqttDoor, MqttDoorSettings
from gateway.messages import codec
from gateway.states import States

pytestmark = pytest.mark.peer
Ask = Callable[..., bytes]


@pytest.fixture
async def served(broker: Any, door: Door, head_end: Source) -> AsyncIterator[States]:
    states = States()
    settings = MqttDoorSettings("127.0.0.1", broker.port, "bench-1", "metergate", 100_000)
    task = asyncio.create_task(MqttDoor(door, Access([(head_end, Credentials())]), settings, states).serve())
    await asyncio.sleep(0.5)
    yield states
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def ask(broker: Any, body: bytes, answers: str, within_s: float = 30, source: str = "HE-001") -> Any:
    properties = Properties(PacketTypes.PUBLISH)
    properties.ResponseTopic = answers
    properties.CorrelationData = b"\x01\x02"
    async with (
        asyncio.timeout(within_s),
        aiomqtt.Client("127.0.0.1", broker.port, protocol=aiomqtt.ProtocolVersion.V5) as client,
    ):
        await client.subscribe(answers, qos=1)
        # A broker keeps a request for the gateway's session only once that is there: it is repeated until it is answered.
        while True:
            await client.publish(f"metergate/bench-1/request/{source}", body, qos=1, properties=properties)
            try:
                async with asyncio.timeout(min(5, within_s)):
                    return await anext(aiter(client.messages))
            except TimeoutError:
                continue


async def test_a_request_is_answered(broker: Any, served: States, get_readings: Ask) -> None:
    got = await ask(broker, get_readings(), "metergate/bench-1/response/1")
    assert got.properties.CorrelationData == b"\x01\x02"
    message = codec.read(got.payload).message
    assert (message.reply.result, message.header.correlation_id) == ("OK", "c-1")


async def test_nothing_is_published_elsewhere(broker: Any, served: States, get_readings: Ask) -> None:
    with pytest.raises(TimeoutError):
        await ask(broker, get_readings(), "others/topic", within_s=4)


async def test_an_unknown_source_is_passed_over(broker: Any, served: States, get_readings: Ask) -> None:
    with pytest.raises(TimeoutError):
        await ask(broker, get_readings(), "metergate/bench-1/response/1", within_s=4, source="HE-002")


async def test_a_broker_that_restarts_is_found_again(broker: Any, served: States, get_readings: Ask) -> None:
    await ask(broker, get_readings(), "metergate/bench-1/response/1")
    await asyncio.to_thread(broker.stop)
    await asyncio.to_thread(broker.start)
    got = await ask(broker, get_readings(message_id="m-2"), "metergate/bench-1/response/1", within_s=60)
    assert codec.read(got.payload).message.reply.result == "OK"
