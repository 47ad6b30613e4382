"""What a network has and what happens to it: its devices, and joining, leaving, keys, the stick; and who hears of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from drivers.reading import MeterEvent
    from drivers.zigbee_se.application import Arrived
    from drivers.zigbee_se.zcl import Frame


@dataclass(frozen=True, slots=True)
class Device:
    """A device of the network. ``endpoints``: number -> its server clusters. ``interviewed`` False while they are asked for.

    ``refused`` counts its frames that were not encrypted and should have been, ``unreadable`` those that are no frames.
    """

    eui64: bytes
    node_id: int
    model: str
    endpoints: dict[int, tuple[int, ...]]
    clients: dict[int, tuple[int, ...]]
    interviewed: bool
    refused: int
    unreadable: int

    def having(self, cluster: int) -> list[int]:
        """Endpoints that serve a cluster."""
        return [number for number, clusters in self.endpoints.items() if cluster in clusters]

    def asking(self, cluster: int) -> list[int]:
        """Endpoints that are clients of a cluster."""
        return [number for number, clusters in self.clients.items() if cluster in clusters]


@dataclass(frozen=True, slots=True)
class Happened:
    """Something of the network itself: joined, left, key established, key failed, not answered, stick lost, stick back.
    ``device`` is empty where it is of the stick.
    """

    what: str
    device: bytes
    at: datetime
    why: str = ""


def _deaf(*_: object) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Listener:
    """Who hears what a network says by itself: ``frame`` what devices send unasked (reports), ``event`` their reports and
    confirmations as events, ``happened`` what happens to the network.
    """

    frame: Callable[[Arrived, Frame], None] = _deaf
    event: Callable[[MeterEvent], None] = _deaf
    happened: Callable[[Happened], None] = _deaf
