"""Frames over the air, and requests with their answers: matched by device, cluster and sequence number."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from drivers.errors import BadFrame, LinkLost, MeterError, NotSupported
from drivers.zigbee_se import payload, zcl
from drivers.zigbee_se.application import ENCRYPTED, ENDPOINT, SE_PROFILE, Arrived, zigpy_eui64
from drivers.zigbee_se.definitions import definitions
from drivers.zigbee_se.stick import Stick
from drivers.zigbee_se.zcl import Frame

_ANSWERS = (zcl.READ_RESPONSE, zcl.CONFIGURE_REPORTING_RESPONSE, zcl.DISCOVER_RESPONSE, zcl.DEFAULT_RESPONSE)


class Traffic:
    """What goes through one stick. ``unreadable`` counts what arrived and is no frame, by device."""

    def __init__(self, stick: Stick, timeout_s: float) -> None:
        self._stick = stick
        self._timeout_s = timeout_s
        self._waiting: dict[tuple[bytes, int, int], asyncio.Future[Frame]] = {}
        self.unreadable: Counter[bytes] = Counter()

    def received(self, arrived: Arrived) -> Frame | None:
        """A frame that has to be dealt with; None for an answer, which goes to whom waits for it, and for what is none."""
        try:
            frame = Frame.parse(arrived.data)
        except BadFrame:
            self.unreadable[arrived.device] += 1
            return None
        waiting = self._waiting.get((arrived.device, arrived.cluster, frame.tsn))
        if waiting is not None and not waiting.done() and (frame.of_cluster or frame.command in _ANSWERS):
            waiting.set_result(frame)
            # A report that a device sends for an answer is a report still.
            if frame.to_client or not frame.of_cluster:
                return None
        return frame

    def lost(self) -> None:
        """Nothing that is waited for will come."""
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(LinkLost("the stick was lost", where=self._stick.path))

    @contextlib.contextmanager
    def awaited(self, device: bytes, cluster: int, number: int) -> Iterator[asyncio.Future[Frame]]:
        """The answer with this sequence number, to be awaited inside."""
        key = (device, cluster, number)
        future = self._waiting[key] = asyncio.get_running_loop().create_future()
        try:
            yield future
        finally:
            self._waiting.pop(key, None)
            if future.done() and not future.cancelled():
                future.exception()

    async def ask(self, device: bytes, endpoint: int, cluster: int, frame: Frame) -> Frame:
        """Send a frame and wait for its answer. Raises NoAnswer, LinkLost."""
        number = self.number()
        with self.awaited(device, cluster, number) as answer:
            async with self._stick.talking(f"asking {device.hex()}"), asyncio.timeout(self._timeout_s):
                await self.send(device, endpoint, cluster, replace(frame, tsn=number))
                return await answer

    def number(self) -> int:
        """A sequence number."""
        return int(self._stick.app.get_sequence())

    async def send(self, device: bytes, endpoint: int, cluster: int, frame: Frame) -> None:
        """Send a frame. Raises NoAnswer when the network does not deliver it, LinkLost."""
        app = self._stick.app
        async with self._stick.talking(f"sending to {device.hex()}"):
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

    async def send_command(
        self,
        device: bytes,
        endpoint: int,
        cluster: int,
        number: int | None,
        name: str,
        fields: dict[str, Any],
        *,
        to_client: bool | None = None,
    ) -> None:
        """Send a cluster's command, with the number of what it answers. Raises as ``send``.

        ``to_client`` for a command that both sides have.
        """
        frame = command_frame(cluster, name, fields, self.number() if number is None else number)
        if to_client is not None:
            frame = replace(frame, to_client=to_client)
        await self.send(device, endpoint, cluster, frame)

    def refusal(self, device: bytes, cluster: int, answer: Frame) -> MeterError:
        """What an answer is that is not the one asked for: a refusal with its reason, or nonsense."""
        name = f"cluster 0x{cluster:04x} of {device.hex()}"
        if answer.of_cluster or answer.command != zcl.DEFAULT_RESPONSE:
            return BadFrame(f"{name} answers with command 0x{answer.command:02x}", where=self._stick.path)
        said = zcl.parse_default_response(answer.payload)
        return NotSupported(f"{name} refuses: {zcl.status_name(said.status)}", where=self._stick.path)


def command_frame(cluster: int, name: str, fields: dict[str, Any], number: int) -> Frame:
    """A cluster's command with its fields, to the side that the definitions give it."""
    side, defined = definitions().clusters[cluster].command(name)
    return Frame(defined.code, payload.encode(defined, fields), number, of_cluster=True, to_client=side == "server")
