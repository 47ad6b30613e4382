"""What the emulated meter measures: raw integers that follow from the moment alone, so the same period has the same values."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from hil.dlms.axdr import ENUM, INT8, Data, structure

#: From when counting registers count.
_START = datetime(2024, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Quantity:
    """``raw`` times ten to ``scaler`` in ``unit`` (COSEM's number). ``per_hour`` makes it count from 2024 on, in steps
    of whole quarter hours; ``spread`` lets it wander by so much from one quarter hour to the next."""

    tag: int
    raw: int
    scaler: int
    unit: int
    per_hour: float = 0
    spread: int = 0
    salt: str = ""

    def at(self, moment: datetime) -> int:
        quarters = (moment - _START) // timedelta(minutes=15)
        value = self.raw + int(self.per_hour * quarters / 4)
        if self.spread:
            value += zlib.crc32(f"{self.salt} {quarters}".encode()) % (self.spread + 1)
        return value

    def data(self, moment: datetime) -> Data:
        return Data(self.tag, self.at(moment))

    @property
    def scaler_unit(self) -> Data:
        return structure(Data(INT8, self.scaler), Data(ENUM, self.unit))
