"""MQTT 5: QoS 1 into a broker, with a last will that says when the gateway is gone."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

import aiomqtt
from aiomqtt.types import PayloadType
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from gateway.messages.errors import MessageError
from gateway.sinks.dressing import BARE, Dress
from gateway.sinks.sink import Delivered, Outcome, Retry
from gateway.store.outbox import MessageClass, Waiting

if TYPE_CHECKING:
    from gateway.sinks.home_assistant import HomeAssistantView

#: The broker keeps our session this long while we are away (seconds).
_SESSION_S = 7 * 24 * 3600
#: paho keeps what is in flight in memory only; the outbox is the durable one, so one message at a time is enough.
_ACK_S = 30.0

_FOLDER = {MessageClass.TELEMETRY: "reading", MessageClass.EVENT: "event", MessageClass.REPLY: "reply"}


@dataclass(frozen=True, slots=True)
class MqttSettings:
    """Which broker, and under which name. Topics are ``<prefix>/<gateway>/reading|event|reply`` and ``.../status``."""

    host: str
    gateway: str
    port: int = 1883
    prefix: str = "metergate"
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    keepalive_s: int = 30
    dress: Dress = BARE
    home_assistant: str | None = None


class MqttSink:
    """Delivered means: the broker's PUBACK came. A lost connection is made anew at the next message."""

    def __init__(self, name: str, settings: MqttSettings, tls: ssl.SSLContext | None = None) -> None:
        self._name = name
        self._settings = settings
        self._tls = tls
        self._client: aiomqtt.Client | None = None
        self._base = f"{settings.prefix}/{settings.gateway}"
        self._view: HomeAssistantView | None = None
        if settings.home_assistant is not None:
            from gateway.sinks.home_assistant import HomeAssistantView

            self._view = HomeAssistantView(settings.home_assistant, self._base)

    @property
    def name(self) -> str:
        return self._name

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        if self._client is not None:
            with contextlib.suppress(aiomqtt.MqttError, TimeoutError):
                await self._publish("status", "offline", retain=True)
        await self._drop()

    async def deliver(self, message: Waiting) -> Outcome:
        try:
            if self._client is None:
                await self._connect()
            await self._publish(_FOLDER[message.message_class], self._settings.dress.on(message))
        except (aiomqtt.MqttError, OSError, TimeoutError) as error:
            await self._drop()
            return Retry(f"{self._settings.host}:{self._settings.port}: {type(error).__name__} {error}".strip())
        if self._view is not None and message.message_class is MessageClass.TELEMETRY:
            await self._show(self._view, message.body)
        return Delivered()

    async def _show(self, view: HomeAssistantView, body: bytes) -> None:
        """Publish the view of a message that is delivered already: what fails here is left out."""
        assert self._client is not None  # noqa: S101 - it has just delivered
        try:
            for shown in view.of(body):
                await self._client.publish(shown.topic, shown.body, qos=1 if shown.retain else 0, retain=shown.retain)
        except MessageError:
            pass
        except (aiomqtt.MqttError, OSError, TimeoutError):
            await self._drop()

    async def _connect(self) -> None:
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.SessionExpiryInterval = _SESSION_S
        client = aiomqtt.Client(
            self._settings.host,
            self._settings.port,
            identifier=f"{self._settings.prefix}-{self._settings.gateway}-{self._name}",
            username=self._settings.user,
            password=self._settings.password,
            protocol=aiomqtt.ProtocolVersion.V5,
            clean_start=False,
            properties=properties,
            keepalive=self._settings.keepalive_s,
            tls_context=self._tls,
            timeout=_ACK_S,
            will=aiomqtt.Will(f"{self._base}/status", "offline", qos=1, retain=True),
        )
        await client.__aenter__()
        self._client = client
        await self._publish("status", "online", retain=True)

    async def _publish(self, topic: str, body: PayloadType, retain: bool = False) -> None:
        assert self._client is not None  # noqa: S101 - every caller has connected
        async with asyncio.timeout(_ACK_S):
            await self._client.publish(f"{self._base}/{topic}", body, qos=1, retain=retain)

    async def _drop(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            with contextlib.suppress(aiomqtt.MqttError, OSError, TimeoutError):
                await client.__aexit__(None, None, None)
