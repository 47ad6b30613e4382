"""The driver of ``sml:`` URLs: listens to a meter that pushes SML."""

from __future__ import annotations

from collections.abc import Iterator

from drivers.driver import Context
from drivers.link.link import LineSettings
from drivers.meter_url import MeterUrl
from drivers.push import Habits, Heard, PushMeter
from drivers.reading import Meter
from drivers.sml.decode import of
from drivers.sml.transport import FrameFinder

#: German meters push at 9600 Bd 8N1, every 1 to 4 s.
HABITS = Habits(LineSettings(9600), 5.0, "is the probe on the meter's infrared window, the right way up?")


class SmlStream:
    """Bytes of an SML port to lists."""

    def __init__(self, source: str, context: Context) -> None:
        self._source = source
        self._context = context
        self._frames = FrameFinder()

    def feed(self, data: bytes) -> Iterator[Heard]:
        for frame in self._frames.feed(data):
            records, complaint = of(frame, self._source, self._context)
            if not any(isinstance(record, Meter) for record in records):
                complaint = complaint or "a frame without a list"
            yield Heard(records, complaint)


def driver(url: MeterUrl, context: Context) -> PushMeter:
    """The driver of ``sml:`` URLs; its parameters are those of every push meter. Raises UsageError."""
    return PushMeter(url, context, HABITS, lambda: SmlStream(str(url), context))
