"""Event logs of a COSEM meter: profiles (class 7) whose rows are a stamp, a code, and what the maker put beside it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime

from drivers.dlms.cosem import ClassId
from drivers.dlms.meter_map import MapLog
from drivers.dlms.meter_profiles import MeterProfiles
from drivers.dlms.meter_reading import MeterReading
from drivers.dlms.profile_rows import Layout
from drivers.dlms.reach import Reach
from drivers.errors import AccessDenied, MeterError, NotSupported
from drivers.reading import MeterEvent, Row

#: Event codes are captured from the event objects 0-b:96.11.e (IEC 62056-6-1, 6.2.20).
_EVENT_OBJECT = (96, 11)
#: Standard event logs are 0-b:99.98.e.
_LOG = (99, 98)
#: The log of long power failures, whose entries are a duration without a code: the one that a P1 telegram tells too.
_DURATION = (96, 7)
_FAILURES, _FAILURES_TABLE = (1, 99, 97), "p1.failures"


async def logs_of(reading: MeterReading) -> list[MapLog]:
    """The logs to read: the map's, or every standard log in the association view."""
    if reading.map.logs:
        return list(reading.map.logs)
    objects = await reading.objects()
    profiles = [one.obis for one in objects if one.class_id == ClassId.PROFILE_GENERIC]
    found = [MapLog(obis, reading.map.event_table) for obis in profiles if (obis.c, obis.d) == _LOG]
    found += [MapLog(obis, _FAILURES_TABLE) for obis in profiles if (obis.a, obis.c, obis.d) == _FAILURES]
    if not found:
        raise NotSupported("the meter shows no event log", do="name one in a device map, or use other keys")
    return found


async def events(reading: MeterReading, since: datetime | None, until: datetime | None) -> AsyncIterator[MeterEvent]:
    """The entries of all logs. A log that the meter refuses is told after the others were read."""
    failed: MeterError | None = None
    profiles = MeterProfiles(reading)
    for log in await logs_of(reading):
        try:
            async for event in _events(reading, profiles, log, since, until):
                yield event
        except (AccessDenied, NotSupported) as error:
            failed = failed or error
    if failed is not None:
        raise failed


async def _events(
    reading: MeterReading, profiles: MeterProfiles, log: MapLog, since: datetime | None, until: datetime | None
) -> AsyncIterator[MeterEvent]:
    layout = await profiles.log_layout(log.obis)
    code = _code_place(layout)
    async for rows in profiles.rows(log.obis, layout, since, until, Reach()):
        for row in rows:
            yield _event(reading, log, layout, code, row)


def _code_place(layout: Layout) -> int | None:
    """Which of the columns beside the clock is the code: the event object, else the first; a duration is none."""
    for place, column in enumerate(layout.columns):
        if (column.obis.c, column.obis.d) == _EVENT_OBJECT:
            return place
    first = layout.columns[0].obis if layout.columns else None
    return None if first is None or (first.c, first.d) == _DURATION else 0


def _event(reading: MeterReading, log: MapLog, layout: Layout, code: int | None, row: Row) -> MeterEvent:
    details = {
        str(column.obis): str(value)
        for place, (column, value) in enumerate(zip(layout.columns, row.values, strict=True))
        if place != code and value is not None
    }
    if row.time is None and row.raw_time:
        details["stamp"] = row.raw_time
    if row.doubts:
        details["doubt"] = ", ".join(row.doubts)
    return MeterEvent(
        meter=reading.meter.key,
        at=row.time,
        log=str(log.obis),
        code=_code(layout, row, code),
        read_at=reading.read_at,
        table=log.table,
        details=details,
    )


def _code(layout: Layout, row: Row, place: int | None) -> str:
    """The code that the row holds; of a row that holds a duration, the name of what it is the duration of."""
    if place is None:
        obis = layout.columns[0].obis if layout.columns else None
        return f"{obis.c}.{obis.d}.{obis.e}" if obis is not None else ""
    value = row.values[place]
    return "" if value is None else str(value)
