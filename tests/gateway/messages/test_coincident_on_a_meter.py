"""Coincident readings of an emulated meter, over the wire: the maximum of 1.6.0 with its time, and its profile at that time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from lxml import etree

from drivers.driver import Context
from drivers.meter_url import parse
from drivers.reading import Obis, Record
from drivers.registry import open_driver
from gateway.cim.obis_rules import Rules
from gateway.messages import codec
from gateway.messages.coincident import coincident_readings
from gateway.messages.compose import meter_readings
from gateway.messages.profiles.get_meter_readings import CoincidentReading, GetMeterReadings, Trigger
from gateway.messages.profiles.parts import Identified, Name
from hil.catalogue import data_file
from hil.iec62056_21.load_profile import LoadProfile
from hil.iec62056_21.profile import load

#: 1.6.0(061.24*kW)(1260409111500): a quarter past eleven, summer time.
PEAK = datetime(2026, 4, 9, 9, 15, tzinfo=UTC)
MAXIMUM = "8.8.0.6.1.1.8.0.0.0.0.0.0.0.0.3.38.0"


async def read(port: str) -> list[Record]:
    """A readout, and an hour of the load profile around the maximum that the readout named."""
    async with open_driver(parse(f"iec62056-21:{port}"), Context(zone=ZoneInfo("Europe/Berlin"))) as driver:
        records = [record async for record in driver.registers()]
        since, until = PEAK - timedelta(minutes=30), PEAK + timedelta(minutes=30)
        return records + [series async for series in driver.profile(Obis.parse("1-0:99.1.0"), since, until)]


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_the_maximum_and_what_its_interval_held(
    emulated_meter: Callable[..., str], oracle: Callable[[str], etree.XMLSchema]
) -> None:
    records = await read(emulated_meter("iec62056-21/load-profile", speed="max"))
    trigger = Trigger(
        is_coincident_trigger=True,
        readings=CoincidentReading(reading_type=Identified(names=(Name(name=MAXIMUM),))),
    )
    asked: Any = codec.read(codec.to_bytes(GetMeterReadings(meter_readings=trigger))).message
    got = coincident_readings(meter_readings(records, Rules.load()).message, asked)
    oracle("MeterReadings").assertValid(etree.fromstring(codec.to_bytes(got.message)))
    assert got.missing == ()

    maximum, others = got.message.meter_reading
    assert [(one.value, one.time_stamp) for one in maximum.readings] == [("61.24", PEAK)]
    said = {block.reading_type: [(row.value, row.time_stamp) for row in block.interval_readings] for block in others.interval_blocks}  # fmt: skip
    data = next(one for one in load(data_file("iec62056-21/load-profile")).load_profiles if one["address"] == "P.01")
    kept = next(values for end, _, values in LoadProfile.of(data).rows() if end == PEAK)
    imported, exported = "0.2.2.6.1.1.8.0.0.0.0.0.0.0.0.3.38.0", "0.2.2.6.19.1.8.0.0.0.0.0.0.0.0.3.38.0"
    assert said[imported] == [(kept[0], PEAK)]
    assert said[exported] == [(kept[1], PEAK)]
    assert list(said.values()) == [[(value, PEAK)] for value in kept]
