"""Links that listen: a meter that pushes telegrams at its own pace, whatever its protocol.

A protocol gives a ``Stream``, which makes records of bytes; this module opens the link, waits, thins what comes to what
was asked for, and says when the meter has fallen silent.

How long silence lasts before it is called so: three periods. The period is what the meter keeps, once three telegrams
have been heard; until then the longest that is usual for its family, or the URL's ``period``.
"""

from __future__ import annotations

import asyncio
import statistics
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, Self

from drivers.driver import Context
from drivers.errors import BadFrame, MeterError, NoAnswer
from drivers.link.link import LineSettings, Link
from drivers.link.opening import open_link
from drivers.meter_url import MeterUrl
from drivers.reading import Meter, MeterEvent, NotUnderstood, Obis, Reading, Record, Text

#: After so many periods without a sound telegram a meter is silent.
PERIODS = 3
#: And never sooner than this, in seconds: a busy gateway and a USB chip may both be late.
_LEAST_S = 3.0


@dataclass(frozen=True, slots=True)
class Heard:
    """One telegram: its ``records``, its Meter first. ``complaint`` says why it is not sound, "" where it is.

    ``error`` is what is raised when nothing better comes: a key that does not open what is heard.
    """

    records: Sequence[Record]
    complaint: str = ""
    error: MeterError | None = None


class Stream(Protocol):
    """The sans-IO side of a push protocol."""

    def feed(self, data: bytes) -> Iterable[Heard]:
        """The telegrams that ``data`` completes. Raises a MeterError that no further telegram can mend."""
        ...


@dataclass(frozen=True, slots=True)
class Habits:
    """What is usual in a family of meters: the line, the longest period in seconds, and what to try when it is silent."""

    line: LineSettings
    period_s: float
    advice: str
    parameters: tuple[str, ...] = ()


class PushMeter:
    """A meter that is listened to on one link. Made by the ``driver`` function of its protocol.

    URL parameters of all: ``baud``, ``7e1`` (let the UART do parity), ``interval`` (seconds between two readings that
    ``listen`` gives, 0 for all of them), ``period`` (the longest time between two telegrams, in seconds).
    """

    def __init__(self, url: MeterUrl, context: Context, habits: Habits, stream: Callable[[], Stream]) -> None:
        url.known(("baud", "7e1", "interval", "period", *habits.parameters))
        self._url = url
        self._context = context
        self._habits = habits
        self._stream = stream
        baud = url.integer("baud", habits.line.baud, 300, 921600)
        self._line = LineSettings(baud, 7, "E") if url.flag("7e1") else LineSettings(baud)
        self._interval_s = url.integer("interval", 0, 0, 86400)
        self._period_s = float(url.integer("period", round(habits.period_s), 1, 3600))
        self._link: Link | None = None

    async def __aenter__(self) -> Self:
        self._link = await open_link(self._url, self._context, self._line)
        return self

    async def __aexit__(self, *exc: object) -> None:
        if self._link is not None:
            await self._link.close()
            self._link = None

    async def identify(self) -> Meter:
        """Who is heard. Raises as ``registers``."""
        async for record in self.registers():
            if isinstance(record, Meter):
                return record
        raise NoAnswer("the meter names nothing", where=str(self._url))

    async def registers(self, wanted: Sequence[Obis] = ()) -> AsyncIterator[Record]:
        """The next whole telegram that is sound: all of it, or of its registers the wanted ones.

        Raises NoAnswer when nothing is heard, BadFrame when what is heard stays damaged, both after three periods or
        the context's timeout; KeyRejected, LinkLost.
        """
        waited_s = self._context.timeout or max(PERIODS * self._period_s, _LEAST_S)
        listening = _Listening(self._opened(), self._stream(), str(self._url))
        heard = await listening.sound(asyncio.get_running_loop().time() + waited_s)
        if heard is None:
            raise listening.why(f"within {waited_s:g} s", self._habits.advice)
        for record in heard.records:
            if wanted and isinstance(record, Reading | Text) and record.obis not in wanted:
                continue
            yield record

    async def listen(self) -> AsyncIterator[Record]:
        """Telegram after telegram, its Meter first, until the caller stops; with ``interval``, the first of each interval.

        Intervals are counted from midnight UTC. An event is given once, when it is first seen, thinned or not. Telegrams
        that were damaged are said with the next that is sound. Raises as ``registers``, when the meter falls silent.
        """
        loop = asyncio.get_running_loop()
        listening = _Listening(self._opened(), self._stream(), str(self._url))
        rhythm = _Rhythm(self._period_s, loop.time())
        given: int | None = None
        events: set[tuple[str, str, str, str]] = set()
        while True:
            heard = await listening.sound(rhythm.silent_at)
            if heard is None:
                raise listening.why(rhythm.words(), self._habits.advice)
            rhythm.heard(loop.time())
            records = [record for record in heard.records if _is_new(record, events)]
            if self._interval_s:
                slot = int(_heard_at(heard.records, self._context).timestamp()) // self._interval_s
                if slot == given:
                    records = [record for record in records if isinstance(record, MeterEvent)]
                given = slot
            for record in records:
                yield record
            if records and listening.damaged:
                key = next((record.key for record in heard.records if isinstance(record, Meter)), "")
                yield NotUnderstood(key, "", listening.told())

    def _opened(self) -> Link:
        if self._link is None:
            raise RuntimeError("use the driver with `async with`")
        return self._link


