"""What handlers work with."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from gateway.acquisition.dispatch import Dispatch
from gateway.acquisition.job import Job
from gateway.cim.obis_rules import Rules
from gateway.config.model import MeterTable
from gateway.headend.places import Places
from gateway.states import States
from gateway.store.connection import Connection
from gateway.store.store import Store

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class House:
    """``ask`` queues a job at its meter's link, False when too many wait there; ``name`` is the Source of our messages."""

    name: str
    store: Store
    meters: Mapping[str, MeterTable]
    ask: Callable[[Job], bool]
    dispatch: Dispatch
    rules: Rules
    states: States
    now: Callable[[], datetime]

    async def places(self) -> Places:
        """Who is here now. Raises StoreError."""
        return await self.read(lambda connection: Places.read(connection, self.meters))

    async def read(self, work: Callable[[Connection], _T]) -> _T:
        """Do something with the store, in a commit of its own. Raises StoreError, and what ``work`` raises."""
        return await asyncio.wrap_future(self.store.read(work))
