"""A meter's clock in programming mode: read, and set at the beginning of a second.

Nearly all meters have date and time in two registers, 0.9.2 and 0.9.1; those of LIS-200 in one.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta, tzinfo

from drivers.driver import Context
from drivers.errors import UsageError
from drivers.iec62056_21.clock import ClockForm, just_after_midnight, parse
from drivers.iec62056_21.meter_map import MeterMap
from drivers.iec62056_21.programming import ProgrammingMode
from drivers.reading import ClockReading, Doubt

_DATE, _TIME = "0.9.2", "0.9.1"
#: The clock is not set so close to midnight that date and time could be of two days.
_MIDNIGHT = timedelta(seconds=10)


class MeterClock:
    """The clock of the meter of one session. ``value`` reads a register."""

    def __init__(
        self,
        mode: ProgrammingMode,
        known: MeterMap,
        context: Context,
        zone: tzinfo | None,
        value: Callable[[str], Awaitable[str]],
    ) -> None:
        self._mode = mode
        self._map = known
        self._context = context
        self._zone = zone
        self._value = value

    async def read(self, meter: str) -> ClockReading:
        """The clock, and the gateway's time when its answer began to come."""
        return (await self._read(meter))[0]

    async def set(
        self, to: datetime, meter: str, writing: Callable[[], AbstractAsyncContextManager[None]]
    ) -> ClockReading:
        """Set date and time to ``to``, which is now, and read them back. ``writing`` lets registers be written.

        Raises UsageError where the zone of the clock is not known.
        """
        asked_at = self._context.now()
        _, form = await self._read(meter)
        zone = UTC if form.utc else self._zone
        if zone is None:
            raise UsageError("the zone of the meter's clock is not known", do="give it with --zone, or a device map")

        def now() -> datetime:
            return to + (self._context.now() - asked_at)

        async with writing():
            if self._map.clock_register:
                time, date = form.write(await self._begun_second(now), zone)
                await self._mode.write(self._map.write, self._map.clock_register, f"{date},{time}")
            else:
                await self._past_midnight(now().astimezone(zone))
                _, date = form.write(now(), zone)
                await self._mode.write(self._map.write, _DATE, date)
                time, _ = form.write(await self._begun_second(now), zone)
                await self._mode.write(self._map.write, _TIME, time)
        return await self.read(meter)

    async def _past_midnight(self, local: datetime) -> None:
        midnight = (local + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
        if midnight - local < _MIDNIGHT:
            await self._mode.pause((midnight - local).total_seconds() + 1)

    async def _begun_second(self, now: Callable[[], datetime]) -> datetime:
        """Meters take whole seconds, at the end of the message: it is sent so that one begins then."""
        lead = timedelta(seconds=self._mode.identification.reaction_s)
        await self._mode.pause((1_000_000 - (now() + lead).microsecond) / 1e6)
        return now() + lead

    async def _read(self, meter: str) -> tuple[ClockReading, ClockForm]:
        if register := self._map.clock_register:
            date, _, time = (await self._value(register)).partition(",")
            read_at = self._context.now()
        else:
            date = await self._value(_DATE)
            time = await self._value(_TIME)
            read_at = self._context.now()
            if just_after_midnight(time):
                # Midnight may have come between the two.
                date = await self._value(_DATE)
        at, form = parse(time, date, self._zone)
        doubts = () if date.strip("0-./: ") else (Doubt.CLOCK_INVALID,)
        return ClockReading(meter, f"{date} {time}", at, read_at, doubts), form
