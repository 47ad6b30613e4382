"""The meter's clock: runs off true time by its drift, may be set and shifted, keeps a status. Class 8 of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hil.dlms import cosem_time
from hil.dlms.axdr import BOOLEAN, ENUM, INT8, INT16, OCTETS, UINT8, Data, octets
from hil.dlms.cosem_object import (
    OTHER,
    TYPE_UNMATCHED,
    Attribute,
    CosemObject,
    Refused,
    computed,
    fixed,
)
from hil.dlms.obis import logical_name

#: The longest shift that method 6 allows, seconds.
_SHIFT_MAX_S = 900


class MeterClock:
    """``drift_ppm`` parts in a million fast, ``offset_s`` ahead at the start; ``status`` is that of its date-times.

    ``frozen`` stops it at that moment, for values that a test may know. ``deviation`` False leaves it unspecified.
    """

    def __init__(
        self,
        zone: str = "Europe/Berlin",
        drift_ppm: float = 0,
        offset_s: float = 0,
        status: int = 0,
        deviation: bool = True,
        frozen: datetime | None = None,
        trailing: str = "",
    ) -> None:
        self.zone = ZoneInfo(zone)
        self.drift_ppm = drift_ppm
        self.status = status
        self.deviation = deviation
        self._frozen = frozen is not None
        self._set_at = time.monotonic()
        self._base = (frozen or datetime.now(UTC)) + timedelta(seconds=offset_s)
        self._trailing = bytes.fromhex(trailing)
        self._preset: datetime | None = None
        #: Called with the time before and after whenever the clock is set.
        self.on_set: Callable[[datetime, datetime], None] = lambda old, new: None

    def now(self) -> datetime:
        """The meter's idea of the time, UTC."""
        if self._frozen:
            return self._base
        return self._base + timedelta(seconds=(time.monotonic() - self._set_at) * (1 + self.drift_ppm / 1e6))

    def set(self, moment: datetime) -> None:
        old = self.now()
        self._base, self._set_at = moment, time.monotonic()
        self.on_set(old, moment)

    def stamp(self, moment: datetime, status: int | None = None) -> bytes:
        """A moment as this meter writes it."""
        return cosem_time.encode(moment, self.zone, self.status if status is None else status, deviation=self.deviation)

    def read(self, stamp: bytes) -> datetime | None:
        """A moment that a client wrote. Raises ValueError; None when it is not specified."""
        return cosem_time.decode(stamp, self.zone)

    def object(self) -> CosemObject:
        """Clock, class 8 version 0, at 0-0:1.0.0*255."""
        winter = -int((datetime(2025, 1, 1, tzinfo=self.zone).utcoffset() or timedelta()).total_seconds()) // 60
        begins, ends = bytes.fromhex("FFFF03FE0702000000FFFF00"), bytes.fromhex("FFFF0AFE0703000000FFFF80")
        return CosemObject(
            8,
            0,
            logical_name("0-0:1.0.0*255"),
            {
                # Some meters leave garbage behind the twelve bytes.
                2: Attribute(lambda _: octets(self.stamp(self.now()) + self._trailing), self._put),
                3: fixed(Data(INT16, winter)),
                4: computed(lambda: Data(UINT8, self.stamp(self.now())[11])),
                5: fixed(octets(begins)),
                6: fixed(octets(ends)),
                7: fixed(Data(INT8, 60)),
                8: fixed(Data(BOOLEAN, True)),
                9: fixed(Data(ENUM, 1)),
            },
            {1: self._to_quarter, 3: self._to_minute, 4: self._to_preset, 5: self._preset_time, 6: self._shift},
        )

    def _put(self, data: Data) -> None:
        if data.tag not in (OCTETS, 25):
            raise Refused(TYPE_UNMATCHED)
        self.set(self._moment(data.value))

    def _moment(self, stamp: bytes) -> datetime:
        try:
            moment = self.read(stamp)
        except ValueError:
            raise Refused(OTHER) from None
        if moment is None:
            raise Refused(OTHER)
        return moment

    def _round(self, seconds: int) -> None:
        stamp = round(self.now().timestamp() / seconds) * seconds
        self.set(datetime.fromtimestamp(stamp, UTC))

    def _to_quarter(self, _: Data | None) -> None:
        self._round(900)

    def _to_minute(self, _: Data | None) -> None:
        self._round(60)

    def _to_preset(self, _: Data | None) -> None:
        if self._preset is None:
            raise Refused(OTHER)
        self.set(self._preset)

    def _preset_time(self, parameter: Data | None) -> None:
        """Structure of preset time and the interval in which it may be taken over."""
        if parameter is None or parameter.tag != 2:
            raise Refused(TYPE_UNMATCHED)
        self._preset = self._moment(parameter.value[0].value)

    def _shift(self, parameter: Data | None) -> None:
        if parameter is None or parameter.tag != INT16 or abs(parameter.value) > _SHIFT_MAX_S:
            raise Refused(TYPE_UNMATCHED)
        self.set(self.now() + timedelta(seconds=parameter.value))
