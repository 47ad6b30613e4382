"""What a technician looks at: who the meter is, its registers, and what could not be said in CIM, with the reason."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from drivers.reading import Meter, MeterEvent, NotUnderstood, Reading, Series, Text
from gateway.cim.classified import Classified
from gateway.cim.obis_words import describe
from gateway.json_format import number, stamp

_REGISTERS = ("OBIS", "What it is", "Value", "Unit", "ReadingType")
#: A reason or a text longer than this is cut in the table; JSON has it whole.
_WIDEST = 72


def render(records: Sequence[Classified]) -> bytes:
    return "".join(line.rstrip() + "\n" for line in _lines(records)).encode()


def _lines(records: Sequence[Classified]) -> Iterator[str]:
    for record in (item.record for item in records):
        if isinstance(record, Meter):
            yield from _meter(record)
    registers = [item for item in records if isinstance(item.record, Reading)]
    if registers:
        yield ""
        yield from columns(_REGISTERS, [_register(item) for item in registers], right=2)
    texts = [item.record for item in records if isinstance(item.record, Text)]
    if texts:
        yield ""
        yield from columns(
            ("OBIS", "What it is", "Text"), [(str(text.obis), describe(text.obis), _cut(text.value)) for text in texts]
        )
    for item in records:
        if isinstance(item.record, Series):
            yield ""
            yield from _series(item.record, item)
    events = [(item.record, item) for item in records if isinstance(item.record, MeterEvent)]
    if events:
        yield ""
        rows = [
            (stamp(event.at) or "no time", event.log, event.code, str(item.event_type or "not known"))
            for event, item in events
        ]
        yield from columns(("At", "Log", "Code", "EndDeviceEventType"), rows)
    yield from _doubts(records)


def _meter(meter: Meter) -> Iterator[str]:
    facts = [
        meter.manufacturer and f"manufacturer {meter.manufacturer}",
        meter.serial and f"serial {meter.serial}",
        meter.model and f"model {meter.model}",
        meter.firmware and f"firmware {meter.firmware}",
        meter.behind and f"behind {meter.behind}",
    ]
    yield f"Meter {meter.key}: " + (", ".join(fact for fact in facts if fact) or "says nothing of itself")


def _register(item: Classified) -> tuple[str, ...]:
    reading = item.record
    assert isinstance(reading, Reading)  # noqa: S101 - the caller filtered; for the type checker
    value = number(reading.value) + ("" if reading.checked and not reading.doubts else " ?")
    return (
        str(reading.obis),
        describe(reading.obis),
        value,
        reading.unit,
        str(item.reading_type or f"- ({_cut(item.reason)})"),
    )


def _series(series: Series, item: Classified) -> Iterator[str]:
    yield f"Profile {series.profile}, every {series.interval_s} s, {len(series.rows)} rows"
    headings = ("Time", *(f"{column.obis} {column.unit}".strip() for column in series.columns), "Doubt")
    rows = [
        (
            stamp(row.time) or row.raw_time or "no time",
            *("-" if value is None else number(value) if isinstance(value, Decimal) else value for value in row.values),
            "; ".join(row.doubts),
        )
        for row in series.rows
    ]
    yield from columns(headings, rows)
    yield "ReadingTypes: " + ", ".join(str(kind or "-") for kind in item.column_types)


def _doubts(records: Sequence[Classified]) -> Iterator[str]:
    readings = [item.record for item in records if isinstance(item.record, Reading)]
    unchecked = sum(not reading.checked for reading in readings)
    unmapped = sum(isinstance(item.record, Reading) and item.reading_type is None for item in records)
    notes = []
    if unchecked:
        notes.append(f"{unchecked} values came without check bytes (marked ?)")
    if unmapped:
        notes.append(f"{unmapped} of {len(readings)} registers have no ReadingType")
    for reading in readings:
        if reading.doubts:
            notes.append(f"{reading.obis}: {'; '.join(reading.doubts)}")
    for item in records:
        if isinstance(item.record, NotUnderstood):
            notes.append(f"not understood: {_cut(item.record.raw)} ({item.record.reason})")
    if notes:
        yield ""
        yield from notes


def columns(headings: Sequence[str], rows: Sequence[Sequence[str]], right: int = -1) -> Iterator[str]:
    """Lines of a table; the cells of the column ``right`` are set to the right."""
    widths = [max(len(row[column]) for row in [headings, *rows]) for column in range(len(headings))]
    for row in [headings, tuple("-" * width for width in widths), *rows]:
        yield "  ".join(
            cell.rjust(width) if column == right else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )


def _cut(text: str) -> str:
    return text if len(text) <= _WIDEST else text[: _WIDEST - 1] + "…"
