"""Does the orders: at its time each goes to its meter's link as a job, is read back, and told as an event.

An order is ``sent`` on the disk before it is on the wire. One that is found so after a restart, or whose answer was lost, is
not sent again: the device is asked for its state until it says one, or the time is over, and what it says is told.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from drivers.errors import BadFrame, LinkLost, MeterError, NoAnswer
from drivers.reading import Meter, MeterEvent
from gateway.acquisition.dispatch import Origin
from gateway.acquisition.job import Command, Job, Outcome, Priority, Result, Wanted
from gateway.cim.controls import Control
from gateway.headend.house import House
from gateway.headend.ordering import LATE, PAN, meant
from gateway.messages.codec import read
from gateway.messages.compose import MeterFacts
from gateway.messages.errors import MessageError
from gateway.messages.profiles.end_device_controls import EndDeviceControl
from gateway.messages.profiles.parts import Identified
from gateway.store import audit, belongs, history, orders
from gateway.store.connection import Connection
from gateway.store.errors import StoreError
from gateway.store.orders import Order, State

_log = logging.getLogger("metergate")
_DEADLINE_S = 120.0
#: The clock is looked at this often at least: it may be set.
_LOOK_S = 30.0
#: A device that does not say what it did is asked again after so long, each time later.
_ASK_AGAIN_S = (2.0, 5.0, 15.0, 60.0, 300.0)
#: An order that waits for a second pair of eyes is given up after so long.
_HELD = timedelta(hours=1)
#: After these the command may have been done all the same.
_IN_DOUBT = (NoAnswer, LinkLost, BadFrame)

#: The codes of the table ``control`` (device_maps/events.toml): when it is in effect, and when it is not.
_CODES: Mapping[Control, tuple[str, str]] = {
    Control.CONNECT: ("connected", "connect failed"),
    Control.DISCONNECT: ("disconnected", "disconnect failed"),
    Control.ARM_FOR_CLOSURE: ("armed", "arming failed"),
    Control.DEMAND_RESET: ("demand reset", "demand reset failed"),
    Control.SET_CLOCK: ("clock set", "clock not set"),
    Control.LIMIT_INVERTER: ("limit set", "limit not set"),
}
_TOLD = ("told", "not told")


@dataclass(frozen=True, slots=True)
class _Settled:
    state: State
    outcome: str


class ControlOrders:
    """``run`` until cancelled; ``changed`` when an order was taken or cancelled."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._changed = asyncio.Event()

    def changed(self) -> None:
        """Look anew at what is due."""
        self._changed.set()

    async def run(self) -> None:
        """Do what is due, for ever. What was under way before is settled first."""
        async with asyncio.TaskGroup() as tasks:
            for order in await self._house.read(lambda connection: orders.standing(connection, State.SENT)):
                tasks.create_task(self._settle(order, None))
            while True:
                self._changed.clear()
                try:
                    wait = await self._begin(tasks)
                except StoreError as error:
                    self._house.states.say("store", str(error))
                    wait = _LOOK_S
                try:
                    async with asyncio.timeout(wait):
                        await self._changed.wait()
                except TimeoutError:
                    continue

    async def _begin(self, tasks: asyncio.TaskGroup) -> float:
        """Begin what is due; the seconds until the next."""
        now, wait = self._house.now(), _LOOK_S
        for order in await self._house.read(lambda connection: orders.standing(connection, State.ACCEPTED, State.HELD)):
            if order.state is State.HELD:
                if now - order.accepted_at > _HELD:
                    await self._give_up(order, "nobody else ordered it within an hour")
            elif order.start_at > now:
                wait = min(wait, (order.start_at - now).total_seconds())
            elif order.latest_at < now:
                await self._give_up(order, f"its time was over at {order.latest_at.isoformat()}")
            elif await self._house.read(partial(orders.send, name=order.id, at=now)):
                tasks.create_task(self._do(replace(order, state=State.SENT, sent_at=now)))
        return wait

    async def _give_up(self, order: Order, why: str) -> None:
        if await self._house.read(
            lambda connection: orders.move(connection, order.id, orders.OPEN, State.FAILED, f"not attempted: {why}")
        ):
            await self._tell(order, Outcome(False, f"not attempted: {why}"))

    async def _do(self, order: Order) -> None:
        await self._settle(order, await self._ask(order, check=False))

    async def _settle(self, order: Order, result: Result | None) -> None:
        """Find out what came of an order, and say it. ``result`` is that of the command, None where it is not known."""
        deadline = (order.sent_at or self._house.now()) + LATE
        attempt = 0
        while result is None or (result.outcome is None and _in_doubt(result.error)):
            if result is not None:
                await asyncio.sleep(_ASK_AGAIN_S[min(attempt, len(_ASK_AGAIN_S) - 1)])
                attempt += 1
            if self._house.now() > deadline:
                why = str(result.error) if result is not None else "the gateway was off"
                result = Result(outcome=Outcome(None, f"whether it was done is not known: {why}"))
            else:
                result = await self._ask(order, check=True)
        outcome = result.outcome or Outcome(False, str(result.error or "nothing was asked"))
        await self._tell(order, outcome)
        to = State.UNKNOWN if outcome.done is None else State.DONE if outcome.done else State.FAILED
        await self._keep(order, _Settled(to, outcome.state))

    async def _ask(self, order: Order, *, check: bool) -> Result:
        try:
            what = self._command(order, check=check)
        except MessageError as error:
            return Result(error=error)
        job = Job(order.place, Wanted(what="control", command=what), Priority.REQUEST, _DEADLINE_S)
        if not self._house.ask(job):
            return Result(error=NoAnswer("too many reads wait at the meter's link"))
        return await job.done

    def _command(self, order: Order, *, check: bool) -> Command:
        """Raises MessageError where the order is no longer understood: the configuration was changed."""
        whole = read(order.body).message
        said: EndDeviceControl = whole.end_device_control[0]
        what = meant(said, whole, self._house.controls, order.accepted_at)
        devices = tuple(one.mrid for one in said.end_devices if one.is_pan and one.mrid)
        return Command(
            what.control,
            what.limit,
            what.revert_s,
            check,
            said if what.is_pan or what.control in PAN else None,
            order.tracking_id or order.id,
            devices,
            self._house.currency,
        )

    async def _tell(self, order: Order, outcome: Outcome) -> None:
        """The event of an outcome. Its time is that of the sending, so that it is the same when it is told after a crash."""
        codes = _CODES.get(Control(order.control), _TOLD)
        at = order.sent_at or order.start_at
        details = {"issuerTrackingID": order.tracking_id, "readBack": outcome.state, "order": order.id}
        while True:
            try:
                meter, origin = await self._house.read(partial(self._who, order=order, at=at))
                code = codes[0] if outcome.done else codes[1]
                event = MeterEvent(meter.key, at, f"control {order.id}", code, self._house.now(), "control", details)
                await self._house.dispatch.accept([meter, event], self._house.now(), origin)
            except StoreError as error:
                self._house.states.say("store", str(error))
                await asyncio.sleep(_LOOK_S)
            else:
                return

    def _who(self, connection: Connection, *, order: Order, at: datetime) -> tuple[Meter, Origin]:
        place = history.place(connection, order.place)
        table = self._house.meters[order.place]
        point = table.usage_point or belongs.at(connection, order.place, "UsagePoint", at)
        facts = MeterFacts(usage_point=Identified(mrid=point) if point else None)
        # The meter is not named to the dispatch as one that answered: it may not have.
        meter = place.meter if place else Meter(serial=order.place)
        return meter, Origin(order.place, facts=facts, correlation_id=order.request_id or None)

    async def _keep(self, order: Order, settled: _Settled) -> None:
        now = self._house.now()
        what = f"{order.control} of {order.place} ({order.id})"
        entry = audit.Entry(now, order.source, order.by, "done", "EndDeviceControls", order.request_id, what, f"{settled.state}: {settled.outcome}")  # fmt: skip

        def work(connection: Connection) -> None:
            if orders.move(connection, order.id, [State.SENT], settled.state, settled.outcome):
                audit.append(connection, entry)

        while True:
            try:
                await self._house.read(work)
            except StoreError as error:
                self._house.states.say("store", str(error))
                await asyncio.sleep(_LOOK_S)
            else:
                _log.info("%s: %s (%s)", what, settled.state, settled.outcome)
                return


def _in_doubt(error: MeterError | None) -> bool:
    return isinstance(error, _IN_DOUBT)