class _Listening:
    """One link being listened to, and what has been heard since the last sound telegram."""

    def __init__(self, link: Link, stream: Stream, where: str) -> None:
        self._link = link
        self._stream = stream
        self._where = where
        self._waiting: deque[Heard] = deque()
        self._bytes = 0
        self._error: MeterError | None = None
        #: Telegrams that were not sound and have not been told of, and what was wrong with the last of them.
        self.damaged = 0
        self._complaint = ""

    async def sound(self, deadline: float) -> Heard | None:
        """The next telegram that is sound; None when the deadline passes first."""
        while True:
            while self._waiting:
                heard = self._waiting.popleft()
                if not heard.complaint and heard.error is None:
                    self._bytes, self._error = 0, None
                    return heard
                self.damaged += 1
                self._complaint = heard.complaint
                if heard.error is not None and self._error is not None:
                    # Twice in a row is no damaged telegram.
                    raise heard.error.at(self._where)
                self._error = heard.error
            data = await self._link.receive(deadline)
            if not data:
                return None
            # The end of the line behind a telegram may come late, and is no sign of another.
            self._bytes += len(data.strip(b"\r\n"))
            self._waiting.extend(self._stream.feed(data))

    def why(self, when: str, advice: str) -> MeterError:
        """The error that says what was heard instead of a sound telegram."""
        if self._error is not None:
            return self._error.at(self._where)
        if self.damaged:
            return BadFrame(
                f"{self.damaged} telegrams and none sound {when}: {self._complaint}",
                where=self._where,
                do="look at the cable and the probe",
            )
        if self._bytes:
            return BadFrame(
                f"{self._bytes} bytes and no telegram in them {when}",
                where=self._where,
                do=f"is the baud right? {advice}",
            )
        return NoAnswer(f"nothing was heard {when}", where=self._where, do=advice)

    def told(self) -> str:
        """What was not sound since it was last told, in words; from now on told."""
        count, self.damaged = self.damaged, 0
        return f"{count} telegrams before this one were not sound, the last: {self._complaint}"


class _Rhythm:
    """The meter's own pace, and the moment at which it is silent."""

    def __init__(self, period_s: float, now: float) -> None:
        self._usual_s = period_s
        self._gaps: deque[float] = deque(maxlen=9)
        self._last = now
        self._telegrams = 0

    @property
    def period_s(self) -> float:
        return statistics.median(self._gaps) if len(self._gaps) > 1 else self._usual_s

    @property
    def silent_at(self) -> float:
        return self._last + max(PERIODS * self.period_s, _LEAST_S)

    def heard(self, now: float) -> None:
        if self._telegrams:
            self._gaps.append(now - self._last)
        self._last = now
        self._telegrams += 1

    def words(self) -> str:
        if not self._telegrams:
            return f"within {PERIODS} periods of {self.period_s:g} s"
        return f"for {PERIODS} periods of {self.period_s:.3g} s, after {self._telegrams} telegrams"


def _heard_at(records: Sequence[Record], context: Context) -> datetime:
    """The gateway's time of a telegram: one and the same for all that is made of it."""
    return next((record.read_at for record in records if isinstance(record, Reading)), None) or context.now()


def _is_new(record: Record, events: set[tuple[str, str, str, str]]) -> bool:
    """Whether a record is to be given: a log that stands in every telegram gives each of its entries once."""
    if not isinstance(record, MeterEvent):
        return True
    entry = (record.meter, record.log, record.code, f"{record.at} {sorted(record.details.items())}")
    if entry in events:
        return False
    events.add(entry)
    return True
