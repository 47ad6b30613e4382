"""What a running gateway is made of, for those who look at it or ask something of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.acquisition.dispatch import Dispatch
from gateway.acquisition.schedule import Schedule
from gateway.acquisition.worker import LinkWorker
from gateway.sinks.delivery import Delivery
from gateway.states import States
from gateway.store.outbox import Outbox
from gateway.store.store import Store

if TYPE_CHECKING:
    from gateway.acquisition.networks import Network
    from gateway.headend.door import Door


@dataclass(slots=True)
class Parts:
    """The store and what is done with it; deliveries by sink, workers by link; home area networks by
    meter; the door where requests are taken."""

    store: Store
    outbox: Outbox
    deliveries: dict[str, Delivery]
    workers: dict[str, LinkWorker]
    schedule: Schedule
    dispatch: Dispatch
    states: States
    networks: dict[str, Network]
    door: Door | None = None
