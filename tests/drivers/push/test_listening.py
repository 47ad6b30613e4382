"""Links that listen, on ptys: what is given, how it is thinned, and what is said when a meter falls silent or is damaged."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from drivers.driver import Context, Identifies, Listens, ReadsRegisters
from drivers.errors import BadFrame, KeyRejected, LinkLost, MeterError, NoAnswer, UsageError
from drivers.push import PushMeter
from drivers.reading import Meter, MeterEvent, NotUnderstood, Obis, Reading, Record
from drivers.registry import open_driver
from gateway.keys import Keys

Pushing = Callable[..., str]
SMARTY = Keys({"default/ek": bytes.fromhex("6D6574657267617465206C7520746573")})


def listening(url: str, **context: Any) -> PushMeter:
    driver = open_driver(url, Context(**context))
    assert isinstance(driver, PushMeter)
    return driver


async def read(url: str, **context: Any) -> list[Record]:
    async with listening(url, **context) as meter:
        return [record async for record in meter.registers()]


@pytest.mark.parametrize(
    ("profile", "url", "readings", "checked"),
    [
        ("p1/lu-smarty", "p1:{}", 18, True),
        ("d0/easymeter", "d0:{}", 5, False),
        pytest.param("p1/dsmr-5", "p1:{}", 28, True, marks=pytest.mark.slow),
        pytest.param("p1/dsmr-2.2", "p1:{}?baud=9600", 8, False, marks=pytest.mark.slow),
        pytest.param("p1/hu", "p1:{}", 15, True, marks=pytest.mark.slow),
        pytest.param("d0/mode-d-2400", "d0:{}?baud=2400", 2, False, marks=pytest.mark.slow),
        pytest.param("sml/ehz", "sml:{}", 5, True, marks=pytest.mark.slow),
        pytest.param("sml/kermit", "sml:{}", 4, True, marks=pytest.mark.slow),
    ],
)
async def test_a_telegram_of_each_family(
    pushing: Pushing, profile: str, url: str, readings: int, checked: bool
) -> None:
    records = await read(url.format(pushing(profile)), keys=SMARTY)
    assert isinstance(records[0], Meter)
    found = [record for record in records if isinstance(record, Reading)]
    assert len(found) == readings
    assert all(record.checked is checked for record in found)
    assert all(record.read_at.tzinfo is UTC for record in found)


@pytest.mark.slow
@pytest.mark.parametrize("profile", ["p1/dsmr-5", "sml/ehz", "d0/ebz"])
@pytest.mark.parametrize(
    "fault", ["bad-crc-once", "cut=90", "noise=60", "lost-char=90", "flipped-bit=90", "join-late=100"]
)
async def test_one_sound_telegram_is_found_through_every_fault_of_the_line(
    pushing: Pushing, profile: str, fault: str
) -> None:
    if profile.startswith("d0") and fault.startswith(("lost-char", "bad-crc")):
        pytest.skip("mode D has no check: a lost character of it cannot be seen")
    family = profile.partition("/")[0]
    records = await read(f"{family}:{pushing(profile, fault)}")
    sound = await read(f"{family}:{pushing(profile)}")
    assert {r.obis for r in records if isinstance(r, Reading)} == {r.obis for r in sound if isinstance(r, Reading)}
    assert not any(record.doubts for record in records if isinstance(record, Reading) and record.unit)


async def test_what_the_driver_can_do(pushing: Pushing) -> None:
    meter = listening(f"sml:{pushing('sml/ehz')}")
    assert isinstance(meter, Listens)
    assert isinstance(meter, ReadsRegisters)
    assert isinstance(meter, Identifies)
    async with meter:
        assert (await meter.identify()).serial == "1EMH0010597059"
        wanted = [record async for record in meter.registers([Obis(1, 0, 16, 7, 0)])]
    assert [type(record) for record in wanted] == [Meter, Reading]


async def test_telegrams_follow_one_another_and_an_event_is_given_once(pushing: Pushing) -> None:
    seen: list[Record] = []
    async with listening(f"p1:{pushing('p1/dsmr-5')}", zone=ZoneInfo("Europe/Amsterdam")) as meter:
        async for record in meter.listen():
            seen.append(record)
            if sum(isinstance(record, Meter) and record.behind is None for record in seen) > 5:
                break
    energy = [r.value for r in seen if isinstance(r, Reading) and str(r.obis) == "1-0:1.8.1*255"]
    assert len(energy) == 5
    assert all(later > earlier for earlier, later in pairwise(energy))
    assert len([record for record in seen if isinstance(record, MeterEvent)]) == 1


async def test_thinned_to_the_interval_that_was_asked_for(pushing: Pushing) -> None:
    clock = [datetime(2026, 4, 12, 10, 5, tzinfo=UTC)]

    def now() -> datetime:
        clock[0] += timedelta(seconds=20)
        return clock[0]

    slots: list[datetime] = []
    async with listening(f"sml:{pushing('sml/ehz')}?interval=900", now=now) as meter:
        async for record in meter.listen():
            if isinstance(record, Reading) and str(record.obis) == "1-0:1.8.0*255":
                slots.append(record.read_at)
                if len(slots) == 3:
                    break
    assert slots[0] < datetime(2026, 4, 12, 10, 15, tzinfo=UTC)
    for slot, boundary in zip(slots[1:], (15, 30), strict=True):
        late = slot - datetime(2026, 4, 12, 10, boundary, tzinfo=UTC)
        assert timedelta(0) <= late <= timedelta(seconds=60)


async def test_damaged_telegrams_are_told_with_the_next_sound_one(pushing: Pushing) -> None:
    async with listening(f"p1:{pushing('p1/dsmr-5', 'cut=300')}") as meter:
        async for record in meter.listen():
            if isinstance(record, NotUnderstood):
                assert "were not sound, the last: the telegram has no end" in record.reason
                break


@pytest.mark.parametrize(
    ("profile", "faults", "url", "error", "words"),
    [
        ("sml/ehz", ("silent",), "sml:{}?period=1", NoAnswer, "nothing was heard within 3 s; is the probe"),
        ("p1/lu-smarty", (), "p1:{}?period=1", KeyRejected, "there is no key"),
        pytest.param(
            *("p1/dsmr-5", ("bad-crc",), "p1:{}?period=1", BadFrame, "none sound within 3 s: the CRC is wrong"),
            marks=pytest.mark.slow,
        ),
        pytest.param(
            *("sml/ehz", (), "p1:{}?period=1", BadFrame, "bytes and no telegram in them"), marks=pytest.mark.slow
        ),
    ],
)
async def test_what_is_said_when_nothing_sound_is_heard(
    pushing: Pushing, profile: str, faults: tuple[str, ...], url: str, error: type[MeterError], words: str
) -> None:
    with pytest.raises(error) as raised:
        await read(url.format(pushing(profile, *faults)))
    assert words in str(raised.value)
    assert raised.value.where


async def test_a_wrong_key_is_told_after_two_telegrams(pushing: Pushing) -> None:
    with pytest.raises(KeyRejected, match="does not open"):
        await read(f"p1:{pushing('p1/lu-smarty')}", keys=Keys({"default/ek": bytes(16)}))


@pytest.mark.paced
@pytest.mark.parametrize("profile", [pytest.param("p1/dsmr-5", marks=pytest.mark.slow), "sml/two-way"])
async def test_silence_is_seen_within_three_periods(pushing: Pushing, profile: str) -> None:
    """A meter that speaks every second falls silent: this is an error three seconds after its last telegram."""
    family = profile.partition("/")[0]
    last: datetime | None = None
    async with listening(f"{family}:{pushing(profile, 'stop=4', speed='real')}") as meter:
        with pytest.raises(NoAnswer) as raised:  # noqa: PT012 - it is the generator that raises
            async for record in meter.listen():
                if isinstance(record, Reading):
                    last = record.read_at
    assert last is not None
    silent = (datetime.now(UTC) - last).total_seconds()
    # Three periods of 1 s, and what a busy machine adds.
    assert 2.5 < silent < 3 + 5
    assert "for 3 periods of" in raised.value.what
    # The first one may have gone by before the port was open.
    assert raised.value.what.endswith(("after 3 telegrams", "after 4 telegrams"))


async def test_the_cable_is_pulled(pushing: Pushing) -> None:
    async with listening(f"sml:{pushing('sml/ehz', 'unplug=40')}") as meter:
        with pytest.raises(LinkLost):
            [record async for record in meter.listen()]


async def test_a_trace_of_it_replays_and_decodes_the_same(pushing: Pushing, tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    now = datetime(2026, 4, 12, tzinfo=UTC)
    live = await read(f"p1:{pushing('p1/dsmr-5')}", trace=trace, now=lambda: now)
    replayed = await read(f"p1:{trace}", now=lambda: now)
    assert [_plain(record) for record in replayed] == [_plain(record) for record in live]


def _plain(record: Record) -> Record:
    return replace(record, source="", behind=None) if isinstance(record, Meter) else record


@pytest.mark.parametrize(
    "url", ["p1:/dev/null?check=crc32", "sml:/dev/null?bauds=1", "d0:/dev/null?interval=-1", "d0:/dev/null?period=0"]
)
def test_a_wrong_parameter_is_refused_at_once(url: str) -> None:
    with pytest.raises(UsageError):
        open_driver(url, Context())
