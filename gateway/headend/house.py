"""What handlers work with."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from typing import TypeVar

from gateway.acquisition.dispatch import Dispatch
from gateway.acquisition.job import Job
from gateway.cim.controls import Controls
from gateway.cim.obis_rules import Rules
from gateway.config.model import MeterTable
from gateway.states import States
from gateway.store.connection import Connection
from gateway.store.store import Store

_T = TypeVar("_T")


def _nobody() -> None:
    """Nobody is to be told."""


def _no_pan(device: Sequence[str], install_code: str, request_id: str) -> None:
    """There is no home area network here."""


@dataclass(frozen=True, slots=True)
class House:
    """``ask`` queues a job at its meter's link, False when too many wait there; ``name`` is the Source of our messages;
    ``zone`` that of the site's day; ``controls`` says which code asks for what, ``four_eyes`` are controls that two must
    order; ``currency`` is that of prices, by its number in ISO 4217; ``..._changed`` is called when something of the kind was changed.
    """

    name: str
    store: Store
    meters: Mapping[str, MeterTable]
    ask: Callable[[Job], bool]
    dispatch: Dispatch
    rules: Rules
    states: States
    now: Callable[[], datetime]
    zone: tzinfo = UTC
    controls: Controls = field(default_factory=Controls)
    four_eyes: frozenset[str] = frozenset()
    currency: int = 0
    schedules_changed: Callable[[], None] = _nobody
    orders_changed: Callable[[], None] = _nobody
    linkages_changed: Callable[[], None] = _nobody
    open_pan: Callable[[Sequence[str], str, str], None] = _no_pan

    async def read(self, work: Callable[[Connection], _T]) -> _T:
        """Do something with the store, in a commit of its own. Raises StoreError, and what ``work`` raises."""
        return await asyncio.wrap_future(self.store.read(work))
