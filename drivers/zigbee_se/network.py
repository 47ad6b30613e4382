"""The network behind a stick: its devices, requests to them, and what they are told.

A ``Pan`` is opened on one stick and stays open through the stick's resets, hangs and absences: a supervisor sees them within
30 s and builds the application anew. A request that falls into such a time ends with LinkLost.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

import zigpy.types as t

from drivers.driver import Context
from drivers.errors import BadFrame, MeterError, NoAnswer, NotSupported
from drivers.zigbee_se import key_establishment, payload, stick, zcl, zcl_time
from drivers.zigbee_se.answers import Answers
from drivers.zigbee_se.application import (
    Arrived,
    SeApplication,
    configuration,
    eui64_bytes,
    zigpy_eui64,
)
from drivers.zigbee_se.consumer import ConsumerApplication
from drivers.zigbee_se.devices import Device, Happened, Listener
from drivers.zigbee_se.esi import Esi
from drivers.zigbee_se.install_code import InstallCode
from drivers.zigbee_se.instructions import Instruction
from drivers.zigbee_se.key_agreements import KeyAgreements
from drivers.zigbee_se.stick import Stick
from drivers.zigbee_se.traffic import Traffic, command_frame
from drivers.zigbee_se.zcl import Frame

#: Seconds until a device has answered a request: it may have to be asked for at its parent, and a mesh takes its time.
ANSWER_S = 8.0
#: Seconds until a device has refused an instruction, if it does.
_CONFIRM_S = 3.0


class Pan:
    """One stick and its network. ``path`` of the stick; ``form`` makes a network where there is none.

    ``consumer``: the stick is a guest in a utility's network; with ``code``, its own install code, it joins one where it is in
    none. ``database`` keeps the devices over a restart, ``memory`` what the ESI told them.
    """

    def __init__(
        self,
        path: str,
        context: Context,
        *,
        form: bool = False,
        consumer: bool = False,
        code: InstallCode | None = None,
        channel: int | None = None,
        database: Path | None = None,
        memory: Path | None = None,
        look_s: float = stick.LOOK_S,
        look_answer_s: float = stick.LOOK_ANSWER_S,
    ) -> None:
        self._path = path
        self._context = context
        self._consumer = consumer
        config = configuration(path, database=str(database) if database else None, channel=channel, consumer=consumer)

        def make() -> SeApplication:
            if consumer:
                return ConsumerApplication(config, self._arrived, code)
            return SeApplication(config, self._arrived, form=form)

        self._stick = Stick(
            path,
            make,
            on_happened=self._happened,
            on_lost=lambda: self._traffic.lost(),
            look_s=look_s,
            look_answer_s=look_answer_s,
        )
        self._traffic = Traffic(self._stick, context.timeout or ANSWER_S)
        self._keys = KeyAgreements(self._stick, self._traffic, context, self._happened)
        self.esi = Esi(memory)
        self._answers = Answers(
            self._traffic,
            self._keys,
            self.esi,
            context,
            on_frame=lambda arrived, frame: self._tell(lambda one: one.frame(arrived, frame)),
            on_event=lambda event: self._tell(lambda one: one.event(event)),
        )
        self._tasks: set[asyncio.Task[None]] = set()
        self._listeners: list[Listener] = []

    async def __aenter__(self) -> Self:
        await self._stick.open()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await stick.end(list(self._tasks))
        await self._stick.close()

    @contextlib.contextmanager
    def heard_by(self, listener: Listener) -> Iterator[None]:
        """Tell it what the network says by itself, beside everyone else who listens."""
        self._listeners.append(listener)
        try:
            yield
        finally:
            self._listeners.remove(listener)

    def _tell(self, say: Callable[[Listener], None]) -> None:
        for one in list(self._listeners):
            say(one)

    @property
    def established(self) -> set[bytes]:
        """Devices that agreed on a link key since this was opened."""
        return self._keys.established

    @property
    def rebuilt(self) -> int:
        """How often the stick was lost and came back."""
        return self._stick.rebuilt

    # ------------------------------------------------------------------------------------------------ the network

    @property
    def eui64(self) -> bytes:
        """The stick's own, high octet first."""
        return eui64_bytes(self._stick.app.state.node_info.ieee)

    def status(self) -> dict[str, str]:
        """What a technician wants to know of the network; no keys."""
        app = self._stick.app
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
            "unreadable": str(self._traffic.unreadable.total()),
        }

    def devices(self) -> list[Device]:
        """Every device but the stick itself."""
        app = self._stick.app
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
        """Open the door for exactly this device, which joins under the key of its install code.

        Raises NotSupported for a code of another device and for a guest, NoAnswer, LinkLost.
        """
        if self._consumer:
            raise NotSupported(
                "a guest opens nobody's network", where=self._path, do="ask the utility to let the device in"
            )
        if code.eui64 is not None and code.eui64 != eui64:
            raise NotSupported(f"the install code is of {code.eui64.hex()}, not of {eui64.hex()}", where=self._path)
        async with self._stick.talking("opening the network"):
            await self._stick.app.permit_with_link_key(
                zigpy_eui64(eui64), t.KeyData(code.link_key), min(max(seconds, 1), 254)
            )

    async def close_door(self) -> None:
        async with self._stick.talking("closing the network"):
            await self._stick.app.permit(0)

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
        async with self._stick.talking("removing a device"):
            await self._stick.app.remove(zigpy_eui64(eui64))

    # ------------------------------------------------------------------------------------------------ requests

    async def read(self, device: bytes, endpoint: int, cluster: int, attributes: Sequence[int]) -> list[zcl.Answer]:
        """Read attributes. Raises NoAnswer, LinkLost, BadFrame, NotSupported when the cluster refuses as a whole."""
        frame = Frame(zcl.READ, zcl.read(attributes), 0)
        answer = await self._traffic.ask(device, endpoint, cluster, frame)
        if answer.of_cluster or answer.command != zcl.READ_RESPONSE:
            raise self._traffic.refusal(device, cluster, answer)
        return zcl.parse_read_response(answer.payload)

    async def command(
        self, device: bytes, endpoint: int, cluster: int, name: str, fields: dict[str, Any]
    ) -> dict[str, Any] | None:
        """Send a cluster command and return the fields of what comes back; None where a default response says SUCCESS.

        Raises NoAnswer, LinkLost, BadFrame; NotSupported where the device refuses.
        """
        frame = replace(command_frame(cluster, name, fields, 0), no_default_response=False)
        answer = await self._traffic.ask(device, endpoint, cluster, frame)
        if not answer.of_cluster:
            said = zcl.parse_default_response(answer.payload)
            if answer.command != zcl.DEFAULT_RESPONSE or said.status != zcl.SUCCESS:
                raise self._traffic.refusal(device, cluster, answer)
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
        answer = await self._traffic.ask(device, endpoint, cluster, frame)
        if answer.of_cluster or answer.command != zcl.CONFIGURE_REPORTING_RESPONSE:
            raise self._traffic.refusal(device, cluster, answer)
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
        number = self._traffic.number()
        frame = replace(
            command_frame(instruction.cluster, instruction.command, said, number), no_default_response=False
        )
        with self._traffic.awaited(device, instruction.cluster, number) as answered:
            await self._traffic.send(device, endpoints[0], instruction.cluster, frame)
            # Delivered: the network says so. A device may answer with its report alone, in its own time.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_CONFIRM_S):
                    answer = await answered
                    if answer.command == zcl.DEFAULT_RESPONSE and not answer.of_cluster:
                        said_status = zcl.parse_default_response(answer.payload).status
                        if said_status != zcl.SUCCESS:
                            raise self._traffic.refusal(device, instruction.cluster, answer)

    def next_event_id(self) -> int:
        """An IssuerEventID above every one before: seconds since 2000, or one more than the last (SE 1.4, D.2.2.3.1)."""
        least = zcl_time.seconds(self._context.now())
        if self._context.counters is not None:
            return self._context.counters.reserve("zigbee/issuer-event-id", 1, at_least=least)
        return max(least, self.esi.newest + 1)

    def remember(self, instruction: Instruction, tracking: str = "") -> dict[str, Any]:
        """Keep an instruction for devices that ask later, before it is told to several; returns its fields."""
        return self.esi.tell(instruction, self._context.now(), tracking)

    async def establish(self, device: bytes, suite: int) -> None:
        """Begin key establishment with a device. Raises KeyRejected, NoAnswer, LinkLost; NotSupported where it has none."""
        endpoints = self.device(device).having(key_establishment.CLUSTER)
        if not endpoints:
            raise NotSupported(f"{device.hex()} has no key establishment", where=self._path)
        await self._keys.establish(device, endpoints[0], suite)

    # ------------------------------------------------------------------------------------------------ what arrives

    def _arrived(self, arrived: Arrived) -> None:
        frame = self._traffic.received(arrived)
        if frame is not None:
            task = asyncio.create_task(self._deal(arrived, frame))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _deal(self, arrived: Arrived, frame: Frame) -> None:
        try:
            await self._answers.deal(arrived, frame)
        except MeterError as error:
            # A device may go away while it is answered: it asks again.
            self._happened("not answered", arrived.device, str(error))

    def _happened(self, what: str, device: bytes, why: str = "") -> None:
        happened = Happened(what, device, self._context.now(), why)
        self._tell(lambda one: one.happened(happened))

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
            self._stick.app.refused.get(eui64, 0),
            self._traffic.unreadable[eui64],
        )
