"""What a conversation asks of its caller: send, change the speed, receive until a moment; and the shape of a conversation.

A conversation is a state machine that opens nothing, sleeps never and reads no clock. The caller asks ``next_action(now)``
and does what it says, until it is ``Finished``; ``drivers.iec62056_21.line`` is that caller on a link. Bytes go both ways
as they stand on an 8N1 line, parity bits included.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Send:
    """Send these characters, parity bits included; then call ``sent``. ``hidden`` is what no trace may show."""

    data: bytes
    hidden: bytes = b""


@dataclass(frozen=True, slots=True)
class SetBaud:
    """Change the line in place, at once: the meter may answer 20 ms after the last stop bit."""

    baud: int


@dataclass(frozen=True, slots=True)
class Receive:
    """Give what arrives by ``until`` to ``received``; ``b""`` when nothing did."""

    until: float


@dataclass(frozen=True, slots=True)
class Finished:
    """The conversation has come to its end; what it found stands in it."""


Action = Send | SetBaud | Receive | Finished


class Conversation(Protocol):
    """Bytes and times in, actions out. Times are seconds of one monotonic clock."""

    def next_action(self, now: float) -> Action:
        """What the caller has to do next."""
        ...

    def sent(self, at: float) -> None:
        """What ``Send`` asked for has left, its last stop bit at ``at``."""
        ...

    def received(self, data: bytes, now: float) -> None:
        """Bytes of the line, or ``b""`` when ``Receive.until`` passed. Raises NoAnswer, BadFrame and their kin."""
        ...
