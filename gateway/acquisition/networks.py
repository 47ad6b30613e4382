"""Home area networks, held open as long as the gateway runs: their devices join, ask and answer at any time.

A network's stick has one owner. Reads and controls of its meters go through the network that is held here.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from drivers.driver import Context
from drivers.errors import LinkLost, MeterError
from drivers.reading import Meter, MeterEvent, Record
from gateway.acquisition.dispatch import Dispatch, Origin
from gateway.backoff import Backoff
from gateway.config.model import MeterTable
from gateway.messages.profiles.end_device_config import EndDevice, EndDeviceConfig
from gateway.messages.profiles.parts import Name, NameType
from gateway.states import States
from gateway.store import orders
from gateway.store.errors import StoreError
from gateway.store.outbox import MessageClass
from gateway.store.store import Store

if TYPE_CHECKING:
    from drivers.zigbee_se.devices import Happened
    from drivers.zigbee_se.network import Pan

_log = logging.getLogger("metergate")
_FIRST_S, _MOST_S = 1.0, 60.0
#: How long the network stays open for a device, in seconds: what one has to power it up.
_DOOR_S = 254
#: What happened and waits to be told; beyond, the oldest is given up and said.
_WAITING = 1000
#: The detail that carries what a control was tracked by (drivers.zigbee_se.reports).
_TRACKING = "issuerTrackingID"


class Network:
    """The network behind one meter of the configuration with a ``zigbee:`` URL. ``run`` until cancelled."""

    def __init__(self, table: MeterTable, context: Context, store: Store, dispatch: Dispatch, states: States) -> None:
        self._table = table
        self._store = store
        self._context = context
        self._dispatch = dispatch
        self._states = states
        self._pan: Pan | None = None
        self._is_open = asyncio.Event()
        self._told: asyncio.Queue[MeterEvent | Happened] = asyncio.Queue(_WAITING)
        self._tasks: set[asyncio.Task[None]] = set()
        #: device -> the MessageID of the request that it was let in for.
        self._let_in: dict[bytes, str] = {}
        self.lost = 0

    @property
    def pan(self) -> Pan:
        """Raises LinkLost while it is not open."""
        if self._pan is None:
            raise LinkLost("the network is not open", where=str(self._table.url), do="`metergate status` says why")
        return self._pan

    async def registers(self, device: str | None) -> AsyncIterator[Record]:
        """Read every meter of the network, or those of one device (EUI64). Raises MeterErrors."""
        from drivers.zigbee_se.driver import Zigbee

        url = self._table.url
        if device is not None:
            url = replace(url, parameters={**url.parameters, "device": device})
        async with Zigbee(url, replace(self._context, link=self.pan)) as driver:
            async for record in driver.registers():
                yield record

    def through(self, context: Context) -> Context | None:
        """``context`` with the open network as its link; None while it is not open."""
        return replace(context, link=self._pan) if self._pan is not None else None

    async def run(self) -> None:
        """Hold the network, and tell what happens in it."""
        from drivers.zigbee_se.devices import Listener
        from drivers.zigbee_se.driver import open_pan

        backoff, what = Backoff(_FIRST_S, _MOST_S), f"network {self._table.name}"
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._tell())
            while True:
                try:
                    pan = open_pan(self._table.url, self._context)
                    with pan.heard_by(Listener(event=self._put, happened=self._put)):
                        async with pan:
                            self._pan = pan
                            self._is_open.set()
                            self._states.say(what, "")
                            self._states.say(f"{what}, memory", pan.esi.damaged)
                            # The network looks after its stick by itself.
                            await asyncio.Event().wait()
                except MeterError as error:
                    self._states.say(what, str(error))
                finally:
                    self._pan = None
                await asyncio.sleep(backoff.next())

    def let_in(self, names: Sequence[str], install_code: str, request_id: str) -> None:
        """Open the door for exactly this device. What comes of it is told as an EndDeviceConfig, or said as a state."""
        task = asyncio.get_running_loop().create_task(self._permit(names, install_code, request_id))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _permit(self, names: Sequence[str], install_code: str, request_id: str) -> None:
        from drivers.zigbee_se.install_code import InstallCode, device_of

        what = f"letting {names[0] if names else 'a device'} into network {self._table.name}"
        try:
            code = InstallCode.parse(install_code)
            device = device_of(code, names)
            async with asyncio.timeout(_DOOR_S):
                pan = await self._opened(what)
            self._let_in[device] = request_id
            await pan.permit(device, code, _DOOR_S)
        except MeterError as error:
            self._states.say(what, str(error))
        except TimeoutError:
            self._states.say(what, f"given up: the network was not open within {_DOOR_S} s")
        else:
            self._states.say(what, "")
            _log.info("network %s is open for %s for %d s", self._table.name, device.hex(), _DOOR_S)

    async def _opened(self, what: str) -> Pan:
        """The network, as soon as it is open: a stick takes seconds to start."""
        while (pan := self._pan) is None:
            self._states.say(what, "waits: the network is not open")
            self._is_open.clear()
            await self._is_open.wait()
        return pan

    def _put(self, one: MeterEvent | Happened) -> None:
        if self._told.full():
            self._told.get_nowait()
            self.lost += 1
            self._states.say(
                f"events of network {self._table.name}", f"{self.lost} were given up: the store is too slow"
            )
        self._told.put_nowait(one)

    async def _tell(self) -> None:
        while True:
            one = await self._told.get()
            while True:
                try:
                    await self._say(one)
                except StoreError as error:
                    self._states.say("store", str(error))
                    await asyncio.sleep(_MOST_S)
                else:
                    break

    async def _say(self, one: MeterEvent | Happened) -> None:
        now = self._context.now()
        if isinstance(one, MeterEvent):
            # It is read through the network: it is not the meter of this place.
            device = Meter(serial=one.meter, behind=self._table.name)
            tracking = one.details.get(_TRACKING, "")
            asked = await asyncio.wrap_future(self._store.read(partial(orders.request_of, tracking_id=tracking)))
            await self._dispatch.accept([device, one], now, Origin(self._table.name, correlation_id=asked))
        elif one.what == "joined":
            config = EndDeviceConfig(end_device=(_joined(one.device),))
            await self._dispatch.tell(config, MessageClass.EVENT, now, self._let_in.pop(one.device, None))
            _log.info("network %s: %s has joined", self._table.name, one.device.hex())
        else:
            self._note(one)

    def _note(self, one: Happened) -> None:
        """What lasts is a state, said once and taken back; the rest a line of the log."""
        network = f"network {self._table.name}"
        state = f"{network}, key of {one.device.hex()}" if one.what.startswith("key") else network
        if one.what in ("key failed", "stick lost"):
            self._states.say(state, f"{one.what}: {one.why or 'it is looked for'}")
        elif one.what in ("key established", "stick back"):
            self._states.say(state, "")
        _log.info("%s: %s %s %s", network, one.what, one.device.hex(), one.why)


def _joined(device: bytes) -> EndDevice:
    return EndDevice(is_pan=True, names=(Name(name=device.hex(), name_type=NameType(name="EUI64")),))
