"""What befalls a meter while it is in use, and stands in its logs afterwards: its supply fails, its terminal cover is taken off.

Each is a fault by name, with the milliseconds after the meter was first spoken to at which it happens.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from hil.dlms.event_log import POWER_DOWN, POWER_UP, TERMINAL_COVER_REMOVED
from hil.dlms.faults import DlmsFaults
from hil.dlms.meter import Meter

#: How long the supply is gone.
DARK_S = 3.0


class Happenings:
    """Begins with the first bytes heard. ``went_dark`` is called when the supply fails: who is connected is cut off."""

    def __init__(self, meter: Meter, faults: DlmsFaults, went_dark: Callable[[], None]) -> None:
        self._meter = meter
        self._faults = faults
        self._went_dark = went_dark
        self.dark = False

    def spoken_to(self) -> None:
        loop = asyncio.get_running_loop()
        for name, happens in (("power-fails", self._power_fails), ("cover-opens", self._cover_opens)):
            if self._faults.once(name):
                loop.call_later(self._faults.seconds(name), happens)

    def _power_fails(self) -> None:
        self._meter.enter("standard", POWER_DOWN)
        self.dark = True
        self._went_dark()
        asyncio.get_running_loop().call_later(DARK_S, self._power_returns)

    def _power_returns(self) -> None:
        self.dark = False
        self._meter.enter("standard", POWER_UP)

    def _cover_opens(self) -> None:
        self._meter.enter("fraud", TERMINAL_COVER_REMOVED)
