"""The meter's clock beside the gateway's: how far it is off, whether that is said, and whether it may be set."""

from __future__ import annotations

from datetime import datetime, timedelta

from drivers.driver import KeepsClock
from drivers.reading import ClockReading, MeterEvent
from gateway.acquisition.clock import GatewayClock
from gateway.acquisition.conditions import observed
from gateway.config.model import MeterTable


def drift(reading: ClockReading) -> timedelta | None:
    """How far the meter's clock is ahead of the gateway's; None where its zone is not known."""
    return None if reading.time is None else reading.time - reading.read_at


async def read_and_set(
    driver: KeepsClock, set_beyond: timedelta | None, now: datetime
) -> tuple[ClockReading, ClockReading | None]:
    """Read the clock, and set it to ``now`` when it is off by more than ``set_beyond``. Returns it before and after."""
    before = await driver.clock()
    off = drift(before)
    if set_beyond is None or off is None or abs(off) <= set_beyond:
        return before, None
    return before, await driver.set_clock(now)


def events(meter: str, before: ClockReading, after: ClockReading | None, report: timedelta) -> list[MeterEvent]:
    """That the clock is off by more than ``report``, or no longer is; and that it was set, with what it was set from."""
    found = []
    off = drift(after or before)
    if after is not None:
        details = {"from": str(before.time or before.raw), "to": str(after.time or after.raw)}
        found.append(MeterEvent(meter, after.time, "gateway", "clock set", after.read_at, "gateway", details))
    if off is not None:
        details = {"seconds": f"{off.total_seconds():.0f}"}
        found.append(observed(meter, "clock off", abs(off) > report, (after or before).read_at, details))
    return found


def set_beyond(meter: MeterTable, clock: GatewayClock) -> timedelta | None:
    """From how far off the meter's clock is set; None when it may not be, or when ours is not to be trusted."""
    return meter.clock.set_beyond if meter.clock.set and clock.trusted else None
