"""The network behind a stick: requests with their answers, the devices that join, key establishment, and the stick's health.

A ``Pan`` is opened on one stick and stays open through the stick's resets, hangs and absences: a supervisor sees them within
30 s and builds the application anew. A request that falls into such a time ends with LinkLost.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Self

import zigpy.exceptions
import zigpy.types as t

from drivers.driver import Context
from drivers.errors import BadFrame, KeyRejected, LinkLost, MeterError, NoAnswer, NotSupported
from drivers.reading import MeterEvent
from drivers.zigbee_se import key_establishment, payload, zcl, zcl_time
from drivers.zigbee_se.application import (
    ENCRYPTED,
    ENDPOINT,
    KEY_ESTABLISHMENT,
    SE_PROFILE,
    TIME,
    Arrived,
    SeApplication,
    configuration,
    eui64_bytes,
    zigpy_eui64,
)
from drivers.zigbee_se.certificate import SUITES, own_keys
from drivers.zigbee_se.definitions import definitions
from drivers.zigbee_se.esi import Esi
from drivers.zigbee_se.install_code import InstallCode
from drivers.zigbee_se.instructions import Instruction
from drivers.zigbee_se.zcl import Frame

#: Seconds: between two looks at the stick, and until it has answered. Two looks in a row fail before it is built anew:
#: 8 + 6 + 6 is seen within 30 s.
_LOOK_S, _LOOK_ANSWER_S = 8.0, 6.0
#: Seconds until a device has answered a request: it may have to be asked for at its parent, and a mesh takes its time.
ANSWER_S = 8.0
_START_S = 60.0
#: Seconds until a device has refused an instruction, if it does.
_CONFIRM_S = 3.0
#: What is still under way at the end is waited for so long.
_END_S = 5.0
_AGAIN_S = (1.0, 2.0, 5.0, 10.0)
_TIME_ATTRIBUTES = {0x0000: 0xE2, 0x0001: 0x18}
#: TimeStatus: master and synchronised, what Smart Energy asks of an ESI.
_TIME_STATUS = 0x03


@dataclass(frozen=True, slots=True)
class Device:
    """A device of the network. ``endpoints``: number -> its server clusters. ``interviewed`` False while they are asked for."""

    eui64: bytes
    node_id: int
    model: str
    endpoints: dict[int, tuple[int, ...]]
    clients: dict[int, tuple[int, ...]]
    interviewed: bool
    refused: int

    def having(self, cluster: int) -> list[int]:
        """Endpoints that serve a cluster."""
        return [number for number, clusters in self.endpoints.items() if cluster in clusters]

    def asking(self, cluster: int) -> list[int]:
        """Endpoints that are clients of a cluster."""
        return [number for number, clusters in self.clients.items() if cluster in clusters]


@dataclass(frozen=True, slots=True)
class Happened:
    """Something of the network itself: joined, left, key established, key failed, stick lost, stick back."""

    what: str
    device: bytes
    at: datetime
    why: str = ""


class Pan:
    """One stick and its network. ``path`` of the stick; ``form`` makes a network where there is none.

    ``database`` keeps the devices over a restart, ``memory`` what the ESI told them. ``on_frame`` gets what devices send
    unasked (reports), ``on_event`` their reports and confirmations as events, ``on_happened`` what happens to the network.
    """

    def __init__(
        self,
        path: str,
        context: Context,
        *,
        form: bool = False,
        consumer: bool = False,
        channel: int | None = None,
        database: Path | None = None,
        memory: Path | None = None,
        look_s: float = _LOOK_S,
        look_answer_s: float = _LOOK_ANSWER_S,
    ) -> None:
        self._path = path
        self._context = context
        self._form = form
        self._consumer = consumer
        self._configuration = configuration(path, database=str(database) if database else None, channel=channel)
        self._look_s, self._look_answer_s = look_s, look_answer_s
        self._app: SeApplication | None = None
        self._lost = asyncio.Event()
        self._supervisor: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._waiting: dict[tuple[bytes, int, int], asyncio.Future[Frame]] = {}
        self._exchanges: dict[bytes, key_establishment.Exchange] = {}
        self._exchange_over: dict[bytes, asyncio.Future[bytes]] = {}
        self.esi = Esi(memory)
        self.rebuilt = 0
        self.established: set[bytes] = set()
        self.on_frame: Callable[[Arrived, Frame], None] = lambda arrived, frame: None
        self.on_event: Callable[[MeterEvent], None] = lambda event: None
        self.on_happened: Callable[[Happened], None] = lambda happened: None

    async def __aenter__(self) -> Self:
        self._app = await self._start()
        self._supervisor = asyncio.create_task(self._supervise())
        return self

    async def __aexit__(self, *exc: object) -> None:
        tasks = [*self._tasks, *filter(None, [self._supervisor])]
        for task in tasks:
            task.cancel()
        if tasks:
            # A library that is about to open a stick which is gone does not let itself be interrupted: it is left behind.
            await asyncio.wait(tasks, timeout=_END_S)
        app, self._app = self._app, None
        if app is not None:
            await _stop(app)

    # ------------------------------------------------------------------------------------------------ the network

    @property
    def eui64(self) -> bytes:
        """The stick's own, high octet first."""
        return eui64_bytes(self._running().state.node_info.ieee)

    def status(self) -> dict[str, str]:
        """What a technician wants to know of the network; no keys."""
        app = self._running()
        network = app.state.network_info
        return {
            "stick": self._path,
            "firmware": app.firmware,
            "eui64": self.eui64.hex(),
            "channel": str(network.channel),
            "pan_id": f"{network.pan_id:04x}",
            "extended_pan_id": str(network.extended_pan_id),
            "role": "consumer" if self._consumer else "energy services interface",
            "devices": str(len(self.devices())),
            "refused": str(sum(app.refused.values())),
        }

    def devices(self) -> list[Device]:
        """Every device but the stick itself."""
        app = self._running()
        own = app.state.node_info.ieee
        return [self._device(one) for ieee, one in app.devices.items() if ieee != own]

    def device(self, eui64: bytes) -> Device:
        """Raises NotSupported where it is none of this network."""
        for one in self.devices():
            if one.eui64 == eui64:
                return one
        raise NotSupported(
            f"{eui64.hex()} is not in this network", where=self._path, do="metergate pan devices lists them"
        )

    async def permit(self, eui64: bytes, code: InstallCode, seconds: int = 180) -> None:
        """Open the door for exactly this device, which joins under the key of its install code."""
        if code.eui64 is not None and code.eui64 != eui64:
            raise NotSupported(f"the install code is of {code.eui64.hex()}, not of {eui64.hex()}", where=self._path)
        async with self._talking("opening the network"):
            await self._running().permit_with_link_key(
                zigpy_eui64(eui64), t.KeyData(code.link_key), min(max(seconds, 1), 254)
            )

    async def close_door(self) -> None:
        async with self._talking("closing the network"):
            await self._running().permit(0)

    async def joined(self, eui64: bytes, within_s: float) -> Device:
        """Wait until a device has joined and was asked what it is. Raises NoAnswer."""
        deadline = asyncio.get_running_loop().time() + within_s
        while asyncio.get_running_loop().time() < deadline:
            for one in self.devices():
                if one.eui64 == eui64 and one.interviewed:
                    return one
            await asyncio.sleep(0.1)
        raise NoAnswer(
            f"{eui64.hex()} has not joined within {within_s:g} s",
            where=self._path,
            do="check the install code and the EUI64 of its label, and start the device's joining again",
        )

    async def remove(self, eui64: bytes) -> None:
        """Ask a device to leave, and forget it."""
        async with self._talking("removing a device"):
            await self._running().remove(zigpy_eui64(eui64))

    # ------------------------------------------------------------------------------------------------ requests

    async def read(self, device: bytes, endpoint: int, cluster: int, attributes: Sequence[int]) -> list[zcl.Answer]:
        """Read attributes. Raises NoAnswer, LinkLost, BadFrame, NotSupported when the cluster refuses as a whole."""
        frame = Frame(zcl.READ, zcl.read(attributes), 0)
        answer = await self.ask(device, endpoint, cluster, frame)
        if answer.of_cluster or answer.command != zcl.READ_RESPONSE:
            raise self._refusal(device, cluster, answer)
        return zcl.parse_read_response(answer.payload)

    async def command(
        self, device: bytes, endpoint: int, cluster: int, name: str, fields: dict[str, Any]
    ) -> dict[str, Any] | None:
        """Send a cluster command and return the fields of what comes back; None where a default response says SUCCESS.

        Raises NoAnswer, LinkLost, BadFrame; NotSupported where the device refuses.
        """
        side, defined = definitions().clusters[cluster].command(name)
        frame = Frame(
            defined.code,
            payload.encode(defined, fields),
            0,
            of_cluster=True,
            to_client=side == "server",
            no_default_response=False,
        )
        answer = await self.ask(device, endpoint, cluster, frame)
        if not answer.of_cluster:
            said = zcl.parse_default_response(answer.payload)
            if answer.command != zcl.DEFAULT_RESPONSE or said.status != zcl.SUCCESS:
                raise self._refusal(device, cluster, answer)
            return None
        response = payload.command(cluster, "server" if answer.to_client else "client", answer.command)
        if response is None:
            raise BadFrame(f"answer 0x{answer.command:02x} to {name} is not defined", where=device.hex())
        return payload.decode(response, answer.payload)

    async def configure_reporting(
        self, device: bytes, endpoint: int, cluster: int, wanted: Sequence[zcl.Reporting]
    ) -> list[zcl.Configured]:
        """Ask for reports. Raises as ``read``."""
        frame = Frame(zcl.CONFIGURE_REPORTING, zcl.configure_reporting(wanted), 0)
        answer = await self.ask(device, endpoint, cluster, frame)
        if answer.of_cluster or answer.command != zcl.CONFIGURE_REPORTING_RESPONSE:
            raise self._refusal(device, cluster, answer)
        return zcl.parse_configure_reporting_response(answer.payload)

    async def tell(
        self, device: bytes, instruction: Instruction, tracking: str = "", *, fields: dict[str, Any] | None = None
    ) -> None:
        """Give a device an instruction, on its first endpoint that is a client of it. Raises as ``command``.

        A device that is out of reach now asks for it when it is back.
        """
        endpoints = self.device(device).asking(instruction.cluster)
        if not endpoints:
            raise NotSupported(f"{device.hex()} takes no {instruction.command}", where=self._path)
        said = fields if fields is not None else self.esi.tell(instruction, self._context.now(), tracking)
        _, defined = definitions().clusters[instruction.cluster].command(instruction.command)
        number = self._running().get_sequence()
        frame = Frame(
            defined.code,
            payload.encode(defined, said),
            number,
            of_cluster=True,
            to_client=True,
            no_default_response=False,
        )
        key = (device, instruction.cluster, number)
        answered = self._waiting[key] = asyncio.get_running_loop().create_future()
        try:
            await self._send(device, endpoints[0], instruction.cluster, frame)
            # Delivered: the network says so. A device may answer with its report alone, in its own time.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_CONFIRM_S):
                    answer = await answered
                    if answer.command == zcl.DEFAULT_RESPONSE and not answer.of_cluster:
                        said_status = zcl.parse_default_response(answer.payload).status
                        if said_status != zcl.SUCCESS:
                            raise self._refusal(device, instruction.cluster, answer)
        finally:
            self._waiting.pop(key, None)

    def next_event_id(self) -> int:
        """An IssuerEventID above every one before: seconds since 2000, or one more than the last (SE 1.4, D.2.2.3.1)."""
        least = zcl_time.seconds(self._context.now())
        if self._context.counters is not None:
            return self._context.counters.reserve("zigbee/issuer-event-id", 1, at_least=least)
        return max(least, self.esi.newest + 1)

    def remember(self, instruction: Instruction, tracking: str = "") -> dict[str, Any]:
        """Keep an instruction for devices that ask later, before it is told to several; returns its fields."""
        return self.esi.tell(instruction, self._context.now(), tracking)

    async def ask(self, device: bytes, endpoint: int, cluster: int, frame: Frame) -> Frame:
        """Send a frame and wait for its answer. Raises NoAnswer, LinkLost."""
        app = self._running()
        number = app.get_sequence()
        key = (device, cluster, number)
        future: asyncio.Future[Frame] = asyncio.get_running_loop().create_future()
        self._waiting[key] = future
        try:
            async with self._talking(f"asking {device.hex()}"), asyncio.timeout(self._context.timeout or ANSWER_S):
                await self._send(device, endpoint, cluster, replace(frame, tsn=number))
                return await future
        finally:
            self._waiting.pop(key, None)

    async def establish(self, device: bytes, suite: int) -> None:
        """Begin key establishment with a device. Raises KeyRejected, NoAnswer, LinkLost."""
        endpoints = self.device(device).having(KEY_ESTABLISHMENT)
        if not endpoints:
            raise NotSupported(f"{device.hex()} has no key establishment", where=self._path)
        exchange = await asyncio.to_thread(self._exchange, device, suite, True)
        over = self._exchange_over[device] = asyncio.get_running_loop().create_future()
        self._exchanges[device] = exchange
        try:
            async with self._talking(f"key establishment with {device.hex()}"), asyncio.timeout(60):
                await self._send_command(device, endpoints[0], 0, *exchange.start())
                await over
        finally:
            self._exchanges.pop(device, None)
            self._exchange_over.pop(device, None)

    # ------------------------------------------------------------------------------------------------ what arrives

    def _arrived(self, arrived: Arrived) -> None:
        """One frame of Smart Energy: an answer that is waited for, or something to be dealt with."""
        try:
            frame = Frame.parse(arrived.data)
        except BadFrame:
            return
        waiting = self._waiting.get((arrived.device, arrived.cluster, frame.tsn))
        if waiting is not None and not waiting.done() and _is_answer(frame):
            waiting.set_result(frame)
            # A report that a device sends for an answer is a report still.
            if frame.to_client or not frame.of_cluster:
                return
        task = asyncio.create_task(self._deal(arrived, frame))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _deal(self, arrived: Arrived, frame: Frame) -> None:
        try:
            await self._deal_with(arrived, frame)
        except MeterError as error:
            # A device may go away while it is answered: it asks again.
            self._happened("not answered", arrived.device, str(error))

    async def _deal_with(self, arrived: Arrived, frame: Frame) -> None:
        if not frame.of_cluster:
            await self._deal_with_profile_command(arrived, frame)
            return
        side = "server" if frame.to_client else "client"
        defined = payload.command(arrived.cluster, side, frame.command)  # type: ignore[arg-type]
        if defined is None:
            await self._default(arrived, frame, zcl.UNSUPPORTED_COMMAND)
            return
        try:
            fields = payload.decode(defined, frame.payload)
        except BadFrame:
            await self._default(arrived, frame, zcl.MALFORMED)
            return
        await self._deal_with_command(arrived, frame, defined.name, fields)

    async def _deal_with_profile_command(self, arrived: Arrived, frame: Frame) -> None:
        if frame.command == zcl.REPORT:
            self.on_frame(arrived, frame)
            await self._default(arrived, frame, zcl.SUCCESS)
        elif frame.command == zcl.READ:
            answers = [self._own_attribute(arrived.cluster, one) for one in zcl.parse_read(frame.payload)]
            answer = Frame(zcl.READ_RESPONSE, zcl.read_response(answers), frame.tsn, to_client=not frame.to_client)
            await self._send(arrived.device, arrived.source, arrived.cluster, answer)

    def _own_attribute(self, cluster: int, attribute: int) -> zcl.Answer:
        """The time server's attributes; the gateway's time is UTC."""
        kind = _TIME_ATTRIBUTES.get(attribute) if cluster == TIME else None
        if kind is None:
            return zcl.Answer(attribute, zcl.UNSUPPORTED_ATTRIBUTE)
        value = _TIME_STATUS if attribute else zcl_time.seconds(self._context.now())
        return zcl.Answer(attribute, zcl.SUCCESS, kind, value.to_bytes(1 if attribute else 4, "little"))

    async def _deal_with_command(self, arrived: Arrived, frame: Frame, name: str, fields: dict[str, Any]) -> None:
        now = self._context.now()
        if arrived.cluster == KEY_ESTABLISHMENT:
            await self._key_establishment(arrived, frame, name, fields)
        elif (replies := self.esi.answer(arrived.cluster, name, fields, now)) is not None:
            for reply in replies:
                if reply.fields is None:
                    await self._default(arrived, frame, zcl.NOT_FOUND, always=True)
                else:
                    await self._send_command(
                        arrived.device, arrived.source, frame.tsn, reply.name, reply.fields, cluster=reply.cluster
                    )
        elif (event := self.esi.reported(arrived.device.hex(), arrived.cluster, name, fields, now)) is not None:
            self.on_event(event)
            await self._default(arrived, frame, zcl.SUCCESS)
        else:
            self.on_frame(arrived, frame)
            await self._default(arrived, frame, zcl.SUCCESS)

    async def _default(self, arrived: Arrived, frame: Frame, status: int, *, always: bool = False) -> None:
        """A default response, where one is wanted (ZCL, 2.5.12.2)."""
        if frame.no_default_response and status == zcl.SUCCESS and not always:
            return
        response = Frame(
            zcl.DEFAULT_RESPONSE,
            zcl.default_response(frame.command, status),
            frame.tsn,
            to_client=not frame.to_client,
        )
        await self._send(arrived.device, arrived.source, arrived.cluster, response)

    async def _key_establishment(self, arrived: Arrived, frame: Frame, name: str, fields: dict[str, Any]) -> None:
        device = arrived.device
        if name == "InitiateKeyEstablishmentRequest":
            suite = fields["keyEstablishmentSuite"]
            try:
                self._exchanges[device] = await asyncio.to_thread(self._exchange, device, suite, False)
            except MeterError as error:
                self._happened("key failed", device, str(error))
                refusal = key_establishment.Refusal.UNSUPPORTED_SUITE
                end = {"statusCode": int(refusal), "waitTime": 60, "keyEstablishmentSuite": suite}
                await self._send_command(device, arrived.source, frame.tsn, "TerminateKeyEstablishment", end)
                return
        exchange = self._exchanges.get(device)
        if exchange is None:
            return
        # Seconds of arithmetic on a small machine: the loop goes on meanwhile.
        step = await asyncio.to_thread(exchange.receive, name, fields)
        if exchange.link_key is not None:
            async with self._talking("installing a link key"):
                await self._running().install_link_key(device, exchange.link_key)
        if step is not None:
            await self._send_command(device, arrived.source, frame.tsn, step.name, step.fields)
        if exchange.done:
            self._key_over(device, exchange)

    def _exchange(self, device: bytes, suite: int, initiator: bool) -> key_establishment.Exchange:
        own = None
        if suite in SUITES and self._context.keys is not None:
            own = own_keys(self._context.keys, self.eui64, suite)
        if own is None:
            raise KeyRejected(
                f"no certificate of suite {suite} for this stick",
                where=self._path,
                do=f"put {self.eui64.hex()}/cs{suite}-certificate, -private and -authority into the credential store",
            )
        return key_establishment.Exchange(own, device, initiator=initiator)

    def _key_over(self, device: bytes, exchange: key_establishment.Exchange) -> None:
        if self._exchanges.get(device) is exchange:
            del self._exchanges[device]
        over = self._exchange_over.get(device)
        if exchange.link_key is not None:
            self.established.add(device)
            self._happened("key established", device)
            if over is not None and not over.done():
                over.set_result(exchange.link_key)
        else:
            self._happened("key failed", device, exchange.failed)
            if over is not None and not over.done():
                over.set_exception(KeyRejected(f"key establishment failed: {exchange.failed}", where=device.hex()))

    # ------------------------------------------------------------------------------------------------ sending

    async def _send_command(
        self,
        device: bytes,
        endpoint: int,
        number: int,
        name: str,
        fields: dict[str, Any],
        *,
        cluster: int = KEY_ESTABLISHMENT,
    ) -> None:
        side, defined = definitions().clusters[cluster].command(name)
        to_client = side == "server"
        if name == "TerminateKeyEstablishment":
            exchange = self._exchanges.get(device)
            to_client = exchange is None or not exchange.initiator
        tsn = number or self._running().get_sequence()
        frame = Frame(defined.code, payload.encode(defined, fields), tsn, of_cluster=True, to_client=to_client)
        await self._send(device, endpoint, cluster, frame)

    async def _send(self, device: bytes, endpoint: int, cluster: int, frame: Frame) -> None:
        app = self._running()
        async with self._talking(f"sending to {device.hex()}"):
            await app.request(
                app.get_device(ieee=zigpy_eui64(device)),
                SE_PROFILE,
                cluster,
                ENDPOINT,
                endpoint,
                frame.tsn,
                bytes(frame),
                ask_for_ack=True,
                aps_encryption=cluster in ENCRYPTED,
            )

    @contextlib.asynccontextmanager
    async def _talking(self, what: str) -> AsyncIterator[None]:
        """What zigpy and bellows raise, as one of our errors."""
        try:
            yield
        except MeterError:
            raise
        except TimeoutError as error:
            raise NoAnswer(f"{what}: no answer in time", where=self._path) from error
        except zigpy.exceptions.DeliveryError as error:
            raise NoAnswer(f"{what}: not delivered ({error})", where=self._path) from error
        except KeyError as error:
            raise NotSupported(f"{what}: not in this network", where=self._path) from error
        except Exception as error:
            raise LinkLost(f"{what}: {type(error).__name__}: {error}", where=self._path) from error

    def _refusal(self, device: bytes, cluster: int, answer: Frame) -> MeterError:
        name = f"cluster 0x{cluster:04x} of {device.hex()}"
        if answer.of_cluster or answer.command != zcl.DEFAULT_RESPONSE:
            return BadFrame(f"{name} answers with command 0x{answer.command:02x}", where=self._path)
        said = zcl.parse_default_response(answer.payload)
        return NotSupported(f"{name} refuses: {zcl.status_name(said.status)}", where=self._path)

    # ------------------------------------------------------------------------------------------------ the stick

    def _running(self) -> SeApplication:
        if self._app is None:
            raise LinkLost("the stick is not there", where=self._path, do="it is looked for again by itself")
        return self._app

    async def _start(self) -> SeApplication:
        app = SeApplication(self._configuration, self._arrived, consumer=self._consumer)
        app.add_listener(_Listener(self))
        try:
            async with asyncio.timeout(_START_S):
                await app._load_db()
                await app.startup(auto_form=self._form)
        except zigpy.exceptions.NetworkNotFormed as error:
            await _stop(app)
            raise NotSupported(
                f"the stick has no network ({error})", where=self._path, do="metergate pan form makes one"
            ) from error
        except Exception as error:
            await _stop(app)
            raise LinkLost(
                f"the stick does not start: {type(error).__name__}: {error}",
                where=self._path,
                do="check that it is plugged in, has EZSP firmware, and that nothing else holds it",
            ) from error
        return app

    async def _supervise(self) -> None:
        """Look at the stick; when it is gone or hangs, build the application anew until it is back."""
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._lost.wait(), self._look_s)
            if not self._lost.is_set() and (await self._looks() or await self._looks()):
                continue
            await self._rebuild()

    async def _looks(self) -> bool:
        try:
            async with asyncio.timeout(self._look_answer_s):
                await self._running().still_there()
        except Exception:  # noqa: BLE001 - whatever it is, the stick did not answer
            return False
        return True

    async def _rebuild(self) -> None:
        app, self._app = self._app, None
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(LinkLost("the stick was lost", where=self._path))
        self._happened("stick lost", b"")
        if app is not None:
            await _stop(app)
        attempt = 0
        while True:
            self._lost.clear()
            try:
                self._app = await self._start()
                break
            except MeterError:
                await asyncio.sleep(_AGAIN_S[min(attempt, len(_AGAIN_S) - 1)])
                attempt += 1
        self.rebuilt += 1
        self._happened("stick back", b"")

    def _happened(self, what: str, device: bytes, why: str = "") -> None:
        self.on_happened(Happened(what, device, self._context.now(), why))

    def _device(self, one: Any) -> Device:
        eui64 = eui64_bytes(one.ieee)
        endpoints = {number: one.endpoints[number] for number in one.endpoints if number}
        return Device(
            eui64,
            int(one.nwk),
            " ".join(filter(None, [one.manufacturer, one.model])),
            {number: tuple(sorted(endpoint.in_clusters)) for number, endpoint in endpoints.items()},
            {number: tuple(sorted(endpoint.out_clusters)) for number, endpoint in endpoints.items()},
            # zigpy keeps a device only when its interview is over: until then a power cut forgets it.
            bool(one.is_initialized and not one.initializing),
            self._running().refused.get(eui64, 0),
        )


class _Listener:
    """zigpy's words for what happens to the network."""

    def __init__(self, pan: Pan) -> None:
        self._pan = pan

    def device_joined(self, device: Any) -> None:
        self._pan._happened("joined", eui64_bytes(device.ieee))

    def device_left(self, device: Any) -> None:
        self._pan._happened("left", eui64_bytes(device.ieee))

    def connection_lost(self, reason: object) -> None:
        self._pan._lost.set()


async def _stop(app: SeApplication) -> None:
    """End an application whatever state it is in, and soon."""
    with contextlib.suppress(Exception):
        async with asyncio.timeout(5):
            await app.shutdown()


def _is_answer(frame: Frame) -> bool:
    if frame.of_cluster:
        return True
    return frame.command in (
        zcl.READ_RESPONSE,
        zcl.CONFIGURE_REPORTING_RESPONSE,
        zcl.DISCOVER_RESPONSE,
        zcl.DEFAULT_RESPONSE,
    )
