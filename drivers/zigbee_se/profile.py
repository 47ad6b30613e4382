"""GetProfile of the Metering cluster to a Series (SE 1.4, D.3.2.3.1.1 and D.3.3.3.1.1).

The answer holds the newest interval first, each the change of the register in it; EndTime is the end of the newest.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from drivers.errors import BadFrame, NotSupported
from drivers.reading import Column, Row, Series
from drivers.zigbee_se.metering import Form
from drivers.zigbee_se.zcl_time import moment

#: ProfileIntervalPeriod -> seconds (D.3.3.3.1.1.3; 8 is of SE 1.4).
PERIODS = {0: 86400, 1: 3600, 2: 1800, 3: 900, 4: 600, 5: 450, 6: 300, 7: 150, 8: 60}
_OK, _MORE, _NONE = 0, 4, 5
_REFUSALS = {
    1: "it has no such interval channel",
    2: "it supports no such interval channel",
    3: "the end time is not valid",
}
_NO_VALUE = 0xFFFFFF


class Block(NamedTuple):
    """One answer: the end of the newest interval, its period, and the intervals from the oldest to the newest."""

    end: datetime
    period_s: int
    intervals: tuple[int | None, ...]

    @property
    def start(self) -> datetime:
        """The start of the oldest interval, and so the end of the one before."""
        return self.end - timedelta(seconds=self.period_s) * len(self.intervals)


def block(fields: Mapping[str, Any]) -> Block | None:
    """The fields of GetProfileResponse. None when the meter has no intervals there. Raises NotSupported, BadFrame."""
    status = fields.get("status")
    if status in _REFUSALS:
        raise NotSupported(f"the meter gives no profile: {_REFUSALS[status]}")
    intervals = fields.get("intervals", [])
    if status == _NONE or (status in (_OK, _MORE) and not intervals):
        return None
    if status not in (_OK, _MORE):
        raise BadFrame(f"GetProfileResponse has the status {status}")
    if len(intervals) != fields["numberOfPeriodsDelivered"]:
        raise BadFrame(
            f"GetProfileResponse says {fields['numberOfPeriodsDelivered']} intervals and has {len(intervals)}"
        )
    period, end = PERIODS.get(fields["profileIntervalPeriod"]), moment(fields["endTime"])
    if period is None or end is None:
        raise BadFrame(f"GetProfileResponse has the period {fields['profileIntervalPeriod']}, end {fields['endTime']}")
    return Block(end, period, tuple(None if one == _NO_VALUE else one for one in reversed(intervals)))


def series(meter: str, form: Form, received: bool, blocks: Iterable[Block], read_at: datetime) -> Series | None:
    """The blocks of one channel as a Series, oldest first; None when there are none. Raises NotSupported where the
    medium has no OBIS code, BadFrame when the period changes between blocks.
    """
    ordered = sorted(blocks, key=lambda one: one.end)
    if not ordered:
        return None
    obis = form.quantity.interval(received=received)
    if obis is None:
        raise NotSupported(f"no OBIS code for the intervals of {form.quantity.name}")
    if len({one.period_s for one in ordered}) > 1:
        raise BadFrame("the interval period changes inside of the profile")
    period = ordered[0].period_s
    rows: dict[datetime, Row] = {}
    for one in ordered:
        for number, raw in enumerate(one.intervals, 1):
            end = one.start + timedelta(seconds=period * number)
            rows[end] = Row(end, (None if raw is None else form.scale.value(raw),))
    column = Column(obis, form.quantity.unit)
    kept = tuple(rows[end] for end in sorted(rows))
    return Series(meter, form.quantity.load_profile(), period, (column,), kept, read_at)
