"""A day of P.01 over the strict emulated meter, beside what the wire and the standard's reaction times allow."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from row import Row

from drivers.driver import Context
from drivers.iec62056_21.driver import Iec62056_21
from drivers.iec62056_21.learned import Learned
from drivers.meter_url import parse
from drivers.reading import Obis
from hil.catalogue import data_file
from hil.iec62056_21.load_profile import LoadProfile, stamp
from hil.iec62056_21.profile import load

METER = "iec62056-21/load-profile"
PROFILE = Obis.parse("1-0:99.1.0")
#: 96 rows of six channels, no change of status: the largest answer to a day.
SINCE = datetime(2026, 3, 19, 23, 15, tzinfo=UTC)
UNTIL = SINCE + timedelta(hours=23, minutes=45)
START_BAUD, BAUD, BITS, REACTION_S = 300, 9600, 10, 0.2
#: Characters around the content of a message: SOH, two of the command, STX, ETX and BCC; of a block: STX, ETX, BCC.
COMMAND, BLOCK, BREAK = 6, 3, 5


def floor_s() -> float:
    """Sign-on, option select, P0, the command, its answer and the break, with the six pauses the standard wants between."""
    meter = load(data_file(METER))
    zone = ZoneInfo("Europe/Berlin")
    ends = [stamp(at.astimezone(zone)) for at in (SINCE, UNTIL)]
    profile = LoadProfile.of(meter.load_profiles[0])
    answer = sum(len(line) + 2 for line in profile.answer(*ends))
    assert meter.programming is not None
    slow = len("/?!\r\n") + len(meter.identification) + 2 + len("\x06051\r\n")
    asked = len("P.01(;)") + 2 * len("zYYMMDDhhmm")
    fast = COMMAND + len(meter.programming.operand) + 2 + COMMAND + asked + BLOCK + answer + BREAK
    return slow * BITS / START_BAUD + fast * BITS / BAUD + 6 * REACTION_S


async def _day(port: str, learned: Learned) -> float:
    context = Context(zone=ZoneInfo("Europe/Berlin"))
    async with Iec62056_21(parse(f"iec62056-21:{port}"), context, learned) as driver:
        start = time.monotonic()
        series = [one async for one in driver.profile(PROFILE, SINCE, UNTIL)]
        took = time.monotonic() - start
    assert sum(len(one.rows) for one in series) == 96
    return took


async def _best(port: str) -> float:
    learned = Learned()
    # The first time it is also asked who it is; its operand then tells that.
    return min([await _day(port, learned) for _ in range(3)][1:])


def rows() -> Iterator[Row]:
    with subprocess.Popen(
        [sys.executable, "-m", "gateway.cli", "emulate", METER], stdout=subprocess.PIPE, text=True
    ) as meter:
        assert meter.stdout is not None
        try:
            took = asyncio.run(_best(meter.stdout.readline().strip()))
        finally:
            meter.terminate()
    floor = floor_s()
    yield Row(f"P.01 of a day, 96 rows of 6 channels at 9600 Bd: time / floor {floor:.3f} s", took / floor, "×", 1.03)
