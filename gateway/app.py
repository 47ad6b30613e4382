"""The gateway as a whole: what is due goes to the links' workers, what they read to the outbox, what waits there to the sinks.

    schedule ──jobs──► one worker a link ──records──► dispatch ──on the disk──► outbox ──► one delivery a sink

Everything runs in one loop under one TaskGroup: a task that fails by a mistake of ours ends the gateway, loudly, and the
service manager starts it again with everything that was accepted still there.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from drivers.driver import Context, KeySource
from drivers.errors import UsageError
from gateway.acquisition.clock import GatewayClock
from gateway.acquisition.dispatch import Dispatch
from gateway.acquisition.job import Job
from gateway.acquisition.performing import Performer
from gateway.acquisition.schedule import Schedule
from gateway.acquisition.worker import LinkWorker
from gateway.cim.obis_rules import Rules
from gateway.config.headend import HeadEndTable
from gateway.config.load import Configured, link_of, state_of
from gateway.config.model import MeterTable
from gateway.device_map.catalogue import meter_map
from gateway.parts import Parts
from gateway.sinks.delivery import Delivery
from gateway.sinks.making import address, make
from gateway.states import States
from gateway.store.counters import Counters
from gateway.store.errors import StoreError
from gateway.store.outbox import Outbox, Quota
from gateway.store.store import Store, open_store
from gateway.systemd import notify, watchdog_s

if TYPE_CHECKING:
    from gateway.acquisition.networks import Network
    from gateway.headend.door import Door

_log = logging.getLogger("metergate")

#: The quota is kept this often; in between an outage adds little.
_QUOTA_EVERY_S = 300.0


class Gateway:
    """One gateway. ``run`` until cancelled; ``on_ready`` is called once, when everything is open."""

    def __init__(self, configured: Configured, keys: KeySource, clock: GatewayClock | None = None) -> None:
        self._configured = configured
        self._config = configured.config
        self._keys = keys
        self._clock = clock or GatewayClock()
        self._meters = {meter.name: meter for meter in self._config.meter}
        self._states = States()
        self.parts: Parts | None = None

    async def run(self, on_ready: Callable[[], None] = lambda: None) -> None:
        """Raises StoreError when the store cannot be opened, UsageError for a map or certificate that is wrong."""
        file = state_of(self._configured)
        file.parent.mkdir(parents=True, exist_ok=True)
        store, damaged = open_store(file, on_damage=_say_damage)
        if damaged is not None:
            _say_damage(damaged)
        try:
            self.parts = parts = self._made(store)
            with self._measured(parts):
                async with asyncio.TaskGroup() as tasks:
                    for delivery in parts.deliveries.values():
                        tasks.create_task(delivery.run())
                    for network in parts.networks.values():
                        tasks.create_task(network.run())
                    if parts.networks:
                        tasks.create_task(self._serve_technicians(parts, file.parent))
                    for worker in parts.workers.values():
                        tasks.create_task(worker.run())
                    tasks.create_task(self._follow(parts))
                    tasks.create_task(self._keep_quota(parts))
                    if (table := self._config.headend) is not None:
                        tasks.create_task(self._take_requests(table, parts))
                    if (every_s := watchdog_s()) is not None:
                        tasks.create_task(self._live(parts, every_s))
                    on_ready()
        finally:
            store.close()

    async def _take_requests(self, table: HeadEndTable, parts: Parts) -> None:
        from gateway.headend.house import House
        from gateway.headend.serving import serve

        name, states = self._config.gateway.name, self._states
        rules, now = Rules.load(self._config.gateway.dialect), self._clock.now

        def open_pan(device: Sequence[str], install_code: str, request_id: str) -> None:
            for network in parts.networks.values():
                network.let_in(device, install_code, request_id)

        house = House(
            name, parts.store, self._meters, self.ask, parts.dispatch, rules, states, now, self._config.gateway.zone
        )

        def wake() -> None:
            for delivery in parts.deliveries.values():
                delivery.wake()

        house = replace(house, open_pan=open_pan)

        def opened(door: Door) -> None:
            parts.door = door

        sinks = {one.name: address(one) for one in self._config.sink}
        await serve(table, house, self._keys, wake, sinks, self._config.gateway.state, opened)

    async def _serve_technicians(self, parts: Parts, state: Path) -> None:
        from gateway.acquisition.pan_socket import SOCKET, PanSocket

        try:
            await PanSocket(state / SOCKET, parts.networks, parts.store, self._clock.now).serve()
        except UsageError as error:
            # Meters are read without it.
            self._states.say("technicians", str(error))

    def _measured(self, parts: Parts) -> contextlib.AbstractContextManager[None]:
        """The figures of ``parts`` served, where the configuration wants them."""
        if (table := self._config.gateway.metrics) is None:
            return contextlib.nullcontext()
        from gateway.metrics import serving

        return serving(parts, table)

    def ask(self, job: Job) -> bool:
        """Queue a job at its meter's link; False when the link takes no more. Raises KeyError for an unknown meter."""
        assert self.parts is not None  # noqa: S101 - only a running gateway is asked
        return self.parts.workers[link_of(self._meters[job.meter].url)].ask(job)

    def _made(self, store: Store) -> Parts:
        gateway, outbox, states = self._config.gateway, Outbox(store), self._states

        def tell(sink: str, trouble: str) -> None:
            states.say(f"sink {sink}", trouble)

        deliveries = {
            sink.name: Delivery(outbox, make(sink, gateway.name, self._keys), batch=sink.batch, on_state=tell)
            for sink in self._config.sink
        }

        def wake() -> None:
            for delivery in deliveries.values():
                delivery.wake()

        dispatch = Dispatch(store, list(deliveries), Rules.load(gateway.dialect), gateway.name, wake)
        counters = Counters(store)
        # Meters of one kind share what their driver gets of the maps: reading all maps takes a third of a second.
        map_of = cache(meter_map)
        contexts = {
            meter.name: self._context(meter, counters, map_of(meter.url.scheme, meter.map))
            for meter in self._config.meter
        }

        networks = self._networks(contexts, store, dispatch)
        performer = Performer(self._meters, contexts, dispatch, store, states, self._clock, networks)
        workers: dict[str, LinkWorker] = {}
        for meter in self._config.meter:
            link = link_of(meter.url)
            workers.setdefault(link, LinkWorker(link, performer.do))
        schedule = Schedule(self._config.meter, gateway.zone, gateway.jitter, store, states, self._clock)
        return Parts(store, outbox, deliveries, workers, schedule, dispatch, states, networks)

    def _networks(self, contexts: Mapping[str, Context], store: Store, dispatch: Dispatch) -> dict[str, Network]:
        """Home area networks, by the meter with their URL."""
        with_radio = [meter for meter in self._config.meter if meter.url.scheme == "zigbee"]
        if not with_radio:
            return {}
        from gateway.acquisition.networks import Network

        return {meter.name: Network(meter, contexts[meter.name], store, dispatch, self._states) for meter in with_radio}

    def _context(self, meter: MeterTable, counters: Counters, known: object | None) -> Context:
        return Context(
            zone=meter.zone or self._config.gateway.zone,
            keys=self._keys,
            counters=counters,
            meter_map=known,
            now=self._clock.now,
            memory={},
        )

    async def _follow(self, parts: Parts) -> None:
        """Ask for what is due, for ever."""
        while True:
            for job in await parts.schedule.due():
                full = not self.ask(job)
                self._states.say(
                    f"queue of {job.meter}", "too many reads wait at its link: some are left out" if full else ""
                )
                if not full:
                    parts.schedule.queued(job)

    async def _live(self, parts: Parts, every_s: float) -> None:
        """Tell the service manager that we live, as long as every link's worker does."""
        while True:
            stuck = [worker.link for worker in parts.workers.values() if worker.stuck]
            self._states.say("watchdog", f"stuck: {', '.join(stuck)}" if stuck else "")
            if not stuck:
                notify("WATCHDOG=1")
            await asyncio.sleep(every_s)

    async def _keep_quota(self, parts: Parts) -> None:
        quota = Quota(self._config.gateway.quota.size, self._config.gateway.quota.age)
        while True:
            try:
                lost = await asyncio.wrap_future(parts.outbox.keep_within(quota, self._clock.now()))
            except StoreError as error:
                self._states.say("store", str(error))
            else:
                if lost:
                    _log.error("%d messages were given up: the quota is reached", lost)
            await asyncio.sleep(_QUOTA_EVERY_S)


def _say_damage(aside: Path) -> None:
    _log.error("the store was damaged: it is kept as %s, and a fresh one was begun", aside)
