"""A thousand meters on TCP at one gateway on one core: how late after its boundary the last of them is read, and what it costs.

Half are DLMS meters whose registers and event logs are read, half are Modbus meters. The emulators have the other core.
The boundaries are a minute apart instead of a quarter of an hour: the work of each is the same, and is over before the next.
"""

from __future__ import annotations

import contextlib
import os
import re
import sqlite3
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from gateway_bench import DIRECTORY, GATEWAY, METERGATE, folder, memory, spent
from row import Row

from gateway.acquisition.agenda import Agenda

OF_EACH = 500
BOUNDARIES, PERIOD_S = 3, 60
#: Of the configuration: as wide as the promise of 9 s after the boundary allows on one core; the default is 10 s.
JITTER_S = 6
COSEM = """
[[meter]]
name = "d{number}"
url = "{url}?client=1&auth=lls"
[[meter.read]]
every = "1min"
[[meter.read]]
what = "events"
every = "1min"
"""
MODBUS = """
[[meter]]
name = "m{number}"
url = "{url}?unit=1"
map = "eastron/sdm630"
[[meter.read]]
every = "1min"
"""
#: The time of a message of readings, and the serial number of its meter.
_READ = re.compile(rb"<Noun>MeterReadings</Noun><Timestamp>([^<]+)<.*?<Meter>.*?<name>([^<]+)</name>", re.DOTALL)
GATEWAY_CORE, METERS_CORE = "0", "1"


@contextlib.contextmanager
def street(profile: str, listen: str) -> Iterator[list[str]]:
    """``OF_EACH`` meters of a profile, without the waits of a real meter: what is measured is ours."""
    command = [*METERGATE, "emulate", profile, "--count", str(OF_EACH), "--listen", listen, "--speed", "max"]
    with subprocess.Popen(["taskset", "-c", METERS_CORE, *command], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield [process.stdout.readline().strip() for _ in range(OF_EACH)]
        process.terminate()


def lateness(where: Path, since: float) -> tuple[list[float], list[float]]:
    """How long after its boundary each meter was read to the end and judged, by the Timestamp of the message that says so;
    and how long after its own moment: within the jitter every meter has its place. In seconds, sorted. A meter's first message
    after ``since`` is of the first boundary, its second of the second: one that comes a period late is late."""
    store = where / "state/store.sqlite"
    with contextlib.closing(sqlite3.connect(f"file:{store}?mode=ro", uri=True, timeout=30)) as connection:
        place_of = dict(connection.execute("SELECT serial, name FROM place").fetchall())
    told: defaultdict[str, list[float]] = defaultdict(list)
    for file in (where / "out").glob("*.xml"):
        found = _READ.search(file.read_bytes())
        if found is None:
            continue
        at = datetime.fromisoformat(found[1].decode()).timestamp()
        if at >= since:
            told[place_of[found[2].decode()]].append(at)
    agenda, after, own = Agenda(timedelta(seconds=JITTER_S)), [], []
    for name, moments in told.items():
        for number, at in enumerate(sorted(moments)):
            after.append(at - since - number * PERIOD_S)
            own.append(after[-1] - agenda.delay(f"{name}/0").total_seconds())
    return sorted(after), sorted(own)


def count(store: Path, table: str) -> int:
    with contextlib.closing(sqlite3.connect(f"file:{store}?mode=ro", uri=True, timeout=30)) as connection:
        return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


def rows() -> Iterator[Row]:
    with (
        folder() as where,
        street("dlms/idis", "dlms://127.0.0.1:0") as cosem,
        street("modbus/eastron/sdm630", "modbus://127.0.0.1:0") as modbus,
    ):
        tables = [
            GATEWAY.format(folder=where).replace('jitter = "0s"', f'jitter = "{JITTER_S}s"'),
            DIRECTORY.format(folder=where),
        ]
        tables += [COSEM.format(number=number, url=url) for number, url in enumerate(cosem)]
        tables += [MODBUS.format(number=number, url=url) for number, url in enumerate(modbus)]
        file = where / "metergate.toml"
        file.write_text("".join(tables))
        command = ["taskset", "-c", GATEWAY_CORE, *METERGATE, "run", "-c", str(file)]
        environment = {**os.environ, "METERGATE_KEY_DEFAULT_LLS": "text:00000000"}
        with subprocess.Popen(command, stderr=sys.stderr, env=environment) as process:
            store = where / "state/store.sqlite"
            began = time.time() // PERIOD_S * PERIOD_S + 2 * PERIOD_S  # the first boundary tells what stood in the logs
            time.sleep(began - 2 - time.time())
            (cpu0, bytes0), readings0 = spent(process.pid), count(store, "reading")
            time.sleep(PERIOD_S * BOUNDARIES)
            (cpu1, bytes1), readings1 = spent(process.pid), count(store, "reading")
            (late, own), resident = lateness(where, began), memory(process.pid)
            process.terminate()
    readings = readings1 - readings0
    yield Row(
        f"reads of {2 * OF_EACH} TCP meters at {BOUNDARIES} boundaries",
        len(late),
        "",
        2 * OF_EACH * BOUNDARIES,
        most=False,
    )
    yield Row(f"read to the end after the boundary (jitter {JITTER_S} s), median", late[len(late) // 2], "s")
    yield Row(f"read to the end after the boundary (jitter {JITTER_S} s), p99", late[len(late) * 99 // 100], "s", 9)
    yield Row("of which after its own moment in the jitter, p99", own[len(own) * 99 // 100], "s")
    yield Row("readings at a boundary", readings / BOUNDARIES, "")
    yield Row("CPU per reading, logs and messages included", 1e6 * (cpu1 - cpu0) / readings, "µs")
    yield Row("bytes written per reading", (bytes1 - bytes0) / readings, "B")
    yield Row("CPU of a boundary, on one core", (cpu1 - cpu0) / BOUNDARIES, "s")
    yield Row("RSS with 1000 meters", resident, "MiB")
