"""A profile's buffer to rows (IEC 62056-6-2, 4.3.6.2): stamps inherited, null and delta values resolved, nothing dropped.

A null in the clock's column is the stamp before it plus the capture period. A null in another column is the value before
it, where the meter compresses so (the standard's meaning), else no value. A delta is added to the value before it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import cast

from drivers import amr_status
from drivers.dlms import cosem_time
from drivers.dlms.axdr import Data, Delta
from drivers.dlms.cosem import ClassId
from drivers.dlms.cosem_unit import ScalerUnit
from drivers.dlms.records import Around, text_of
from drivers.dlms.selection import CaptureObject
from drivers.reading import Column, Doubt, Row

#: Where an Obis code is a clock: 0-x:1.0.0, also the unix clock of meters that have one.
_CLOCK = (1, 0)
#: ... and where one is a status of the row: 0-b:96.10.x, by its groups A, C and D.
_STATUS = (0, 96, 10)


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
_MINUTES = [timedelta(minutes=minute) for minute in range(24 * 60)]
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
    profile keeps what it has, is marked suspect, and loses nothing. What an AMR profile status says of a row is among its
    doubts, and its value stays among the values."""
    clock = layout.clock
    width = len(layout.captured)
    if any(len(row) != width for row in buffer):
        # A row that is not as wide as the profile: what it has stands, what it has not is None, and all of it is doubted.
        ragged = [len(row) != width for row in buffer]
        buffer = [tuple(row[:width]) + (None,) * (width - len(row)) for row in buffer]
    else:
        ragged = []
    columns = list(zip(*buffer, strict=True)) if buffer else [()] * width
    shift = timedelta(seconds=layout.period_s) if stamp_is_start else None
    if clock is None:
        stamps: list[Stamped] = [_NO_STAMP] * len(buffer)
    else:
        stamps = _Stamps(around, timedelta(seconds=layout.period_s)).all(columns[clock])
    by_column = [
        _column(columns[place], layout.scalers[place], around, null_repeats=null_repeats and not ragged)
        for place in range(width)
        if place != clock
    ]
    for column, said in zip(layout.columns, by_column, strict=True):
        if (column.obis.a, column.obis.c, column.obis.d) == _STATUS:
            stamps = _doubted(stamps, [_says(status) for status in said])
    if ragged:
        stamps = _doubted(stamps, [(Doubt.SUSPECT,) if wrong else () for wrong in ragged])
    values = zip(*by_column, strict=True) if by_column else [()] * len(buffer)
    return [
        Row(time if shift is None or time is None else time + shift, row, doubts, raw)
        for (time, doubts, raw), row in zip(stamps, values, strict=True)
    ]


def _says(status: Decimal | str | None) -> tuple[Doubt, ...]:
    return amr_status.doubts(int(status)) if isinstance(status, Decimal) else ()


def _doubted(stamps: list[Stamped], more: Sequence[tuple[Doubt, ...]]) -> list[Stamped]:
    """The stamps with what else is to be doubted of each row."""
    if not any(more):
        return stamps
    return [
        (time, (*doubts, *(doubt for doubt in new if doubt not in doubts)) if new else doubts, raw)
        for (time, doubts, raw), new in zip(stamps, more, strict=True)
    ]


def _column(
    column: Sequence[Data], scaler: ScalerUnit | None, around: Around, *, null_repeats: bool
) -> list[Decimal | str | None]:
    """A column's values. Most columns are plain numbers and take the short way."""
    kinds = set(map(type, column))
    if kinds == {int}:
        numbers = map(Decimal, cast(Sequence[int], column))
        if scaler is None or scaler.scaler == 0:
            return list(numbers)
        exponent = scaler.scaler
        return [number.scaleb(exponent) for number in numbers]
    convert = _convert(scaler, around)
    before: Data = None
    found: list[Decimal | str | None] = []
    for value in column:
        if value is None:
            value = before if null_repeats else None
        elif type(value) is Delta:
            value = _added(before, value)
        before = value
        found.append(None if value is None else convert(value))
    return found


class _Stamps:
    """Stamps of one buffer. The same octets but for the minutes come again and again, so that days are remembered."""

    def __init__(self, around: Around, period: timedelta) -> None:
        self._around = around
        self._period = period
        self._last: datetime | None = None
        self._days: dict[bytes, tuple[datetime, tuple[Doubt, ...]]] = {}
        self._hours: dict[bytes, tuple[datetime, tuple[Doubt, ...]]] = {}

    def all(self, column: Sequence[Data]) -> list[Stamped]:
        """Time, doubts and raw octets of every stamp."""
        return [self._of(value) for value in column]

    def _of(self, value: Data) -> Stamped:
        if type(value) is bytes and len(value) == 12:
            # The plain case: a whole minute of a day, or of an hour, that was understood before.
            hour, minute = value[5], value[6]
            if hour < 24 and minute < 60:
                known = self._days.get(value[:5] + value[7:])
                if known is not None:
                    self._last = time = known[0] + _MINUTES[60 * hour + minute]
                    return time, known[1], value.hex()
                known = self._hours.get(value[:6] + value[7:])
                if known is not None:
                    self._last = time = known[0] + _MINUTES[minute]
                    return time, known[1], value.hex()
        if value is None:
            if self._last is None or not self._period:
                return _NO_STAMP
            self._last += self._period
            return self._last, (), ""
        if not isinstance(value, bytes) or len(value) != 12:
            self._last = None
            text = text_of(value, self._around)
            return None, (), text or f"{value!r:.60}"
        stamp = self._around.stamp(bytes(value))
        self._last = stamp.time
        if stamp.time is not None and value[5] < 24 and value[6] < 60:
            self._remember(value, stamp.time, stamp.doubts)
        return stamp.time, stamp.doubts, value.hex()

    def _remember(self, value: bytes, time: datetime, doubts: tuple[Doubt, ...]) -> None:
        """Where the stamp states its deviation the whole day follows from it; where a zone is looked up, an hour that no
        clock change cuts."""
        hour, minute = value[5], value[6]
        if int.from_bytes(value[9:11], "big", signed=True) != cosem_time.NOT_SPECIFIED:
            self._days[value[:5] + value[7:]] = (time - _MINUTES[60 * hour + minute], doubts)
            return
        ends = [self._around.stamp(value[:6] + bytes((each,)) + value[7:]).time for each in (0, 59)]
        if ends[0] is not None and ends[1] is not None and ends[1] - ends[0] == _MINUTES[59]:
            self._hours[value[:6] + value[7:]] = (time - _MINUTES[minute], doubts)


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
