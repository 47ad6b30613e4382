"""Key establishment with the devices of a network, begun by them or by us, until the stick has the link key."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any, NamedTuple

from drivers.driver import Context
from drivers.errors import KeyRejected, MeterError, NoAnswer
from drivers.zigbee_se.application import Arrived, eui64_bytes
from drivers.zigbee_se.certificate import SUITES, own_keys
from drivers.zigbee_se.host_end import HostEnd
from drivers.zigbee_se.key_establishment import CLUSTER, Exchange, OwnEnd, Refusal, Send
from drivers.zigbee_se.stick import Stick
from drivers.zigbee_se.stick_end import StickEnd, stick_end
from drivers.zigbee_se.traffic import Traffic
from drivers.zigbee_se.zcl import Frame

#: Seconds that one whole exchange may take: both sides compute, and a meter may do it on an 8-bit processor.
_WHOLE_S = 60.0
#: Seconds until a device that we cannot agree with now may try again.
_AGAIN_S = 60
#: Seconds that one that begins with us may wait for the stick's room: less than it waits for our first answer.
_ROOM_S = 2.0
_BEGIN, _TERMINATE = "InitiateKeyEstablishmentRequest", "TerminateKeyEstablishment"


class _Step(NamedTuple):
    """A command of the other side, and where it came from."""

    arrived: Arrived
    number: int
    name: str
    fields: dict[str, Any]


#: What a device says in an exchange; None when it has begun another one.
_Steps = asyncio.Queue[_Step | None]


class KeyAgreements:
    """The exchanges under way, one a device. ``established`` are the devices that agreed on a key while this ran."""

    def __init__(
        self, stick: Stick, traffic: Traffic, context: Context, happened: Callable[[str, bytes, str], None]
    ) -> None:
        self._stick = stick
        self._traffic = traffic
        self._context = context
        self._happened = happened
        self._steps: dict[bytes, _Steps] = {}
        #: A stick that computes has room for one exchange.
        self._room = asyncio.Lock()
        self.established: set[bytes] = set()

    async def establish(self, device: bytes, endpoint: int, suite: int) -> None:
        """Begin with a device, and wait for the key. Raises KeyRejected, NoAnswer, LinkLost."""
        async with self._own_end(suite, _WHOLE_S) as own:
            exchange = Exchange(own, device, initiator=True)
            with self._listening(device) as steps:
                first = exchange.start()
                await self._traffic.send_command(device, endpoint, CLUSTER, None, first.name, first.fields)
                await self._go_on(exchange, device, steps)
        if not exchange.agreed:
            raise KeyRejected(f"key establishment failed: {exchange.failed}", where=device.hex())

    async def received(self, arrived: Arrived, frame: Frame, name: str, fields: dict[str, Any]) -> None:
        """A step of a device: that it begins leads through the whole exchange, any other one through a part of it."""
        step = _Step(arrived, frame.tsn, name, fields)
        if name != _BEGIN:
            if (steps := self._steps.get(arrived.device)) is not None:
                steps.put_nowait(step)
            return
        suite = fields["keyEstablishmentSuite"]
        with self._listening(arrived.device) as steps:
            steps.put_nowait(step)
            try:
                async with self._own_end(suite, _ROOM_S) as own:
                    await self._go_on(Exchange(own, arrived.device, initiator=False), arrived.device, steps)
            except KeyRejected as error:
                await self._refuse(step, Refusal.UNSUPPORTED_SUITE, error)
            except NoAnswer as error:
                await self._refuse(step, Refusal.NO_RESOURCES, error)

    @contextlib.contextmanager
    def _listening(self, device: bytes) -> Iterator[_Steps]:
        """What the device says from now on, in the place of who listened before."""
        if (before := self._steps.get(device)) is not None:
            before.put_nowait(None)
        steps = self._steps[device] = _Steps()
        try:
            yield steps
        finally:
            if self._steps.get(device) is steps:
                del self._steps[device]

    async def _go_on(self, exchange: Exchange, device: bytes, steps: _Steps) -> None:
        """Step by step to the end of an exchange, and say what came of it."""
        try:
            async with asyncio.timeout(_WHOLE_S):
                while not exchange.done:
                    if (step := await steps.get()) is None:
                        exchange.give_up("another one was begun before it was over")
                    else:
                        await self._take(exchange, step)
        except TimeoutError:
            exchange.give_up(f"it was not over after {_WHOLE_S:g} s")
        except MeterError as error:
            exchange.give_up(str(error))
        if exchange.agreed:
            self.established.add(device)
        self._happened("key established" if exchange.agreed else "key failed", device, exchange.failed)

    async def _take(self, exchange: Exchange, step: _Step) -> None:
        async with self._stick.talking(f"key establishment with {step.arrived.device.hex()}"):
            answer = await exchange.receive(step.name, step.fields)
        if answer is not None:
            # The response of a responder bears the request's number; an initiator's next request one of its own.
            number = None if exchange.initiator and answer.name != _TERMINATE else step.number
            await self._send(step.arrived, number, answer, by_initiator=exchange.initiator)

    async def _refuse(self, step: _Step, refusal: Refusal, error: MeterError) -> None:
        """Tell a device that nothing comes of what it began."""
        self._happened("key failed", step.arrived.device, str(error))
        fields = {
            "statusCode": int(refusal),
            "waitTime": _AGAIN_S,
            "keyEstablishmentSuite": step.fields["keyEstablishmentSuite"],
        }
        await self._send(step.arrived, step.number, Send(_TERMINATE, fields), by_initiator=False)

    async def _send(self, arrived: Arrived, number: int | None, what: Send, *, by_initiator: bool) -> None:
        """The initiator is the client of the other's server, whatever the step."""
        await self._traffic.send_command(
            arrived.device, arrived.source, CLUSTER, number, what.name, what.fields, to_client=not by_initiator
        )

    @contextlib.asynccontextmanager
    async def _own_end(self, suite: int, patience_s: float) -> AsyncIterator[OwnEnd]:
        """Our end of one exchange: of the keys in the credential store, else of the stick.

        Raises KeyRejected where neither has a certificate of this suite, NoAnswer when the stick is in another exchange for
        longer than ``patience_s``.
        """
        app, keys = self._stick.app, self._context.keys
        eui64 = eui64_bytes(app.state.node_info.ieee)
        if keys is not None and suite in SUITES and (own := await asyncio.to_thread(own_keys, keys, eui64, suite)):
            yield HostEnd(own, app.install_link_key)
            return
        async with self._stick.talking("asking the stick for its certificate"):
            of_stick = await stick_end(app.ezsp, eui64, suite) if suite in SUITES else None
        if of_stick is None:
            raise KeyRejected(
                f"no certificate of suite {suite} for this stick, nor in it",
                where=self._stick.path,
                do=f"put {eui64.hex()}/cs{suite}-certificate, -private and -authority into the credential store",
            )
        async with contextlib.AsyncExitStack() as afterwards:
            try:
                await asyncio.wait_for(self._room.acquire(), patience_s)
            except TimeoutError:
                raise NoAnswer("the stick computes for another device", where=self._stick.path) from None
            afterwards.callback(self._room.release)
            afterwards.push_async_callback(self._clear, of_stick)
            yield of_stick

    async def _clear(self, of_stick: StickEnd) -> None:
        """Make room in the stick for the next exchange."""
        if not of_stick.kept:
            with contextlib.suppress(MeterError):
                async with self._stick.talking("clearing what the stick computed"):
                    await of_stick.forget()
