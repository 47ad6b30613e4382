"""One value a line, for a spreadsheet: registers and load profile values alike."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from decimal import Decimal

from drivers.reading import Reading, Series, Text
from gateway.cim.classified import Classified
from gateway.cim.quality import code
from gateway.json_format import number, stamp

HEADER = ("meter", "obis", "value", "unit", "time", "read_at", "quality", "reading_type", "checked", "raw")


def render(records: Sequence[Classified]) -> bytes:
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(HEADER)
    for item in records:
        writer.writerows(_rows(item))
    return file.getvalue().encode()


def _rows(item: Classified) -> Iterator[tuple[object, ...]]:
    record = item.record
    if isinstance(record, Reading):
        yield (
            record.meter,
            record.obis,
            number(record.value),
            record.unit,
            stamp(record.time) or "",
            stamp(record.read_at),
            " ".join(code(doubt) for doubt in record.doubts),
            item.reading_type or "",
            _yes(record.checked),
            record.raw,
        )
    elif isinstance(record, Text):
        quality = " ".join(code(doubt) for doubt in record.doubts)
        yield (record.meter, record.obis, record.value, "", "", "", quality, "", _yes(record.checked), record.raw)
    elif isinstance(record, Series):
        for row in record.rows:
            quality = " ".join(code(doubt) for doubt in row.doubts)
            for column, kind, value in zip(record.columns, item.column_types, row.values, strict=True):
                if value is not None:
                    said = number(value) if isinstance(value, Decimal) else value
                    yield (
                        record.meter,
                        column.obis,
                        said,
                        column.unit,
                        stamp(row.time) or row.raw_time,
                        stamp(record.read_at),
                        quality,
                        kind or "",
                        _yes(record.checked),
                        "",
                    )


def _yes(flag: bool) -> str:
    return "true" if flag else "false"
