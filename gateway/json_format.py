"""One JSON object a line, stable: what scripts read. Decimals are strings, times ISO 8601 in UTC or null."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from drivers.errors import MeterError
from drivers.reading import Meter, MeterEvent, NotUnderstood, Reading, Series, Text
from gateway.cim.classified import Classified
from gateway.cim.quality import code


def render(records: Sequence[Classified]) -> bytes:
    return "".join(line(part) for record in records for part in _objects(record)).encode()


def line(part: dict[str, Any]) -> str:
    return json.dumps(part, ensure_ascii=False, separators=(",", ":")) + "\n"


def error_line(error: MeterError) -> bytes:
    """The last line, when something failed after data was printed."""
    return line({"type": "error", "where": error.where, "what": error.what, "do": error.do}).encode()


def _objects(item: Classified) -> Iterator[dict[str, Any]]:
    record = item.record
    match record:
        case Meter():
            yield {
                "type": "meter",
                "meter": record.key,
                "manufacturer": record.manufacturer,
                "serial": record.serial,
                "model": record.model,
                "firmware": record.firmware,
                "source": record.source,
                "behind": record.behind,
            }
        case Reading():
            yield {
                "type": "reading",
                "meter": record.meter,
                "obis": str(record.obis),
                "raw": record.raw,
                "value": number(record.value),
                "unit": record.unit,
                "time": stamp(record.time),
                "period": record.period and {"start": stamp(record.period.start), "end": stamp(record.period.end)},
                "read_at": stamp(record.read_at),
                "quality": [code(doubt) for doubt in record.doubts],
                "reading_type": item.reading_type and str(item.reading_type),
                "checked": record.checked,
            }
            if item.reading_type is None:
                yield _unmapped(record.meter, str(record.obis), record.raw, item.reason)
        case Text():
            yield {
                "type": "text",
                "meter": record.meter,
                "obis": str(record.obis),
                "raw": record.raw,
                "value": record.value,
                "quality": [code(doubt) for doubt in record.doubts],
                "checked": record.checked,
            }
        case Series():
            yield _series(record, item)
            for column, reason in zip(record.columns, item.column_reasons, strict=True):
                if reason:
                    yield _unmapped(record.meter, str(column.obis), "", reason)
        case MeterEvent():
            yield {
                "type": "event",
                "meter": record.meter,
                "at": stamp(record.at),
                "read_at": stamp(record.read_at),
                "log": record.log,
                "code": record.code,
                "event_type": item.event_type and str(item.event_type),
                "details": {**record.details, **item.event_details},
            }
            if item.event_type is None:
                yield _unmapped(record.meter, None, f"{record.log} {record.code}".strip(), item.reason)
        case NotUnderstood():
            yield _unmapped(record.meter, record.obis and str(record.obis), record.raw, record.reason)


def _series(series: Series, item: Classified) -> dict[str, Any]:
    return {
        "type": "series",
        "meter": series.meter,
        "profile": str(series.profile),
        "interval_s": series.interval_s,
        "read_at": stamp(series.read_at),
        "checked": series.checked,
        "columns": [
            {"obis": str(column.obis), "unit": column.unit, "reading_type": kind and str(kind)}
            for column, kind in zip(series.columns, item.column_types, strict=True)
        ],
        "rows": [
            {
                "time": stamp(row.time),
                "raw_time": row.raw_time,
                "values": [number(value) if isinstance(value, Decimal) else value for value in row.values],
                "quality": [code(doubt) for doubt in row.doubts],
            }
            for row in series.rows
        ],
    }


def _unmapped(meter: str, obis: str | None, raw: str, reason: str) -> dict[str, Any]:
    return {"type": "unmapped", "meter": meter, "obis": obis, "raw": raw, "reason": reason}


def number(value: Decimal) -> str:
    """The exact value, never with an exponent."""
    return format(value, "f")


def stamp(at: datetime | None) -> str | None:
    """ISO 8601 with ``Z``; a time that is not known stays null."""
    return at.isoformat().replace("+00:00", "Z") if at is not None else None
