"""What a sink is, and the three things it can say of a message."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, Self

from gateway.store.outbox import Waiting


@dataclass(frozen=True, slots=True)
class Delivered:
    """The other side has it for good."""


@dataclass(frozen=True, slots=True)
class Retry:
    """Not now, for ``why``. ``after_s`` is what the other side asked for, None to leave it to the back-off."""

    why: str
    after_s: float | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """Never, for ``why``: repeating the same bytes cannot help. An operator must look."""

    why: str


Outcome = Delivered | Retry | Refused


class Sink(Protocol):
    """Open with ``async with``; raises nothing that belongs to the network: that is a ``Retry``."""

    @property
    def name(self) -> str:
        """The name of its queue in the outbox."""
        ...

    async def __aenter__(self) -> Self: ...
    async def __aexit__(self, *exc: object) -> None: ...
    async def deliver(self, message: Waiting) -> Outcome: ...
