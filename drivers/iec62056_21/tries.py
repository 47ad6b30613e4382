"""Sign on and do what comes next; when that fails after the change of speed, again, more slowly.

Probes and meters promise what they cannot do. What failed first is what is told when nothing works; what worked is kept.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from drivers.errors import BadFrame, MeterError, NoAnswer
from drivers.iec62056_21.learned import Learned
from drivers.iec62056_21.line import Line
from drivers.iec62056_21.sign_on import SignOn
from drivers.iec62056_21.timing import START_BAUD

#: Meters that lose an option select message which comes as early as the standard allows take it after this (field: AS1440
#: and others are read with 300 to 400 ms).
_LONG_REACTION_S = 0.4
#: Speeds of the tries after that.
_FALL_BACK = (4800, START_BAUD)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Try:
    """One way to sign on."""

    most_baud: int
    reaction_s: float


def _tries(most_baud: int, reaction_s: float) -> Iterator[Try]:
    """The first as agreed; then with a longer pause; then slower."""
    yield Try(most_baud, reaction_s)
    longer = max(reaction_s, _LONG_REACTION_S)
    yield Try(most_baud, longer)
    for baud in _FALL_BACK:
        if baud < most_baud:
            yield Try(baud, longer)


async def signed_on(
    line: Line,
    most_baud: int,
    learned: Learned,
    make: Callable[[Try], SignOn],
    then: Callable[[SignOn], Awaitable[T]],
) -> T:
    """What ``then`` gives after the sign-on that ``make`` made. Raises what the first try raised when none works."""
    first: MeterError | None = None
    for attempt in _tries(min(most_baud, learned.most_baud), learned.reaction_s):
        sign_on = make(attempt)
        try:
            await line.start()
            await line.converse(sign_on)
            found = await then(sign_on)
        except (NoAnswer, BadFrame) as error:
            first = first or error
            if not sign_on.switched or sign_on.baud == START_BAUD:
                raise first from error
            await line.settle()
            continue
        if first is not None:
            learned.most_baud, learned.reaction_s = attempt.most_baud, attempt.reaction_s
        return found
    assert first is not None  # noqa: S101 - no try was left
    raise first
