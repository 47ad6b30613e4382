"""The driver of ``d0:`` URLs: listens to a meter that pushes data sets in mode D."""

from __future__ import annotations

from collections.abc import Iterator

from drivers.d0.decode import of
from drivers.driver import Context
from drivers.iec62056_21.telegram import Finder
from drivers.link.link import LineSettings
from drivers.meter_url import MeterUrl
from drivers.push import Habits, Heard, PushMeter

#: EasyMeter, eBZ, Hager and EMH push at 9600 Bd every 1 to 4 s; the standard has 2400 Bd (6.4.5). 7E1, the parity bit
#: being looked at here.
HABITS = Habits(
    LineSettings(9600),
    10.0,
    "is the probe on the meter's infrared window, the right way up? mode D as the standard has it needs ?baud=2400",
)


class D0Stream:
    """Bytes of a D0 port to telegrams."""

    def __init__(self, source: str, context: Context) -> None:
        self._source = source
        self._context = context
        self._finder = Finder()

    def feed(self, data: bytes) -> Iterator[Heard]:
        for telegram in self._finder.feed(data):
            yield Heard(*of(telegram, self._source, self._context))


def driver(url: MeterUrl, context: Context) -> PushMeter:
    """The driver of ``d0:`` URLs; its parameters are those of every push meter. Raises UsageError."""
    return PushMeter(url, context, HABITS, lambda: D0Stream(str(url), context))
