"""Event logs by companion standard: which log means what, and what its codes are, is the device map's."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from drivers.dlms.driver import Dlms
from drivers.driver import Context
from drivers.meter_url import parse
from drivers.reading import MeterEvent
from gateway.cim.classified import classify
from gateway.cim.obis_rules import Rules
from gateway.device_map.catalogue import meter_map


async def read(emulated_meter: Callable[..., str], keys: Any, name: str | None) -> list[MeterEvent]:
    url = f"dlms://{emulated_meter('dlms/smr5')}?client=1&auth=lls"
    known = meter_map("dlms", name) if name else None
    now = datetime.now(UTC)
    async with Dlms(parse(url), Context(keys=keys, timeout=30, meter_map=known)) as meter:
        return [event async for event in meter.events(now - timedelta(days=30), now)]


async def test_the_logs_of_smr_5(emulated_meter: Callable[..., str], keys: Any) -> None:
    events = await read(emulated_meter, keys, "landis-gyr/e360")
    by_log: dict[str, list[str]] = {}
    for event in events:
        by_log.setdefault(event.log, []).append(event.code)
    assert by_log == {
        "0-0:99.98.0*255": ["1", "2", "18", "25", "48"],
        "0-0:99.98.1*255": ["40", "41"],
        "0-0:99.98.3*255": ["100", "101"],
        "0-0:99.98.4*255": ["71", "72"],
        "0-0:99.98.5*255": ["77", "82"],
        "0-0:99.98.6*255": ["4096", "33155"],
        "0-0:99.98.7*255": ["79"],
        "0-0:99.98.8*255": ["51", "54"],
        "1-0:99.97.0*255": ["96.7.19", "96.7.19"],
    }
    classified = {(one.record.log, one.record.code): one for one in classify(events, Rules.load())}  # type: ignore[union-attr]
    types = {key: one.event_type for key, one in classified.items()}
    assert all(types.values()), [key for key, found in types.items() if found is None]
    assert str(types["0-0:99.98.0*255", "1"]) == "3.26.0.85"
    assert str(types["1-0:99.97.0*255", "96.7.19"]) == "3.26.0.216"
    first, second = [event for event in events if event.log.startswith("1-0:99.97")]
    assert (first.details, second.details) == ({"0-0:96.7.19*255": "600"}, {"0-0:96.7.19*255": "4200"})


async def test_without_a_map_all_logs_are_read_and_the_failures_are_still_no_codes(
    emulated_meter: Callable[..., str], keys: Any
) -> None:
    events = await read(emulated_meter, keys, None)
    assert len({event.log for event in events}) == 9
    assert {event.code for event in events if event.log.startswith("1-0:99.97")} == {"96.7.19"}
    assert {event.table for event in events} == {"dlms", "p1.failures"}
