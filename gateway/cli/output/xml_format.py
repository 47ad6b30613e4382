"""The bare payload: MeterReadings, or EndDeviceEvents where nothing but events was read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from drivers.reading import NotUnderstood, Record
from gateway.cim.obis_rules import Rules
from gateway.messages.codec import to_bytes
from gateway.messages.compose import meter_readings
from gateway.messages.compose_events import end_device_events


def render(records: Sequence[Record], rules: Rules) -> tuple[bytes, list[str]]:
    """The payload, and a line for each thing that is not in it. Empty when nothing that was read has a place in one.

    Events that were read with the readings stand in the MeterReading of their meter.
    """
    composed = meter_readings(records, rules, attach_events=True)
    events = end_device_events(records)
    left_out = _lines((*composed.left_out, *events.left_out))
    if composed.message.meter_reading:
        return to_bytes(composed.message), left_out
    if events.message.end_device_event:
        return to_bytes(events.message), left_out
    return b"", left_out


def _lines(left_out: Iterable[NotUnderstood]) -> list[str]:
    lines = []
    for one in left_out:
        what = f"{one.obis} {one.raw}" if one.obis is not None and str(one.obis) != one.raw else one.raw
        lines.append(f"not in the message: {what.strip()} ({one.reason})")
    return lines
