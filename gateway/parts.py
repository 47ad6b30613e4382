"""What a running gateway is made of, for those who look at it or ask something of it."""

from __future__ import annotations

from dataclasses import dataclass, field

from gateway.acquisition.job import Result
from gateway.acquisition.schedule import Schedule
from gateway.acquisition.worker import LinkWorker
from gateway.sinks.delivery import Delivery
from gateway.states import States
from gateway.store.outbox import Outbox
from gateway.store.store import Store


@dataclass(slots=True)
class Parts:
    """The store and what is done with it; deliveries by sink, workers by link, the last result by meter."""

    store: Store
    outbox: Outbox
    deliveries: dict[str, Delivery]
    workers: dict[str, LinkWorker]
    schedule: Schedule
    states: States
    last_read: dict[str, Result] = field(default_factory=dict)
