"""What a technician does with a home area network that is open: on a stick directly, or on the one of a running gateway.

A piece of work gives lines, JSON objects, as it goes: ``type`` says what a line is; one of the type ``note`` is for a person.
To a running gateway it goes as a ``Request``.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from drivers.errors import MeterError, NoAnswer, UsageError

if TYPE_CHECKING:
    from drivers.reading import MeterEvent
    from drivers.zigbee_se.devices import Happened
    from drivers.zigbee_se.instructions import Instruction
    from drivers.zigbee_se.network import Pan

Line = dict[str, Any]
#: Seconds after joining until the device and we have a key.
_KEY_S = 60.0
_URGENCY = ("low", "medium", "high", "critical")
_Minutes = Annotated[int | None, Field(ge=1, le=0xFFFE)]


class _Work(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Status(_Work):
    """What the stick and its network are; no keys."""

    do: Literal["status"] = "status"

    async def on(self, pan: Pan) -> AsyncGenerator[Line, None]:
        yield {"type": "pan", **pan.status()}


class Devices(_Work):
    """Every device of the network, and what it serves and asks for."""

    do: Literal["devices"] = "devices"

    async def on(self, pan: Pan) -> AsyncGenerator[Line, None]:
        from drivers.zigbee_se.driver import settled

        await settled(pan)
        for one in pan.devices():
            yield {
                "type": "device",
                "eui64": one.eui64.hex(),
                "node_id": f"{one.node_id:04x}",
                "model": one.model,
                "interviewed": one.interviewed,
                "serves": _clusters(one.endpoints),
                "asks": _clusters(one.clients),
                "refused": one.refused,
                "unreadable": one.unreadable,
            }


class Permit(_Work):
    """Let one device in, until it has joined and a link key is established. ``code`` is its install code."""

    do: Literal["permit"] = "permit"
    device: str
    code: str = Field(repr=False)
    seconds: int = Field(180, ge=1, le=254)

    async def on(self, pan: Pan) -> AsyncGenerator[Line, None]:
        from drivers.zigbee_se.devices import Listener
        from drivers.zigbee_se.install_code import InstallCode, eui64
        from drivers.zigbee_se.key_establishment import CLUSTER

        address = eui64(self.device)
        happened: list[Happened] = []
        with pan.heard_by(Listener(happened=happened.append)):
            await pan.permit(address, InstallCode.parse(self.code), self.seconds)
            try:
                yield _note(f"the network is open for {address.hex()} for {self.seconds} s; start the device's joining")
                found = await pan.joined(address, self.seconds)
                wants_key = bool(found.having(CLUSTER) or found.asking(CLUSTER))
                if wants_key:
                    await _key(address, happened)
            finally:
                with contextlib.suppress(MeterError):
                    await pan.close_door()
        yield {"type": "joined", "eui64": address.hex(), "model": found.model, "link_key": wants_key}


async def _key(device: bytes, happened: Sequence[Happened]) -> None:
    """Wait until a device has agreed with us on a key. Raises NoAnswer."""
    deadline = asyncio.get_running_loop().time() + _KEY_S
    while asyncio.get_running_loop().time() < deadline:
        said = {one.what: one.why for one in happened if one.device == device}
        if "key established" in said:
            return
        if "key failed" in said:
            raise NoAnswer(f"joined, but without a link key: {said['key failed']}", do="see docs/zigbee.md")
        await asyncio.sleep(0.1)
    raise NoAnswer("joined, but it did not begin key establishment", do="see docs/zigbee.md")


class _Telling(_Work):
    """Tells one device (its EUI64), or all that take such an instruction."""

    device: str | None = None

    async def _tell(self, pan: Pan, said: Instruction) -> AsyncGenerator[Line, None]:
        from drivers.zigbee_se.driver import settled
        from drivers.zigbee_se.install_code import eui64
        from drivers.zigbee_se.instructions import CannotSay

        await settled(pan)
        if self.device is not None:
            targets = [pan.device(eui64(self.device))]
        else:
            targets = [one for one in pan.devices() if one.asking(said.cluster)]
        if not targets:
            raise NoAnswer(f"no device of this network takes a {said.command}")
        try:
            fields = pan.remember(said)
        except CannotSay as error:
            raise UsageError(str(error)) from None
        failed: list[MeterError] = []
        for one in targets:
            try:
                await pan.tell(one.eui64, said, fields=fields)
                yield {"type": "told", "eui64": one.eui64.hex(), "what": said.command}
            except MeterError as error:
                failed.append(error)
                yield _note(f"{one.eui64.hex()}: {error}")
        if len(failed) == len(targets):
            raise failed[0]


class Price(_Telling):
    """Publish a price per kWh, from now on. ``currency`` is the ISO 4217 number, ``minutes`` None until the next."""

    do: Literal["price"] = "price"
    amount: Decimal
    currency: int
    label: str = ""
    minutes: _Minutes = None

    async def on(self, pan: Pan) -> AsyncGenerator[Line, None]:
        from drivers.zigbee_se import instructions

        said = instructions.Price(
            issuer_event_id=pan.next_event_id(),
            price=self.amount,
            currency=self.currency,
            rate_label=self.label,
            duration_min=self.minutes,
        )
        async for line in self._tell(pan, said):
            yield line


class Message(_Telling):
    """Show a text on the displays; with ``wait_s``, until one has confirmed it."""

    do: Literal["message"] = "message"
    text: str
    urgency: Literal["low", "medium", "high", "critical"] = "low"
    confirm: bool = False
    minutes: _Minutes = None
    wait_s: int = Field(0, ge=0, le=3600)

    async def on(self, pan: Pan) -> AsyncGenerator[Line, None]:
        from drivers.zigbee_se import instructions
        from drivers.zigbee_se.devices import Listener

        said = instructions.Message(
            issuer_event_id=pan.next_event_id(),
            text=self.text,
            urgency=_URGENCY.index(self.urgency),
            confirm=self.confirm,
            duration_min=self.minutes,
        )
        events: asyncio.Queue[MeterEvent] = asyncio.Queue()

        def heard(event: MeterEvent) -> None:
            if event.details.get("event") == str(said.issuer_event_id):
                events.put_nowait(event)

        with pan.heard_by(Listener(event=heard)):
            async for line in self._tell(pan, said):
                yield line
            if not self.wait_s:
                return
            try:
                one = await asyncio.wait_for(events.get(), self.wait_s)
            except TimeoutError:
                raise NoAnswer(f"not confirmed within {self.wait_s} s") from None
        yield {"type": "event", "meter": one.meter, "log": one.log, "code": one.code, "details": dict(one.details)}


Work = Status | Devices | Permit | Price | Message


class Read(_Work):
    """Read every meter of a network that a gateway holds, or those of one device. Its lines are of ``gateway.json_format``."""

    do: Literal["read"] = "read"
    device: str | None = None


class Request(_Work):
    """What goes through the socket of a running gateway. ``network`` is the name of a meter of its configuration."""

    network: str
    work: Annotated[Work | Read, Field(discriminator="do")]


def _note(text: str) -> Line:
    return {"type": "note", "text": text}


def _clusters(endpoints: dict[int, tuple[int, ...]]) -> dict[str, list[str]]:
    return {str(number): [f"{cluster:04x}" for cluster in clusters] for number, clusters in endpoints.items()}
