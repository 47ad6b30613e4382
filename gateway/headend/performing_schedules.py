"""Performs the MeterReadSchedules: at each of their moments the meters are read, and told under the create's CorrelationID.

A moment that passed while the gateway was off is made up once, by the newest: what happened in between is the load
profile's to tell.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

from gateway.acquisition.job import Job, Priority, Wanted
from gateway.headend import moments
from gateway.headend.house import House
from gateway.headend.places import Places
from gateway.messages.codec import read
from gateway.messages.profiles.meter_read_schedule import MeterReadSchedule
from gateway.store import schedules
from gateway.store.connection import Connection
from gateway.store.errors import StoreError

_DEADLINE_S = 300.0
#: The clock is looked at this often at least: it may be set.
_LOOK_S = 30.0


class Schedules:
    """``run`` until cancelled; ``changed`` when one was made or cancelled."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._changed = asyncio.Event()

    def changed(self) -> None:
        """Look anew at what is due."""
        self._changed.set()

    async def run(self) -> None:
        """Perform what is due, for ever."""
        while True:
            self._changed.clear()
            try:
                wait = await self._perform(await self._house.read(schedules.every))
            except StoreError as error:
                self._house.states.say("store", str(error))
                wait = _LOOK_S
            try:
                async with asyncio.timeout(wait):
                    await self._changed.wait()
            except TimeoutError:
                continue

    async def _perform(self, kept: Sequence[schedules.Kept]) -> float:
        """Do what is due; the seconds until the next."""
        now, waits = self._house.now(), [_LOOK_S]
        for one in kept:
            said: MeterReadSchedule = read(one.body).message
            due = self._newest(said, one, now)
            if due is not None:
                await self._ask(one, said, due)
            following = moments.first(
                said.time_schedule, one.created_at, due or max(one.done_until, now), self._house.zone
            )
            if following is not None:
                waits.append(max((following - now).total_seconds(), 0.0))
        return min(waits)

    def _newest(self, said: MeterReadSchedule, kept: schedules.Kept, now: datetime) -> datetime | None:
        """The newest moment that has come and was not performed."""
        found: datetime | None = None
        after = max(kept.done_until, now - timedelta(days=1))
        while (
            one := moments.first(said.time_schedule, kept.created_at, found or after, self._house.zone)
        ) and one <= now:
            found = one
        return found

    async def _ask(self, kept: schedules.Kept, said: MeterReadSchedule, due: datetime) -> None:
        """Queue the reads, and note that they were: a read that fails is told as the meter's silence, not repeated."""

        def work(connection: Connection) -> list[str]:
            places = Places.read(connection, self._house.meters, due)
            ways = (
                (places.devices, said.end_device),
                (places.usage_points, said.usage_point),
                (places.device_groups, said.end_device_group),
                (places.usage_point_groups, said.usage_point_group),
            )
            schedules.performed(connection, kept.id, due)
            return list(dict.fromkeys(place.name for way, named in ways for place in way(named)[0]))

        for name in await self._house.read(work):
            job = Job(name, Wanted("registers"), Priority.REQUEST, _DEADLINE_S, due, kept.request_id)
            if not self._house.ask(job):
                self._house.states.say(f"queue of {name}", "too many reads wait at its link: some are left out")
