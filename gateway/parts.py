"""What a running gateway is made of, for those who look at it or ask something of it."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.acquisition.dispatch import Dispatch
from gateway.acquisition.schedule import Schedule
from gateway.acquisition.worker import LinkWorker
from gateway.sinks.delivery import Delivery
from gateway.states import States
from gateway.store.outbox import Outbox
from gateway.store.store import Store


@dataclass(slots=True)
class Parts:
    """The store and what is done with it; deliveries by sink, workers by link."""

    store: Store
    outbox: Outbox
    deliveries: dict[str, Delivery]
    workers: dict[str, LinkWorker]
    schedule: Schedule
    dispatch: Dispatch
    states: States
