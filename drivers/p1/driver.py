"""The driver of ``p1:`` URLs: listens to a P1 port."""

from __future__ import annotations

from collections.abc import Iterator

from drivers.driver import Context
from drivers.errors import KeyRejected, UsageError
from drivers.iec62056_21.telegram import Finder
from drivers.link.link import LineSettings
from drivers.meter_url import MeterUrl
from drivers.p1.decode import of
from drivers.p1.encryption import Frame, FrameFinder, opened
from drivers.p1.records import Habit
from drivers.push import Habits, Heard, PushMeter

#: DSMR 4 and later, e-MUCS and all relatives; DSMR 2 and 3 push at 9600 Bd 7E1. The period is 10 s to DSMR 4, then 1 s.
HABITS = Habits(
    LineSettings(115200),
    10.0,
    "is the port switched on, and the cable's Data Request wired? meters of DSMR 2 and 3 need ?baud=9600",
    ("check",),
)


class P1Stream:
    """Bytes of a P1 port to telegrams, plain or encrypted."""

    def __init__(self, source: str, context: Context, check: str = "") -> None:
        self._source = source
        self._context = context
        self._check = check
        self._plain = Finder()
        self._frames = FrameFinder()
        self._habit = Habit()

    def feed(self, data: bytes) -> Iterator[Heard]:
        """The telegrams that ``data`` completes. Raises KeyRejected when one is encrypted and there is no key for it."""
        for telegram in self._plain.feed(data):
            yield Heard(*of(telegram, self._source, self._context, self._check, habit=self._habit))
        for frame in self._frames.feed(data):
            yield from self._opened(frame)

    def _opened(self, frame: Frame) -> Iterator[Heard]:
        try:
            inside = opened(frame, self._context.keys)
        except KeyRejected as error:
            if self._context.keys is None or self._context.keys.get(f"{frame.name}/ek") is None:
                raise error.at(self._source) from None
            yield Heard((), error.what, error)
            return
        finder = Finder()
        for telegram in finder.feed(inside.telegram) + finder.finish():
            yield Heard(*of(telegram, self._source, self._context, self._check, inside, self._habit))


def driver(url: MeterUrl, context: Context) -> PushMeter:
    """The driver of ``p1:`` URLs. Beside the parameters of every push meter: ``check`` (``arc`` or ``x25``, where the
    meter's maker is not known to differ). Raises UsageError."""
    check = url.get("check")
    if check not in ("", "arc", "x25"):
        raise UsageError(f"check={check} is no check of P1", where=str(url), do="arc or x25")
    return PushMeter(url, context, HABITS, lambda: P1Stream(str(url), context, check))
