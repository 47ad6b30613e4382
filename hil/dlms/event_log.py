"""Event logs: a profile of clock, event code and what the companion standard wants besides, and the code of the last event.

The codes are those of the profile that the file names (IDIS, DSMR/SMR, IS 15959); what happens to the emulated meter
(clock set, relay switched, log cleared) is entered with the codes of IDIS.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from hil.dlms.axdr import UINT8, Data, octets
from hil.dlms.cosem_object import CosemObject, computed
from hil.dlms.meter_clock import MeterClock
from hil.dlms.obis import logical_name
from hil.dlms.profile_generic import Column, ProfileGeneric, Row
from hil.dlms.quantity import Quantity
from hil.dlms.registers import data

#: Codes of the standard event log (IDIS package 2, and DSMR alike).
POWER_DOWN, POWER_UP, CLOCK_OLD, CLOCK_NEW, LOG_CLEARED = 1, 2, 4, 5, 255
#: Code of the fraud detection log.
TERMINAL_COVER_REMOVED = 40
#: Codes of the disconnector log.
REMOTE_DISCONNECTION, REMOTE_CONNECTION = 62, 63

CLOCK = logical_name("0-0:1.0.0*255")


class EventLog:
    """``events`` are (minutes ago, code) at the start. ``extra`` are registers whose values are kept with each event."""

    def __init__(
        self,
        name: bytes,
        code_name: bytes,
        clock: MeterClock,
        events: Sequence[tuple[float, int]],
        extra: Sequence[tuple[bytes, Quantity]] = (),
        tag: int = UINT8,
        size: int = 200,
    ) -> None:
        self.name = name
        self.code_name = code_name
        self._clock = clock
        self._extra = extra
        self._tag = tag
        self._size = size
        self._events = [(clock.now() - timedelta(minutes=minutes), code) for minutes, code in events]
        self._events.sort()

    def enter(self, code: int, at: datetime | None = None) -> None:
        self._events.append((at or self._clock.now(), code))
        del self._events[: -self._size]

    def clear(self) -> None:
        """The log is emptied, and says so."""
        self._events.clear()
        self.enter(LOG_CLEARED)

    def objects(self) -> list[CosemObject]:
        columns = [Column(8, CLOCK), Column(1, self.code_name), *(Column(3, name) for name, _ in self._extra)]
        log = ProfileGeneric(self.name, columns, self._rows, self._clock, period_s=0, size=self._size, clear=self.clear)
        return [log.object(), data(self.code_name, computed(self._last))]

    def _last(self) -> Data:
        return Data(self._tag, self._events[-1][1] if self._events else 0)

    def _rows(self) -> list[Row]:
        return [
            Row(
                at,
                (
                    octets(self._clock.stamp(at)),
                    Data(self._tag, code),
                    *(quantity.data(at) for _, quantity in self._extra),
                ),
            )
            for at, code in self._events
        ]
