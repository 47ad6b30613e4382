"""How much a source may ask: so many requests a minute, and so many that are open at once."""

from __future__ import annotations

from gateway.messages import refusals

#: Requests that may be open at once, of all sources together: each holds its message and what was read for it.
MOST_OPEN = 64


class Limits:
    """One bucket a source: it fills by ``per_minute``, and holds as many at the most."""

    def __init__(self) -> None:
        self._left: dict[str, tuple[float, float]] = {}

    def take(self, source: str, per_minute: int, open_now: int, at_s: float) -> None:
        """Count a request that comes at ``at_s`` (a monotonic clock, seconds). Raises Refusal (3.2) beyond the limits."""
        left, since = self._left.get(source, (float(per_minute), at_s))
        left = min(float(per_minute), left + (at_s - since) * per_minute / 60)
        if left < 1:
            raise refusals.too_many_requests(per_minute)
        self._left[source] = (left - 1, at_s)
        if open_now >= MOST_OPEN:
            raise refusals.too_many_requests(MOST_OPEN)
