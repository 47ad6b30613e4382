"""A meter that lives on its battery is read only where the site says so, and woken then."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from drivers.driver import Context
from drivers.errors import UsageError
from drivers.iec62056_21.driver import Iec62056_21
from drivers.iec62056_21.meter_map import MeterMap
from drivers.meter_url import parse
from gateway.device_map.catalogue import meter_map

Emulate = Callable[..., str]


async def test_a_battery_meter_is_not_read_unless_the_site_says_so(emulate: Emulate) -> None:
    known = MeterMap(battery=True, wake_up=True)
    with pytest.raises(UsageError, match=r"lives on its battery.*\?wake=yes"):
        Iec62056_21(parse("iec62056-21:/dev/null"), Context(meter_map=known))


async def test_a_battery_meter_that_answers_unwoken_is_known_by_its_name_and_not_called_again(emulate: Emulate) -> None:
    """Nobody named a map: its identification does."""
    known, memory = meter_map("iec62056-21", ""), dict[str, object]()
    url = parse(f"iec62056-21:{emulate('mode-b-heat', speed='max')}")
    async with Iec62056_21(url, Context(meter_map=known, memory=memory)) as driver:
        with pytest.raises(UsageError, match=r"lives on its battery.*\?wake=yes"):
            await driver.identify()
    with pytest.raises(UsageError, match="lives on its battery"):
        Iec62056_21(url, Context(meter_map=known, memory=memory))
    wanted = parse(f"{url}?wake=yes")
    async with Iec62056_21(wanted, Context(meter_map=known, memory=memory)) as driver:
        assert (await driver.identify()).serial == "68120944"


@pytest.mark.paced
@pytest.mark.slow
async def test_a_battery_meter_is_woken(emulate: Emulate) -> None:
    port = emulate("mode-b-heat-asleep")
    async with Iec62056_21(parse(f"iec62056-21:{port}?wake=yes"), Context()) as driver:
        assert (await driver.identify()).serial == "66440718"
