"""A profile's buffer to rows (IEC 62056-6-2, 4.3.6.2): stamps inherited, null and delta values resolved, nothing dropped.

A null in the clock's column is the stamp before it plus the capture period. A null in another column is the value before
it, where the meter compresses so (the standard's meaning), else no value. A delta is added to the value before it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from drivers.dlms.axdr import Data, Delta
from drivers.dlms.cosem import ClassId
from drivers.dlms.cosem_unit import ScalerUnit
from drivers.dlms.records import Around, text_of
from drivers.dlms.selection import CaptureObject
from drivers.reading import Column, Doubt, Row

#: Where an Obis code is a clock: 0-x:1.0.0, also the unix clock of meters that have one.
_CLOCK = (1, 0)


@dataclass(frozen=True, slots=True)
class Layout:
    """A profile's columns. ``scalers`` stand in the order of ``captured``; None where a column has none."""

    captured: tuple[CaptureObject, ...]
    scalers: tuple[ScalerUnit | None, ...]
    period_s: int

    @property
    def clock(self) -> int | None:
        """The place of the clock's column."""
        for place, one in enumerate(self.captured):
            if one.class_id == ClassId.CLOCK and one.attribute == 2:
                return place
        return next((place for place, one in enumerate(self.captured) if (one.obis.c, one.obis.d) == _CLOCK), None)

    @property
    def columns(self) -> tuple[Column, ...]:
        """All but the clock."""
        clock = self.clock
        return tuple(
            Column(one.obis, scaler.text if scaler is not None else "")
            for place, (one, scaler) in enumerate(zip(self.captured, self.scalers, strict=True))
            if place != clock
        )


#: time, doubts, and the raw stamp in hexadecimal
Stamped = tuple[datetime | None, tuple[Doubt, ...], str]
_NO_STAMP: Stamped = (None, (), "")
Convert = Callable[[Data], Decimal | str | None]


def rows(
    buffer: Sequence[tuple[Data, ...]],
    layout: Layout,
    around: Around,
    *,
    null_repeats: bool = True,
    stamp_is_start: bool = False,
) -> list[Row]:
    """The rows of a decoded buffer, in its order. ``time`` is the end of each interval. A row that is not as wide as the
    profile keeps what it has, is marked suspect, and loses nothing."""
    clock = layout.clock
    width = len(layout.captured)
    places = [place for place in range(width) if place != clock]
    converts = [_convert(layout.scalers[place], around) for place in places]
    before: list[Data] = [None] * width
    period = timedelta(seconds=layout.period_s)
    shift = period if stamp_is_start else timedelta()
    stamps = _Stamps(around, period)
    made = []
    for raw in buffer:
        fits = len(raw) == width
        row: Sequence[Data] = raw if fits else [*raw[:width], *[None] * (width - len(raw))]
        time, doubts, raw_time = _NO_STAMP if clock is None else stamps.of(row[clock])
        values = []
        for convert, place in zip(converts, places, strict=True):
            value = row[place]
            if value is None:
                value = before[place] if null_repeats and fits else None
            elif type(value) is Delta:
                value = _added(before[place], value)
            before[place] = value
            values.append(None if value is None else convert(value))
        if not fits:
            doubts = (*doubts, Doubt.SUSPECT)
        made.append(Row(time + shift if time is not None else None, tuple(values), doubts, raw_time))
    return made


class _Stamps:
    """Stamps of one buffer. The same octets but for the minutes come again and again, so that days are remembered."""

    def __init__(self, around: Around, period: timedelta) -> None:
        self._around = around
        self._period = period
        self._last: datetime | None = None
        self._hours: dict[bytes, tuple[datetime, tuple[Doubt, ...]]] = {}

    def of(self, value: Data) -> Stamped:
        if value is None:
            if self._last is None or not self._period:
                return _NO_STAMP
            self._last += self._period
            return self._last, (), ""
        if not isinstance(value, bytes) or len(value) != 12:
            self._last = None
            text = text_of(value, self._around)
            return None, (), text or f"{value!r:.60}"
        time, doubts = self._time(value)
        self._last = time
        return time, doubts, value.hex()

    def _time(self, value: bytes) -> tuple[datetime | None, tuple[Doubt, ...]]:
        minute, second, hundredths = value[6], value[7], value[8]
        if minute > 59 or second > 59 or hundredths not in (0, 0xFF):
            stamp = self._around.stamp(value)
            return stamp.time, stamp.doubts
        hour = value[:6] + value[9:]
        known = self._hours.get(hour)
        if known is None:
            stamp = self._around.stamp(value[:6] + b"\x00\x00\x00" + value[9:])
            if stamp.time is None or stamp.time.minute:
                whole = self._around.stamp(value)  # zones of a half hour, and hours that the clock change cuts
                return whole.time, whole.doubts
            known = self._hours[hour] = (stamp.time, stamp.doubts)
        return known[0] + timedelta(minutes=minute, seconds=second), known[1]


def _convert(scaler: ScalerUnit | None, around: Around) -> Convert:
    def plain(value: Data) -> Decimal | str | None:
        if isinstance(value, int) and not isinstance(value, bool):
            return Decimal(value)
        if isinstance(value, Decimal):
            return value if value.is_finite() else str(value)
        text = text_of(value, around)
        return f"{value!r:.200}" if text is None else text

    if scaler is None or scaler.scaler == 0:
        return plain
    exponent = scaler.scaler

    def scaled(value: Data) -> Decimal | str | None:
        if isinstance(value, int) and not isinstance(value, bool):
            return Decimal(value).scaleb(exponent)
        if isinstance(value, Decimal) and value.is_finite():
            return value.scaleb(exponent)
        return plain(value)

    return scaled


def _added(before: Data, delta: Delta) -> Data:
    """The value before with its difference added; the difference alone is no value."""
    if isinstance(before, int) and not isinstance(before, bool):
        return int(before) + int(delta)
    return None
