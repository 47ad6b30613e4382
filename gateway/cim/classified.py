"""Records with what they are in CIM beside them: a reading with its ReadingType or the reason why it has none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from drivers.reading import MeterEvent, Reading, Record, Series, Text
from gateway.cim.end_device_code import EndDeviceEventType
from gateway.cim.events import shipped
from gateway.cim.obis_rules import Asked, Rules
from gateway.cim.reading_type import ReadingType, Unmapped


@dataclass(frozen=True, slots=True)
class Classified:
    """One record and its CIM side. ``reason`` says why a reading has no type; the columns' stand in their order.
    ``event_details`` is what the event tables say beside the code.
    """

    record: Record
    reading_type: ReadingType | None = None
    reason: str = ""
    event_type: EndDeviceEventType | None = None
    event_details: Mapping[str, str] = field(default_factory=dict)
    column_types: tuple[ReadingType | None, ...] = ()
    column_reasons: tuple[str, ...] = ()


def classify(records: Sequence[Record], rules: Rules) -> list[Classified]:
    """Type everything one readout gave, in its order. No two codes of a meter share a ReadingType and period."""
    device_types = _device_types(records)
    mapped = _registers(records, rules, device_types)
    return [_classified(record, rules, mapped, device_types) for record in records]


def _registers(
    records: Sequence[Record], rules: Rules, device_types: Mapping[tuple[str, int], int]
) -> dict[int, ReadingType | Unmapped]:
    """The types of all readings, by the identity of the reading: each meter's are mapped together."""
    by_meter: dict[str, list[Reading]] = {}
    for record in records:
        if isinstance(record, Reading):
            by_meter.setdefault(record.meter, []).append(record)
    found = {}
    for readings in by_meter.values():
        asked = [
            (
                Asked(
                    reading.obis,
                    reading.unit,
                    period_known=reading.period is not None and reading.period.end is not None,
                    device_type=device_types.get((reading.meter, reading.obis.b)),
                ),
                reading.period,
            )
            for reading in readings
        ]
        for reading, result in zip(readings, rules.map_all(asked), strict=True):
            found[id(reading)] = result
    return found


def _classified(
    record: Record,
    rules: Rules,
    mapped: Mapping[int, ReadingType | Unmapped],
    device_types: Mapping[tuple[str, int], int],
) -> Classified:
    if isinstance(record, Reading):
        result = mapped[id(record)]
        if isinstance(result, Unmapped):
            return Classified(record, reason=result.reason)
        return Classified(record, reading_type=result)
    if isinstance(record, Series):
        results = _columns(record, rules, device_types)
        return Classified(
            record,
            column_types=tuple(None if isinstance(result, Unmapped) else result for result in results),
            column_reasons=tuple(result.reason if isinstance(result, Unmapped) else "" for result in results),
        )
    if isinstance(record, MeterEvent):
        meaning = shipped().of(record)
        what = {"what": meaning.name} if meaning.name else {}
        details = {**what, **meaning.details}
        return Classified(record, reason=meaning.reason, event_type=meaning.event_type, event_details=details)
    return Classified(record)


def _columns(series: Series, rules: Rules, device_types: Mapping[tuple[str, int], int]) -> list[ReadingType | Unmapped]:
    asked = [
        (
            Asked(
                column.obis,
                column.unit,
                series.interval_s,
                series.profile,
                device_type=device_types.get((series.meter, column.obis.b)),
            ),
            None,
        )
        for column in series.columns
    ]
    return rules.map_all(asked)


#: 0-n:24.1.0, the device type of the M-Bus device on channel n (IEC 62056-6-1, M-Bus objects).
def _device_types(records: Sequence[Record]) -> dict[tuple[str, int], int]:
    found = {}
    for record in records:
        if isinstance(record, Text | Reading) and record.obis[:1] + record.obis[2:5] == (0, 24, 1, 0):
            text = record.value if isinstance(record, Text) else format(record.value, "f")
            if text.strip().isdigit():
                found[record.meter, record.obis.b] = int(text)
    return found
