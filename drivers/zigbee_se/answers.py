"""What devices say of themselves: the time and the instructions they ask for, reports, confirmations, keys."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from drivers.driver import Context
from drivers.errors import BadFrame
from drivers.reading import MeterEvent
from drivers.zigbee_se import key_establishment, payload, zcl, zcl_time
from drivers.zigbee_se.application import TIME, Arrived
from drivers.zigbee_se.esi import Esi
from drivers.zigbee_se.key_agreements import KeyAgreements
from drivers.zigbee_se.traffic import Traffic
from drivers.zigbee_se.zcl import Frame

_TIME_ATTRIBUTES = {0x0000: 0xE2, 0x0001: 0x18}
#: TimeStatus: master and synchronised, what Smart Energy asks of an ESI.
_TIME_STATUS = 0x03


class Answers:
    """Deals with one frame at a time. ``on_frame`` gets what is no question, ``on_event`` what is told as an event."""

    def __init__(
        self,
        traffic: Traffic,
        keys: KeyAgreements,
        esi: Esi,
        context: Context,
        *,
        on_frame: Callable[[Arrived, Frame], None],
        on_event: Callable[[MeterEvent], None],
    ) -> None:
        self._traffic = traffic
        self._keys = keys
        self._esi = esi
        self._context = context
        self._on_frame = on_frame
        self._on_event = on_event

    async def deal(self, arrived: Arrived, frame: Frame) -> None:
        """Raises NoAnswer, LinkLost when an answer does not reach the device, BadFrame for a frame that makes no sense."""
        if not frame.of_cluster:
            await self._profile_command(arrived, frame)
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
        await self._command(arrived, frame, defined.name, fields)

    async def _profile_command(self, arrived: Arrived, frame: Frame) -> None:
        if frame.command == zcl.REPORT:
            self._on_frame(arrived, frame)
            await self._default(arrived, frame, zcl.SUCCESS)
        elif frame.command == zcl.READ:
            answers = [self._own_attribute(arrived.cluster, one) for one in zcl.parse_read(frame.payload)]
            answer = Frame(zcl.READ_RESPONSE, zcl.read_response(answers), frame.tsn, to_client=not frame.to_client)
            await self._traffic.send(arrived.device, arrived.source, arrived.cluster, answer)

    def _own_attribute(self, cluster: int, attribute: int) -> zcl.Answer:
        """The time server's attributes; the gateway's time is UTC."""
        kind = _TIME_ATTRIBUTES.get(attribute) if cluster == TIME else None
        if kind is None:
            return zcl.Answer(attribute, zcl.UNSUPPORTED_ATTRIBUTE)
        value = _TIME_STATUS if attribute else zcl_time.seconds(self._context.now())
        return zcl.Answer(attribute, zcl.SUCCESS, kind, value.to_bytes(1 if attribute else 4, "little"))

    async def _command(self, arrived: Arrived, frame: Frame, name: str, fields: dict[str, Any]) -> None:
        now = self._context.now()
        if arrived.cluster == key_establishment.CLUSTER:
            await self._keys.received(arrived, frame, name, fields)
        elif (replies := self._esi.answer(arrived.cluster, name, fields, now)) is not None:
            for reply in replies:
                if reply.fields is None:
                    await self._default(arrived, frame, zcl.NOT_FOUND, always=True)
                else:
                    await self._traffic.send_command(
                        arrived.device, arrived.source, reply.cluster, frame.tsn, reply.name, reply.fields
                    )
        elif (event := self._esi.reported(arrived.device.hex(), arrived.cluster, name, fields, now)) is not None:
            self._on_event(event)
            await self._default(arrived, frame, zcl.SUCCESS)
        else:
            self._on_frame(arrived, frame)
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
        await self._traffic.send(arrived.device, arrived.source, arrived.cluster, response)
