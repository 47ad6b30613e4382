"""What a handler is given, and what it gives back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway.headend.access import Source
from gateway.messages.envelope import Header, Reply, Request
from gateway.messages.rules import Asked
from gateway.store.connection import Connection


@dataclass(frozen=True, slots=True)
class Incoming:
    """One thing that a source asks for and may ask for. ``at`` is when it came (UTC).

    ``may_follow`` says whether further answers can be sent after the first: where not, everything stands in one.
    """

    asked: Asked
    header: Header
    request: Request | None
    source: Source
    at: datetime
    may_follow: bool

    @property
    def request_id(self) -> str:
        """By which the sender knows it: what follows from it bears this CorrelationID."""
        return self.header.correlation_id or self.header.message_id or ""


@dataclass(frozen=True, slots=True)
class Answer:
    """The reply to one thing asked, and the payload that goes with it.

    ``commit`` does what was asked to the store, in the same commit that keeps the answer, and gives the reply that is then
    sent in the place of ``reply``; it raises a Refusal when it cannot, and nothing of it stands. ``then`` is called when
    that is on the disk.
    """

    reply: Reply
    content: object | None = None
    commit: Callable[[Connection], Reply] | None = None
    then: Callable[[], None] | None = None


#: Does what is asked. Raises MessageError to refuse it, MeterError when a meter did. Several answers, where they may follow:
#: each but the last says that more follows.
Handler = Callable[[Incoming], Awaitable[Sequence[Answer]]]
