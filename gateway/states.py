"""What is well and what is not: each state is logged when it changes, and counted while it lasts.

A sink that is down for a week is one line in the log when it goes and one when it comes back, which says how often it was
tried in between.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

_log = logging.getLogger("metergate")


@dataclass(slots=True)
class State:
    """``trouble`` is empty when all is well; ``times`` how often it was met since ``since`` (monotonic seconds)."""

    trouble: str = ""
    times: int = 0
    since: float = 0.0


class States:
    """States by what they are of: ``meter main``, ``sink mdm``, ``quota``."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._states: dict[str, State] = {}

    def say(self, what: str, trouble: str) -> bool:
        """Note how ``what`` is; True when that is a change. Another trouble than before is a change."""
        state = self._states.setdefault(what, State())
        now = self._monotonic()
        if trouble == state.trouble:
            state.times += 1
            return False
        if trouble:
            _log.warning("%s: %s", what, trouble)
        else:
            _log.info("%s: well again after %.0f s, %d failures", what, now - state.since, state.times)
        if not (trouble and state.trouble):
            state.since, state.times = now, 0
        state.trouble = trouble
        state.times += bool(trouble)
        return True

    def troubles(self) -> dict[str, State]:
        """What is not well now."""
        return {what: state for what, state in self._states.items() if state.trouble}
