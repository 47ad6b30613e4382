"""Requests over MQTT 5: one topic a source, the answer to the Response Topic with the same Correlation Data.

Who may publish to a source's topic is the broker's access list: this side cannot see who published.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import ssl
from dataclasses import dataclass, field

import aiomqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from gateway.backoff import Backoff
from gateway.headend.access import Access
from gateway.headend.door import Door
from gateway.states import States

_log = logging.getLogger("metergate")
#: The broker keeps requests for us this long while we are away (seconds): who asks waits no longer for an answer.
_SESSION_S = 600
#: Requests that are worked on at a time; the broker keeps the rest.
_MOST_OPEN = 32
_FIRST_S, _MOST_S = 1.0, 60.0


@dataclass(frozen=True, slots=True)
class MqttDoorSettings:
    """Which broker, and below which topics."""

    host: str
    port: int
    gateway: str
    prefix: str
    most_bytes: int
    user: str | None = None
    password: str | None = field(default=None, repr=False)


class MqttDoor:
    """``serve`` until cancelled; a lost broker is found again."""

    def __init__(
        self, door: Door, access: Access, settings: MqttDoorSettings, states: States, tls: ssl.SSLContext | None = None
    ) -> None:
        self._door = door
        self._access = access
        self._settings = settings
        self._states = states
        self._tls = tls
        self._base = f"{settings.prefix}/{settings.gateway}"
        self._free = asyncio.Semaphore(_MOST_OPEN)

    async def serve(self) -> None:
        """Take requests, for ever."""
        backoff = Backoff(_FIRST_S, _MOST_S)
        where = f"requests from {self._settings.host}:{self._settings.port}"
        while True:
            try:
                async with self._client() as client, asyncio.TaskGroup() as tasks:
                    await client.subscribe(f"{self._base}/request/+", qos=1)
                    self._states.say(where, "")
                    backoff = Backoff(_FIRST_S, _MOST_S)
                    async for message in client.messages:
                        await self._free.acquire()
                        tasks.create_task(self._answer(client, message)).add_done_callback(
                            lambda _: self._free.release()
                        )
            except* (aiomqtt.MqttError, OSError, TimeoutError) as errors:
                self._states.say(where, f"{errors.exceptions[0]}")
            await asyncio.sleep(backoff.next())

    def _client(self) -> aiomqtt.Client:
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.SessionExpiryInterval = _SESSION_S
        return aiomqtt.Client(
            self._settings.host,
            self._settings.port,
            identifier=f"{self._settings.prefix}-{self._settings.gateway}-requests",
            username=self._settings.user,
            password=self._settings.password,
            protocol=aiomqtt.ProtocolVersion.V5,
            clean_start=False,
            properties=properties,
            tls_context=self._tls,
        )

    async def _answer(self, client: aiomqtt.Client, message: aiomqtt.Message) -> None:
        source = self._access.named(message.topic.value.rpartition("/")[2])
        body = message.payload
        where = getattr(message.properties, "ResponseTopic", "") or ""
        if source is None or not isinstance(body, bytes) or len(body) > self._settings.most_bytes:
            _log.warning("a message to %s was passed over: no such source, or too large", message.topic.value)
            return
        delivery = await self._door.take(body, source)
        if not self._may_answer(where):
            _log.warning(
                "%s is answered nowhere: its Response Topic is not below %s/response/", source.name, self._base
            )
            return
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
        if (correlation := getattr(message.properties, "CorrelationData", None)) is not None:
            properties.CorrelationData = correlation
        # A broker that is gone takes the answer with it: who asks again under its MessageID gets the same.
        with contextlib.suppress(aiomqtt.MqttError):
            await client.publish(where, delivery.body, qos=1, properties=properties)

    def _may_answer(self, topic: str) -> bool:
        """An answer is published only where this gateway's answers belong, and never to a pattern."""
        return topic.startswith(f"{self._base}/response/") and not set(topic) & set("#+")
