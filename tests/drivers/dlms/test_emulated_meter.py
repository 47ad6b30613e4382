"""The driver against the emulated household meter, on every link it is offered on."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from drivers.driver import Context, KeepsClock, ReadsProfile, ReadsRegisters
from drivers.errors import AccessDenied
from drivers.reading import Doubt, Meter, Obis, Reading, Row
from drivers.registry import open_driver

LINKS = {
    "household": "dlms://{}",
    "hdlc-tcp": "dlms+hdlc://{}",
    "wrapper-udp": "dlms+udp://{}",
    "hdlc-serial-fast": "dlms:{}?baud=115200",
}
PROFILE = Obis(1, 0, 99, 1, 0)


@pytest.mark.parametrize("profile", list(LINKS))
async def test_identity_clock_registers_and_two_days(emulated_meter: Callable[..., str], profile: str) -> None:
    url = LINKS[profile].format(emulated_meter(f"dlms/{profile}"))
    until = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    async with open_driver(url, Context(timeout=60)) as meter:
        assert isinstance(meter, ReadsRegisters)
        assert isinstance(meter, ReadsProfile)
        assert isinstance(meter, KeepsClock)
        records = [record async for record in meter.registers()]
        clock = await meter.clock()
        series = [one async for one in meter.profile(PROFILE, until - timedelta(days=2), until)]
    assert records[0] == Meter("MGT", "12345678", "MG-HOUSEHOLD-3", "MGF01.02.03", url)
    readings = [record for record in records if isinstance(record, Reading)]
    assert {"Wh", "W", "V", "A"} <= {reading.unit for reading in readings}
    assert clock.time is not None
    assert abs(clock.time - clock.read_at) < timedelta(minutes=1)
    rows: list[Row] = [row for one in series for row in one.rows]
    assert [row.time for row in rows] == [until - timedelta(days=2) + timedelta(minutes=15 * n) for n in range(193)]


async def test_what_the_status_beside_a_row_says(emulated_meter: Callable[..., str]) -> None:
    where = emulated_meter("dlms/profile-status")
    async with open_driver(f"dlms://{where}", Context(timeout=30)) as meter:
        assert isinstance(meter, ReadsProfile)
        series = [one async for one in meter.profile(PROFILE, datetime.now(UTC) - timedelta(hours=3), None)]
    rows = [row for one in series for row in one.rows]
    assert len(rows) >= 11
    assert {Obis(0, 0, 96, 10, 1)} <= {column.obis for column in series[0].columns}
    for row in rows:
        assert {Doubt.POWER_FAILED, Doubt.CLOCK_SET} == set(row.doubts) - {Doubt.DAYLIGHT_SAVING}
        assert str(row.values[0]) in {"160", "168"}


async def test_a_password(emulated_meter: Callable[..., str], keys: Any) -> None:
    where = emulated_meter("dlms/household")
    async with open_driver(f"dlms://{where}?client=32&auth=lls", Context(keys=keys)) as meter:
        assert (await meter.identify()).serial == "12345678"  # type: ignore[attr-defined]
    keys.secrets["lls"] = b"wrong"
    with pytest.raises(AccessDenied, match="refuses the association"):
        async with open_driver(f"dlms://{where}?client=32&auth=lls", Context(keys=keys)) as meter:
            await meter.identify()  # type: ignore[attr-defined]


@pytest.mark.slow
def test_the_command(emulated_meter: Callable[..., str], repository: Path) -> None:
    url = LINKS["hdlc-tcp"].format(emulated_meter("dlms/hdlc-tcp"))
    command = [sys.executable, "-m", "gateway.cli", "read", url, "--format", "json"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=repository, timeout=60)
    assert done.returncode == 0, done.stderr
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert found[0]["serial"] == "12345678"
    energy = next(one for one in found if one.get("obis") == "1-0:1.8.0*255")
    assert energy["reading_type"] == "0.0.0.1.1.1.12.0.0.0.0.0.0.0.0.0.72.0"
