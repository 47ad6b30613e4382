"""MQTT against a real Mosquitto: acknowledged, last will, broker restart."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from decimal import Decimal
from typing import Any

import aiomqtt
import pytest

from drivers.reading import Meter, Obis, Reading
from gateway.cim.obis_rules import Rules
from gateway.messages import codec
from gateway.messages.compose import meter_readings
from gateway.messages.exchange import event
from gateway.sinks.mqtt import MqttSettings, MqttSink
from gateway.sinks.sink import Delivered, Retry
from gateway.store.outbox import Waiting

pytestmark = pytest.mark.peer


async def heard(broker: Any, topics: str, many: int) -> list[tuple[str, bytes]]:
    async with aiomqtt.Client("127.0.0.1", broker.port) as listener:
        await listener.subscribe(topics, qos=1)
        found = []
        async with asyncio.timeout(10):
            async for message in listener.messages:
                found.append((str(message.topic), bytes(message.payload)))  # type: ignore[arg-type]
                if len(found) == many:
                    break
        return found


async def test_published_acknowledged_and_the_state_is_known(broker: Any, message: Waiting) -> None:
    listening = asyncio.create_task(heard(broker, "metergate/gw7/reading", 1))
    await asyncio.sleep(0.2)
    async with MqttSink("sink", MqttSettings("127.0.0.1", "gw7", broker.port)) as sink:
        assert await sink.deliver(message) == Delivered()
        assert await listening == [("metergate/gw7/reading", message.body)]
        assert await heard(broker, "metergate/gw7/status", 1) == [("metergate/gw7/status", b"online")]
    assert await heard(broker, "metergate/gw7/status", 1) == [("metergate/gw7/status", b"offline")]


async def test_a_broker_that_restarts(broker: Any, message: Waiting) -> None:
    async with MqttSink("sink", MqttSettings("127.0.0.1", "gw7", broker.port)) as sink:
        assert await sink.deliver(message) == Delivered()
        broker.stop()
        await asyncio.sleep(0.2)
        assert isinstance(await sink.deliver(message), Retry)
        broker.start()
        assert await sink.deliver(message) == Delivered()


async def test_no_broker_is_a_retry(message: Waiting) -> None:
    async with MqttSink("sink", MqttSettings("127.0.0.1", "gw7", 1)) as sink:
        assert isinstance(await sink.deliver(message), Retry)


async def test_the_view_for_home_assistant_is_beside_the_message(broker: Any, message: Waiting) -> None:
    at = message.accepted_at
    meter = Meter("EMH", "1")
    reading = Reading(meter.key, Obis.parse("1-0:1.8.0"), "", Decimal(7), "kWh", at, time=at)
    composed = meter_readings([meter, reading], Rules.load())
    told = replace(message, body=codec.to_bytes(event(composed.message, at=at, source="g")))
    listening = asyncio.create_task(heard(broker, "metergate/gw7/view/#", 1))
    await asyncio.sleep(0.2)
    settings = MqttSettings("127.0.0.1", "gw7", broker.port, home_assistant="homeassistant")
    async with MqttSink("sink", settings) as sink:
        assert await sink.deliver(told) == Delivered()
        assert await sink.deliver(message) == Delivered(), "what has no view is delivered all the same"
    ((topic, body),) = await listening
    assert b'"value": "7"' in body
    ((announced, config),) = await heard(broker, "homeassistant/sensor/#", 1)
    assert announced.endswith("/config")
    assert topic.encode() in config
