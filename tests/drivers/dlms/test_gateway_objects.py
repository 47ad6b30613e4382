"""What a gateway needs of COSEM, from the emulated IDIS meter: logs, switch, clock, demand reset, states, M-Bus devices;
and its load profile, however it is compressed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from drivers.dlms.driver import Dlms
from drivers.dlms.meter_map import DlmsMap
from drivers.driver import Context, KeepsClock, ReadsEvents, Scans, Switches
from drivers.errors import AccessDenied, NotSupported, UsageError
from drivers.meter_url import parse
from drivers.reading import Meter, Obis, Reading, Row, Text

PROFILE = Obis(1, 0, 99, 1, 0)


@pytest.fixture
async def idis(emulated_meter: Callable[..., str], keys: Any) -> AsyncIterator[Dlms]:
    context = Context(keys=keys, timeout=30, meter_map=DlmsMap(name="idis", event_table="dlms.idis"))
    async with Dlms(parse(f"dlms://{emulated_meter('dlms/idis')}?client=1&auth=lls"), context) as meter:
        yield meter


async def test_all_of_it_in_one_association(idis: Dlms) -> None:
    assert isinstance(idis, ReadsEvents)
    assert isinstance(idis, Switches)
    assert isinstance(idis, KeepsClock)
    assert isinstance(idis, Scans)
    now = datetime.now(UTC)

    events = [event async for event in idis.events(now - timedelta(days=40), now)]
    assert len({event.log for event in events}) >= 3
    assert {event.table for event in events} == {"dlms.idis"}
    assert all(event.at is not None and event.code.isdigit() for event in events)
    assert {event.meter for event in events} == {"MGT-12345678"}

    assert await idis.switch_state() == "connected"
    assert await idis.disconnect() == "disconnected"
    assert await idis.connect() == "connected"

    before = await idis.clock()
    shifted = await idis.shift_clock(timedelta(seconds=40))
    assert before.time is not None
    assert shifted.time is not None
    ahead = (shifted.time - shifted.read_at) - (before.time - before.read_at)
    assert timedelta(seconds=35) < ahead < timedelta(seconds=45)
    with pytest.raises(UsageError, match="900 at most"):
        await idis.shift_clock(timedelta(hours=1))
    back = await idis.set_clock(datetime.now(UTC))
    assert back.time is not None
    assert abs(back.time - back.read_at) < timedelta(seconds=20)
    await idis.demand_reset()

    [found] = [one async for one in idis.scan()]
    assert "Image transfer" in found.says
    assert "Push setup" in found.says
    texts = [record.value for record in found.records if isinstance(record, Text)]
    for name in ("control state: ", "status: not initiated", "threshold active: ", "destination: ", "alarms: "):
        assert any(text.startswith(name) for text in texts), name


async def test_a_switch_is_armed_only_where_it_does_not_close_by_itself(
    idis: Dlms, emulated_meter: Callable[..., str], keys: Any
) -> None:
    assert await idis.disconnect() == "disconnected"
    with pytest.raises(NotSupported, match="control mode is 4, and it might close at once"):
        await idis.arm()
    assert await idis.switch_state() == "disconnected"
    url = f"dlms://{emulated_meter('dlms/idis-by-hand')}?client=1&auth=lls"
    async with Dlms(parse(url), Context(timeout=30, keys=keys)) as by_hand:
        assert await by_hand.disconnect() == "disconnected"
        assert await by_hand.arm() == "ready for reconnection"


async def test_the_gas_meter_behind_it_is_a_device_of_its_own(idis: Dlms) -> None:
    records = [record async for record in idis.registers()]
    meters = [record for record in records if isinstance(record, Meter)]
    assert [meter.behind for meter in meters] == [None, meters[0].key]
    gas = meters[1]
    assert gas.model == "gas"
    [volume] = [record for record in records if isinstance(record, Reading) and record.meter == gas.key]
    assert (volume.unit, volume.obis) == ("m3", Obis(0, 1, 24, 2, 1))
    assert volume.time is not None


async def test_what_the_public_client_may_not(emulated_meter: Callable[..., str]) -> None:
    async with Dlms(parse(f"dlms://{emulated_meter('dlms/household')}"), Context(timeout=30)) as meter:
        with pytest.raises(AccessDenied, match="clock was not set"):
            await meter.set_clock(datetime.now(UTC))
        with pytest.raises(AccessDenied, match="refuses to shift"):
            await meter.shift_clock(timedelta(seconds=5))


@pytest.mark.slow
async def test_a_profile_is_the_same_however_it_is_compressed(emulated_meter: Callable[..., str]) -> None:
    found: list[list[Row]] = []
    for profile in ("household", "profile-null", "profile-compact"):
        async with Dlms(parse(f"dlms://{emulated_meter(f'dlms/{profile}')}"), Context(timeout=60)) as meter:
            found.append(
                [row for series in [s async for s in meter.profile(PROFILE, None, None)] for row in series.rows]
            )
    plain, null, compact = found
    shared = {row.time for row in plain} & {row.time for row in null} & {row.time for row in compact}
    assert len(shared) >= 2975
    values = [{row.time: row.values for row in rows if row.time in shared} for rows in found]
    assert values[1] == values[2]
    # The plain profile's meter consumes the same active energy; its reactive registers run on.
    assert [{time: row[:3] for time, row in one.items()} for one in values[:1]] == [
        {time: row[:3] for time, row in one.items()} for one in values[1:2]
    ]


@pytest.mark.slow
@pytest.mark.paced
async def test_after_the_sign_on_of_mode_e(emulated_meter: Callable[..., str]) -> None:
    for profile in ("mode-e", "mode-e-mute"):
        url = f"dlms+optical:{emulated_meter(f'dlms/{profile}')}"
        async with Dlms(parse(url), Context(timeout=60)) as meter:
            assert (await meter.identify()).serial == "12345678"
            assert (await meter.clock()).time is not None


async def test_a_scaler_that_changes_is_seen(emulated_meter: Callable[..., str]) -> None:
    """It is read with the value, kept for an hour, read again, and a change is said."""
    from drivers.dlms.cosem_unit import ScalerUnit
    from drivers.dlms.meter_reading import Learned
    from drivers.reading import Doubt

    learned = Learned()
    moment = datetime.now(UTC)
    url = parse(f"dlms://{emulated_meter('dlms/household')}")
    energy = Obis(1, 0, 1, 8, 0)
    context = Context(timeout=30, now=lambda: moment)

    async def read() -> Reading:
        async with Dlms(url, context, learned) as meter:
            return next(r for r in [one async for one in meter.registers([energy])] if isinstance(r, Reading))

    first = await read()
    right = learned.scalers[3, energy]
    learned.scalers[3, energy] = (ScalerUnit(right[0].scaler + 3, right[0].unit), right[1])
    assert (await read()).value == first.value.scaleb(3)  # within the hour the known one stands
    moment += timedelta(hours=2)
    context = replace(context, now=lambda: moment)
    again = await read()
    assert again.unit == first.unit
    assert again.doubts == (Doubt.CONFIGURATION_CHANGED,)
    assert learned.scalers[3, energy][0] == right[0]
