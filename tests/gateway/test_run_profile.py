"""A load profile in the gateway: the past is fetched once, piece by piece, and every interval is told once, also over a restart."""

from __future__ import annotations

import itertools
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from gateway.messages import codec

CONFIG = """
[gateway]
name = "bench-2"
state = "{state}"
jitter = "0s"

[[meter]]
name = "main"
url = "dlms://{address}?client=16&server=1"
[[meter.read]]
what = "profile"
profile = "1-0:99.1.0"
every = "2s"
history = "2d"

[[sink]]
type = "directory"
name = "files"
path = "{out}"
"""


def intervals(folder: Path) -> Counter[tuple[str, datetime]]:
    found: Counter[tuple[str, datetime]] = Counter()
    for file in folder.glob("*.xml"):
        (readings,) = codec.read(file).message.payload.content
        for meter in readings.meter_reading:
            for block in meter.interval_blocks:
                found.update((block.reading_type, one.time_stamp) for one in block.interval_readings)
    return found


def run(file: Path, enough: Callable[[], bool]) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "gateway.cli", "run", "-c", str(file)], stderr=subprocess.PIPE, text=True
    )
    try:
        deadline = time.monotonic() + 100
        while not enough() and time.monotonic() < deadline:
            assert process.poll() is None, process.stderr and process.stderr.read()
            time.sleep(0.2)
        process.send_signal(signal.SIGTERM)
        assert process.wait(90) == 0
    finally:
        process.kill()
        process.communicate()


@pytest.mark.paced
@pytest.mark.slow
def test_every_interval_is_told_once(tmp_path: Path, emulated_meter: Callable[..., str]) -> None:
    file, out = tmp_path / "metergate.toml", tmp_path / "out"
    address = emulated_meter("dlms/household")
    file.write_text(CONFIG.format(state=tmp_path / "state", address=address, out=out))
    run(file, lambda: len({time for _, time in intervals(out)}) >= 190)
    first = intervals(out)
    times = sorted({time for _, time in first})
    assert set(first.values()) == {1}
    assert {later - earlier for earlier, later in itertools.pairwise(times)} == {timedelta(minutes=15)}
    assert times[-1] - times[0] >= timedelta(days=1, hours=23)
    with sqlite3.connect(tmp_path / "state" / "store.sqlite") as store:
        spans = store.execute("SELECT after, until FROM coverage").fetchall()
    covered = timedelta(microseconds=sum(until - after for after, until in spans))
    assert covered >= timedelta(days=1, hours=23), "what the meter has answered for is noted, and not asked for again"
    started = time.monotonic()
    run(file, lambda: time.monotonic() - started > 5)
    again = intervals(out)
    assert set(again.values()) == {1}, "a restart tells nothing twice"
    assert set(again) >= set(first)
