"""How far the reading of one profile has come: every row is given once, also over an interruption, and none is left out."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from drivers.reading import Row

#: A profile is read in pieces: what was read before an interruption is kept, and no answer is long. The first is a day; as
#: long as they come soon each is four times the one before, since each costs a margin at both ends (31 single days took
#: 1.42 times the time of the whole buffer). The longest, of minute values with ten columns, has half the octets that an
#: answer may have.
_LEAST, _MOST, _GROWS = timedelta(days=1), timedelta(days=16), 4
#: Seconds of a piece that came soon: so much is read again after an interruption, and little more.
_SOON_S = 5.0


class Reach:
    """What of a profile's span was given. Kept by whoever resumes; one for each profile and span."""

    def __init__(self) -> None:
        #: All rows before this were given; None before the first.
        self.until: datetime | None = None
        self.piece = _LEAST
        self._untimed: set[tuple[object, ...]] = set()

    def fresh(self, rows: Iterable[Row], start: datetime, stop: datetime, *, last: bool) -> list[Row]:
        """The rows of ``start`` to ``stop``, and of ``stop`` itself when it is the ``last``; meters give a little more than
        they are asked for. Two rows with one stamp are two: several events fall into one second. A row whose stamp tells
        no moment is known again, when the next span gives it too, by all that it holds."""
        kept, untimed = [], []
        for row in rows:
            if row.time is None:
                whole = (row.raw_time, row.values)
                if whole not in self._untimed:
                    kept.append(row)
                untimed.append(whole)
            elif start <= row.time < stop or (last and row.time == stop):
                kept.append(row)
        self._untimed.update(untimed)
        self.until = stop
        return kept

    def took(self, seconds: float) -> None:
        """How long the last piece took."""
        if seconds < _SOON_S:
            self.piece = min(self.piece * _GROWS, _MOST)

    def interrupted(self) -> None:
        """Reading broke off: it goes on in small pieces."""
        self.piece = _LEAST
