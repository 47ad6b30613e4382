"""What a schema accepts and is wrong all the same: found, with its place, and nothing found where nothing is wrong."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from lxml import etree

from gateway.messages import codec
from gateway.messages.catalogue import PAYLOADS
from gateway.messages.profiles.codes import ReadingType
from gateway.messages.profiles.end_device_controls import EndDeviceControl, EndDeviceControls, PanDisplay
from gateway.messages.profiles.end_device_events import EndDeviceEvent, EndDeviceEvents
from gateway.messages.profiles.get_meter_readings import GetMeterReadings
from gateway.messages.profiles.meter_readings import (
    IntervalBlock,
    IntervalReading,
    Meter,
    MeterReading,
    MeterReadings,
    Reading,
    ReadingQuality,
)
from gateway.messages.profiles.parts import Identified, Name, NameType
from gateway.messages.sample import sample
from gateway.messages.sense import faults
from gateway.messages.validation import judge

AT = datetime(2026, 1, 1, tzinfo=UTC)
ENERGY = "0.0.0.1.1.1.12.0.0.0.0.0.0.0.0.3.72.0"
SWITCH = "0.0.0.0.0.1.43.0.0.0.0.0.0.0.0.0.109.0"
READING = Reading(time_stamp=AT, value="1.5", reading_type=ENERGY)
METER = Meter(mrid="4711")


def of(*readings: Reading, meter: Meter | None = METER, **more: Any) -> MeterReadings:
    return MeterReadings(meter_reading=(MeterReading(readings=readings, meter=meter, **more),))


def names(*kinds: str | None) -> tuple[Name, ...]:
    return tuple(Name(name="n", name_type=NameType(name=kind) if kind else None) for kind in kinds)


def control(ref: str = "3.31.0.23", **more: Any) -> EndDeviceControls:
    return EndDeviceControls(end_device_control=(EndDeviceControl(end_device_control_type=ref, **more),))


def event(ref: str = "3.26.0.85", assets: Identified | None = None) -> EndDeviceEvents:
    one = EndDeviceEvent(created_date_time=AT, end_device_event_type=ref, assets=assets)
    return EndDeviceEvents(end_device_event=(one,))


BLOCK = IntervalBlock(
    interval_readings=(IntervalReading(time_stamp=AT, value="1"), IntervalReading(time_stamp=AT, value="OPEN")),
    reading_type=ENERGY,
)

WRONG = [
    (of(READING, meter=None), "2.4", "/MeterReadings/MeterReading/Meter"),
    (of(READING, meter=Meter()), "2.4", "/MeterReadings/MeterReading/Meter"),
    (of(READING, meter=Meter(names=names("a", None))), "1.8", "/MeterReadings/MeterReading/Meter/Names"),
    (of(replace(READING, reading_type="")), "2.6", "/MeterReadings/MeterReading/Readings/ReadingType"),
    (of(replace(READING, reading_type="load profile")), "2.6", "/MeterReadings/MeterReading/Readings/ReadingType"),
    (of(READING, replace(READING, value="OPEN")), "1.8", "/MeterReadings/MeterReading/Readings[2]/value"),
    (of(interval_blocks=(BLOCK,)), "1.8", "/MeterReadings/MeterReading/IntervalBlocks/IntervalReadings[2]/value"),
    (of(replace(READING, reading_qualities=(ReadingQuality(reading_quality_type=""),))), "1.8", "/MeterReadings/MeterReading/Readings/ReadingQualities/ReadingQualityType"),
    (event(), "2.4", "/EndDeviceEvents/EndDeviceEvent/Assets"),
    (event("", Identified(mrid="1")), "1.8", "/EndDeviceEvents/EndDeviceEvent/EndDeviceEventType"),
    (event("power fail", Identified(mrid="1")), "1.8", "/EndDeviceEvents/EndDeviceEvent/EndDeviceEventType"),
    (control(), "2.4", "/EndDeviceControls/EndDeviceControl/EndDevices"),
    (control("off", usage_points=(Identified(mrid="1"),)), "1.8", "/EndDeviceControls/EndDeviceControl/EndDeviceControlType"),
    (GetMeterReadings(end_device=(Identified(),)), "2.4", "/GetMeterReadings/EndDevice"),
    (GetMeterReadings(reading_type=(Identified(),)), "2.6", "/GetMeterReadings/ReadingType"),
    (GetMeterReadings(usage_point=(Identified(mrid="1"), Identified())), "2.12", "/GetMeterReadings/UsagePoint[2]"),
]  # fmt: skip


@pytest.mark.parametrize(("message", "code", "xpath"), WRONG)
def test_a_fault_is_found_though_the_schema_accepts_it(message: Any, code: str, xpath: str, oracle: Any) -> None:
    name = type(message).__name__
    data = codec.to_bytes(message)
    oracle(name).assertValid(etree.fromstring(data))
    assert [(fault.code, fault.xpath) for fault in faults(message, f"/{name}")] == [(code, xpath)]
    assert [fault.xpath for fault in judge(data).violations] == [xpath]


@pytest.mark.parametrize(
    "message",
    [
        of(READING),
        of(READING, meter=None, usage_point=Identified(names=names(None))),
        of(replace(READING, value="OPEN", reading_type=SWITCH)),
        of(replace(READING, value=None)),
        of(READING, meter=Meter(names=names("a", "b"))),
        replace(of(replace(READING, reading_type="load profile")), reading_type=(ReadingType(names=(Name(name="load profile"),)),)),
        event(assets=Identified(names=names(None))),
        control(pan=PanDisplay(text_message="hello")),
        GetMeterReadings(end_device=(Identified(mrid="1"),)),
    ],
)  # fmt: skip
def test_nothing_is_found_where_nothing_is_wrong(message: Any) -> None:
    assert list(faults(message, "")) == []


@pytest.mark.parametrize("name", PAYLOADS)
def test_samples_make_sense(name: str) -> None:
    assert list(faults(sample(PAYLOADS[name].declared), f"/{name}")) == []
