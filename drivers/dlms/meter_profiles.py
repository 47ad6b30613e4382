"""Load profiles and event logs of a COSEM meter (class 7): their layout, and their rows by range, or by entry where a meter
takes no range."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta, timezone, tzinfo

from drivers.dlms import axdr, axdr_rows, cosem_time, profile_rows, selection
from drivers.dlms.bytes_reader import Reader
from drivers.dlms.cosem import Attribute, ClassId, Selection
from drivers.dlms.cosem_unit import ScalerUnit, scaler_unit
from drivers.dlms.meter_reading import REGISTERS, SCALER_S, MeterReading
from drivers.dlms.paging import entries_since
from drivers.dlms.profile_rows import Layout
from drivers.dlms.reach import Reach
from drivers.dlms.refusals import Refusal
from drivers.dlms.selection import CaptureObject
from drivers.errors import AccessDenied, NotSupported
from drivers.reading import Obis, Row, Series

#: Meters differ in how they compare a range with a deviation; what was read too much is left out here.
_MARGIN = timedelta(hours=1)
#: Attributes of class 7, and the sort method that keeps the oldest entry first (IEC 62056-6-2, 4.3.6).
_SORT_METHOD, _ENTRIES_IN_USE = 5, 7
_FIFO = 1


class MeterProfiles:
    """The profiles of the meter of one association."""

    def __init__(self, reading: MeterReading) -> None:
        self._reading = reading
        self._stated_zone: tzinfo | None = None
        self._zone_asked = False

    async def layout(self, profile: Obis) -> Layout:
        """What a profile captures, how often, and with which scalers. Raises NotSupported, AccessDenied."""
        if self._reading.client.association.short_names:
            await self._reading.objects()
        wanted = [Attribute(ClassId.PROFILE_GENERIC, profile, number) for number in (3, 4)]
        captured_raw, period_raw = await self._reading.client.get_many(wanted)
        if isinstance(captured_raw, Refusal):
            raise NotSupported(f"the meter has no profile {profile} for us ({captured_raw.what})")
        captured = selection.parse_capture_objects(axdr.decode(captured_raw))
        period = axdr.decode(period_raw) if isinstance(period_raw, bytes) else 0
        scalers = await self._scalers(captured)
        return Layout(tuple(captured), tuple(scalers), int(period) if isinstance(period, int) else 0)

    async def log_layout(self, log: Obis) -> Layout:
        """The layout of an event log, read again every ``SCALER_S``: it is a stamp and a code for the life of most meters."""
        known = self._reading.learned.logs.get(log)
        if known is not None and (self._reading.read_at - known[1]).total_seconds() < SCALER_S:
            return known[0]
        layout = await self.layout(log)
        self._reading.learned.logs[log] = (layout, self._reading.read_at)
        return layout

    async def _scalers(self, captured: Sequence[CaptureObject]) -> list[ScalerUnit | None]:
        wanted: list[tuple[int, Attribute]] = []
        for place, one in enumerate(captured):
            if one.class_id in REGISTERS and one.attribute in (2, 3):
                number = REGISTERS[one.class_id][1]
                obis = one.obis
                wanted.append((place, Attribute(one.class_id, obis, number)))
        results = await self._reading.client.get_many([attribute for _, attribute in wanted]) if wanted else []
        found: list[ScalerUnit | None] = [None] * len(captured)
        for (place, _), result in zip(wanted, results, strict=True):
            if isinstance(result, bytes):
                found[place] = scaler_unit(axdr.decode(result))
        for place, one in enumerate(captured):
            if found[place] is None and one.obis in self._reading.map.units:
                found[place] = ScalerUnit(*self._reading.map.units[one.obis])
        return found

    async def profile(
        self, profile: Obis, since: datetime | None, until: datetime | None, reach: Reach
    ) -> AsyncIterator[Series]:
        """The profile's rows from ``since`` to ``until``, a day at a time; without bounds, the whole buffer. Goes on from
        where ``reach`` has come to."""
        layout = await self.layout(profile)
        async for rows in self.rows(profile, layout, since, until, reach):
            yield Series(
                meter=self._reading.meter.key,
                profile=profile,
                interval_s=layout.period_s,
                columns=layout.columns,
                rows=tuple(rows),
                read_at=self._reading.read_at,
                checked=self._reading.around().checked,
            )

    async def rows(
        self, profile: Obis, layout: Layout, since: datetime | None, until: datetime | None, reach: Reach
    ) -> AsyncIterator[list[Row]]:
        """The rows of a profile or log, those of some days at a time. Raises NotSupported, AccessDenied, Damaged."""
        if since is None and until is None:
            found = await self._rows(profile, layout, None)
            if isinstance(found, Refusal):
                raise _refused(profile, found)
            yield found
            return
        clock = layout.clock
        if clock is None:
            raise NotSupported(
                f"the profile {profile} has no clock to select by", do="read it without --since and --until"
            )
        start = reach.until or since or self._reading.read_at - timedelta(days=365)
        end = until or self._reading.read_at
        zone = await self._range_zone()
        while start < end:
            stop = min(end, start + reach.piece)
            first, last = self._bound(start - _MARGIN, zone), self._bound(stop + _MARGIN, zone)
            began = asyncio.get_running_loop().time()
            found = await self._rows(profile, layout, selection.by_range(layout.captured[clock], first, last))
            reach.took(asyncio.get_running_loop().time() - began)
            if isinstance(found, Refusal):
                stop = end
                found = await self._by_entry(profile, layout, start, found)
            fresh = reach.fresh(found, start, stop, last=stop == end)
            if fresh:
                yield fresh
            start = stop

    async def _by_entry(self, profile: Obis, layout: Layout, since: datetime, range_refused: Refusal) -> list[Row]:
        """The newest entries, for a meter that refuses a range. Where it takes no entries either, or does not keep them in the
        order of their time, what it said to the range is raised."""
        wanted = [Attribute(ClassId.PROFILE_GENERIC, profile, number) for number in (_ENTRIES_IN_USE, _SORT_METHOD)]
        count, sorting = [
            axdr.decode(said) if isinstance(said, bytes) else None
            for said in await self._reading.client.get_many(wanted)
        ]
        if not isinstance(count, int) or sorting != _FIFO:
            raise _refused(profile, range_refused)

        async def fetch(first: int, last: int) -> list[Row]:
            found = await self._rows(profile, layout, selection.by_entry(first, last))
            if isinstance(found, Refusal):
                raise _refused(profile, range_refused)
            return found

        return await entries_since(fetch, count, since)

    async def _rows(self, profile: Obis, layout: Layout, chosen: Selection | None) -> list[Row] | Refusal:
        result = await self._reading.client.get(Attribute(ClassId.PROFILE_GENERIC, profile, 2), chosen)
        if isinstance(result, Refusal):
            return result
        reader = Reader(result)
        buffer = axdr_rows.take_rows(reader)
        reader.done("the profile's buffer")
        return profile_rows.rows(
            buffer,
            layout,
            self._reading.around(),
            null_repeats=self._reading.map.null_repeats,
            stamp_is_start=self._reading.map.stamp_is_start,
        )

    def _bound(self, moment: datetime, zone: tzinfo | None) -> bytes:
        """A range's bound as the meter writes its stamps: local time, deviation stated where its clock states one."""
        if isinstance(zone, timezone):
            return cosem_time.build(moment, zone, deviation_reversed=self._reading.map.deviation_reversed)
        return cosem_time.build_local(moment, zone or UTC)

    async def _range_zone(self) -> tzinfo | None:
        """The offset that the meter's own clock states, so that the bounds are written as it writes its stamps. Asked for
        once in an association: a range is read with an hour's margin."""
        if not self._zone_asked:
            self._stated_zone, self._zone_asked = await self._clock_zone(), True
        return self._stated_zone

    async def _clock_zone(self) -> tzinfo | None:
        raw = await self._reading.clock_octets()
        if len(raw) == 12:
            deviation = int.from_bytes(raw[9:11], "big", signed=True)
            if deviation != cosem_time.NOT_SPECIFIED and abs(deviation) < 15 * 60:
                return timezone(timedelta(minutes=deviation if self._reading.map.deviation_reversed else -deviation))
        return self._reading.zone


def _refused(profile: Obis, refusal: Refusal) -> AccessDenied:
    return AccessDenied(f"the meter refuses the profile {profile}: {refusal.what}", do="ask for another span")
