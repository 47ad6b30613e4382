"""Key establishment with the devices of a network, begun by them or by us, until the stick has the link key."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from drivers.driver import Context
from drivers.errors import KeyRejected, MeterError
from drivers.zigbee_se.application import Arrived, eui64_bytes
from drivers.zigbee_se.certificate import SUITES, own_keys
from drivers.zigbee_se.key_establishment import CLUSTER, Exchange, Refusal
from drivers.zigbee_se.stick import Stick
from drivers.zigbee_se.traffic import Traffic
from drivers.zigbee_se.zcl import Frame

#: Seconds that one whole exchange may take: both sides compute, and a meter may do it on an 8-bit processor.
_WHOLE_S = 60.0
#: Seconds until a device that we have no certificate for may try again.
_AGAIN_S = 60
_TERMINATE = "TerminateKeyEstablishment"


class KeyAgreements:
    """The exchanges under way, one a device. ``established`` are the devices that agreed on a key while this ran."""

    def __init__(
        self, stick: Stick, traffic: Traffic, context: Context, happened: Callable[[str, bytes, str], None]
    ) -> None:
        self._stick = stick
        self._traffic = traffic
        self._context = context
        self._happened = happened
        self._exchanges: dict[bytes, Exchange] = {}
        self._over: dict[bytes, asyncio.Future[bytes]] = {}
        self.established: set[bytes] = set()

    async def establish(self, device: bytes, endpoint: int, suite: int) -> None:
        """Begin with a device, and wait for the key. Raises KeyRejected, NoAnswer, LinkLost."""
        exchange = await asyncio.to_thread(self._exchange, device, suite, True)
        over = self._over[device] = asyncio.get_running_loop().create_future()
        self._exchanges[device] = exchange
        first = exchange.start()
        try:
            async with self._stick.talking(f"key establishment with {device.hex()}"), asyncio.timeout(_WHOLE_S):
                await self._traffic.send_command(device, endpoint, CLUSTER, None, first.name, first.fields)
                await over
        finally:
            self._exchanges.pop(device, None)
            self._over.pop(device, None)

    async def received(self, arrived: Arrived, frame: Frame, name: str, fields: dict[str, Any]) -> None:
        """A step of a device. Raises NoAnswer, LinkLost when ours does not reach it."""
        device = arrived.device
        if name == "InitiateKeyEstablishmentRequest":
            suite = fields["keyEstablishmentSuite"]
            try:
                self._exchanges[device] = await asyncio.to_thread(self._exchange, device, suite, False)
            except MeterError as error:
                self._happened("key failed", device, str(error))
                refusal = int(Refusal.UNSUPPORTED_SUITE)
                end = {"statusCode": refusal, "waitTime": _AGAIN_S, "keyEstablishmentSuite": suite}
                await self._send(arrived, frame.tsn, _TERMINATE, end, by_initiator=False)
                return
        exchange = self._exchanges.get(device)
        if exchange is None:
            return
        # Seconds of arithmetic on a small machine: the loop goes on meanwhile.
        step = await asyncio.to_thread(exchange.receive, name, fields)
        if exchange.link_key is not None:
            async with self._stick.talking("installing a link key"):
                await self._stick.app.install_link_key(device, exchange.link_key)
        if step is not None:
            # The response of a responder bears the request's number; an initiator's next request one of its own.
            number = None if exchange.initiator and step.name != _TERMINATE else frame.tsn
            await self._send(arrived, number, step.name, step.fields, by_initiator=exchange.initiator)
        if exchange.done:
            self._ended(device, exchange)

    async def _send(
        self, arrived: Arrived, number: int | None, name: str, fields: dict[str, Any], *, by_initiator: bool
    ) -> None:
        """The initiator is the client of the other's server, whatever the step."""
        await self._traffic.send_command(
            arrived.device, arrived.source, CLUSTER, number, name, fields, to_client=not by_initiator
        )

    def _exchange(self, device: bytes, suite: int, initiator: bool) -> Exchange:
        own, eui64 = None, eui64_bytes(self._stick.app.state.node_info.ieee)
        if suite in SUITES and self._context.keys is not None:
            own = own_keys(self._context.keys, eui64, suite)
        if own is None:
            raise KeyRejected(
                f"no certificate of suite {suite} for this stick",
                where=self._stick.path,
                do=f"put {eui64.hex()}/cs{suite}-certificate, -private and -authority into the credential store",
            )
        return Exchange(own, device, initiator=initiator)

    def _ended(self, device: bytes, exchange: Exchange) -> None:
        if self._exchanges.get(device) is exchange:
            del self._exchanges[device]
        over = self._over.get(device)
        if exchange.link_key is not None:
            self.established.add(device)
            self._happened("key established", device, "")
            if over is not None and not over.done():
                over.set_result(exchange.link_key)
        else:
            self._happened("key failed", device, exchange.failed)
            if over is not None and not over.done():
                over.set_exception(KeyRejected(f"key establishment failed: {exchange.failed}", where=device.hex()))
