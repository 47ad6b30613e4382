"""The clock of LIS-200 (gas): one register, set while the supplier's lock is open, which is a register too."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from drivers.driver import Context
from drivers.errors import KeyRejected
from drivers.iec62056_21.driver import Iec62056_21
from drivers.meter_url import parse
from gateway.device_map.catalogue import meter_map
from gateway.keys import Keys

Emulate = Callable[..., str]


@pytest.mark.parametrize("code", [b"00000000", b"wrong"])
async def test_the_clock_of_a_gas_meter_is_set_while_its_lock_is_open(
    emulate: Emulate, tmp_path: Path, code: bytes
) -> None:
    """LIS-200: date and time in one register, and a lock that is one in the place of a password."""
    port, trace = emulate("gas-archive", speed="max"), tmp_path / "trace"
    berlin = ZoneInfo("Europe/Berlin")
    context = Context(
        zone=berlin, meter_map=meter_map("iec62056-21", ""), keys=Keys({"ELS-0007120447/password": code}), trace=trace
    )
    to = datetime(2026, 7, 1, 10, 0, 0, 500000, tzinfo=UTC)
    async with Iec62056_21(parse(f"iec62056-21:{port}"), context) as driver:
        before = await driver.clock()
        # Gas is metered in standard time.
        assert (before.raw, before.time) == ("2026-04-12 10:20:30", datetime(2026, 4, 12, 9, 20, 30, tzinfo=UTC))
        if code == b"wrong":
            with pytest.raises(KeyRejected, match="refuses the password"):
                await driver.set_clock(to)
            after = await driver.clock()
            assert after.raw == before.raw
        else:
            after = await driver.set_clock(to)
            assert after.time is not None
            assert timedelta(0) <= after.time - to < timedelta(seconds=30)
            assert after.raw.startswith("2026-07-01 11:0")
    written = [line for line in trace.read_text().splitlines() if '"tx"' in line]
    sent = "".join(
        chr(int(pair, 16) & 0x7F) for line in written for pair in re.findall("[0-9a-f]{2}", json.loads(line)["tx"])
    )
    assert code.decode() not in sent
    assert ("3:170.0(0)" in sent) is (code != b"wrong")
