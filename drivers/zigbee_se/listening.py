"""What a network says by itself: reports of meters, answers to instructions; and what is polled because it is not reported."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence

from drivers.driver import Context
from drivers.errors import BadFrame, MeterError, NotSupported
from drivers.reading import NotUnderstood, Record
from drivers.zigbee_se import metering_attributes as at
from drivers.zigbee_se import zcl
from drivers.zigbee_se.application import Arrived
from drivers.zigbee_se.devices import Listener
from drivers.zigbee_se.meters import PanMeter
from drivers.zigbee_se.network import Pan

#: Seconds: a meter reports at most and at least so often, and is polled so often where it does not report.
_LEAST_S, _MOST_S, _POLL_S = 10, 300, 30.0
#: Records that wait for a slow consumer before the oldest goes.
_MOST_WAITING = 1000


async def listen(
    pan: Pan, meters: Sequence[PanMeter], context: Context, poll_s: float = _POLL_S
) -> AsyncIterator[Record]:
    """Records as they come, until the caller stops. A meter's own trouble is said and does not end the listening."""
    queue: asyncio.Queue[Record] = asyncio.Queue(_MOST_WAITING)
    places = {(one.place.device, one.place.endpoint): one for one in meters}

    def put(record: Record) -> None:
        if queue.full():
            queue.get_nowait()
        queue.put_nowait(record)

    def reported(arrived: Arrived, frame: zcl.Frame) -> None:
        one = places.get((arrived.device, arrived.source))
        if one is None or arrived.cluster != at.CLUSTER or frame.of_cluster:
            return
        try:
            answers = {answer.attribute: answer for answer in zcl.parse_report(frame.payload)}
        except BadFrame as error:
            put(NotUnderstood(arrived.device.hex(), frame.payload.hex(), f"report: {error}"))
            return
        for record in one.of(answers, context.now()):
            put(record)

    async def poll(one: PanMeter) -> None:
        while True:
            try:
                for record in await one.registers():
                    put(record)
            except MeterError as error:
                put(NotUnderstood(one.place.device.hex(), "", f"not polled: {error}"))
            await asyncio.sleep(poll_s)

    tasks = []
    with pan.heard_by(Listener(frame=reported, event=put)):
        try:
            for one in meters:
                put(await one.identify())
                polled = True
                with contextlib.suppress(NotSupported):
                    polled = bool(await one.report(_LEAST_S, _MOST_S))
                if polled:
                    tasks.append(asyncio.create_task(poll(one)))
            while True:
                yield await queue.get()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
