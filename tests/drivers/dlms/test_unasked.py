"""An event notification that comes while something else is read: no answer is taken for another, and it is not lost."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from drivers.dlms.driver import Dlms
from drivers.driver import Context
from drivers.meter_url import parse
from drivers.reading import MeterEvent, Obis, Reading

PROFILE = Obis(1, 0, 99, 1, 0)
LINKS = {
    "wrapper": ("household", "dlms://{}"),
    "HDLC": ("hdlc-tcp", "dlms+hdlc://{}"),
    "global keys": ("secured", "dlms://{}?client=24&security=both"),
    "dedicated key": ("secured", "dlms://{}?client=24&security=both&style=ded"),
    "general-glo": ("secured", "dlms://{}?client=24&security=both&style=general-glo"),
}


@pytest.mark.parametrize(("profile", "url"), LINKS.values(), ids=LINKS)
async def test_it_comes_with_the_registers(
    emulated_meter: Callable[..., str], keys: Any, counters: Any, profile: str, url: str
) -> None:
    where = emulated_meter(f"dlms/{profile}", "event-notification=4")
    context = Context(keys=keys, counters=counters, timeout=30)
    async with Dlms(parse(url.format(where)), context) as meter:
        records = [record async for record in meter.registers()]
        again = [record async for record in meter.registers()]
    (event,) = [record for record in records if isinstance(record, MeterEvent)]
    assert (event.log, event.code, event.meter) == ("0-0:96.11.1*255", "40", "MGT-12345678")
    assert event.at is not None
    assert abs(event.at - datetime.now(UTC)) < timedelta(minutes=2)
    assert len([record for record in records if isinstance(record, Reading)]) > 10
    assert not [record for record in again if isinstance(record, MeterEvent)]


async def test_one_that_came_with_a_profile_is_kept_for_the_registers_of_the_next_session(
    emulated_meter: Callable[..., str],
) -> None:
    where, memory = emulated_meter("dlms/household", "event-notification=6"), dict[str, object]()
    until = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    async with Dlms(parse(f"dlms://{where}"), Context(timeout=30, memory=memory)) as meter:
        series = [one async for one in meter.profile(PROFILE, until - timedelta(days=1), until)]
    assert sum(len(one.rows) for one in series) == 97
    async with Dlms(parse(f"dlms://{where}"), Context(timeout=30, memory=memory)) as meter:
        records = [record async for record in meter.registers()]
    assert [record.code for record in records if isinstance(record, MeterEvent)] == ["40"]
