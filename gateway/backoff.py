"""How long to wait before the next try: doubling, capped, and spread so that a fleet does not return as one."""

from __future__ import annotations

import random
from dataclasses import dataclass, field


@dataclass(slots=True)
class Backoff:
    """Seconds: ``first``, then twice as long each time up to ``most``; each shortened by up to half, by chance."""

    first: float = 1.0
    most: float = 300.0
    chance: random.Random = field(default_factory=random.Random)
    _tries: int = 0

    def next(self) -> float:
        """The wait before the next try."""
        # Beyond 2**32 every cap is reached, and a power that grows for years would not stay a float.
        whole = min(self.most, self.first * 2.0 ** min(self._tries, 32))
        self._tries += 1
        return whole * (1 - self.chance.random() / 2)

    def reset(self) -> None:
        """It worked: begin again at ``first``."""
        self._tries = 0
