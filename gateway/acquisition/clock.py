"""The gateway's own clock: seconds that never step for waiting, and a wall clock that may be wrong, for stamping.

A Raspberry Pi has no battery clock: until the time service has set it, its wall clock is some moment of the past. Then
it steps. Waiting is therefore done on monotonic time, and every look at the wall clock says whether to trust it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

#: systemd-timesyncd makes this file when it has set the clock (systemd-time-wait-sync.service(8)).
SYNCHRONIZED = Path("/run/systemd/timesync/synchronized")

#: No wall clock is right that is earlier than this program: its release date, moved on at every release.
NOT_BEFORE = datetime(2026, 11, 24, tzinfo=UTC)

#: A wall clock that moves against the monotonic one by more than this was set, not disciplined.
_STEP = timedelta(seconds=2)


@dataclass(frozen=True, slots=True)
class Step:
    """The wall clock was set: by how much, forward positive."""

    by: timedelta


def says_synchronized() -> bool:
    """Whether the time service says that it has set the clock."""
    return SYNCHRONIZED.exists()


class GatewayClock:
    """Looks at both clocks. ``wall`` gives UTC, ``monotonic`` seconds, ``synchronized`` the time service's word."""

    def __init__(
        self,
        wall: Callable[[], datetime] = lambda: datetime.now(UTC),
        monotonic: Callable[[], float] = time.monotonic,
        synchronized: Callable[[], bool] = says_synchronized,
    ) -> None:
        self._wall = wall
        self._monotonic = monotonic
        self._synchronized = synchronized
        self._trusted = False
        self._base = self._difference()

    def now(self) -> datetime:
        """The wall clock, UTC, right or not."""
        return self._wall()

    def monotonic(self) -> float:
        """Seconds that never step."""
        return self._monotonic()

    @property
    def trusted(self) -> bool:
        """Whether stamps of the wall clock may be believed. Once the time service has set it, it stays so."""
        if self._wall() < NOT_BEFORE:
            return False
        self._trusted = self._trusted or self._synchronized()
        return self._trusted

    def step(self) -> Step | None:
        """The wall clock's step since the last call, if it was set. Slow discipline (NTP slewing) is no step."""
        difference = self._difference()
        by, self._base = difference - self._base, difference
        return Step(by) if abs(by) > _STEP else None

    def _difference(self) -> timedelta:
        return self._wall() - datetime.fromtimestamp(0, UTC) - timedelta(seconds=self._monotonic())
