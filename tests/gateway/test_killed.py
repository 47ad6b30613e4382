"""``kill -9`` of the whole gateway at random points: what arrives is what was accepted, each message with the same bytes."""

from __future__ import annotations

import http.server
import os
import random
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gateway.messages import codec

#: `make soak` asks for a thousand.
KILLS = int(os.environ.get("METERGATE_KILLS", "50"))
CONFIG = """
[gateway]
name = "g"
state = "{state}"
jitter = "0s"
[[meter]]
name = "main"
url = "dlms://{address}?client=16&server=1"
[[meter.read]]
every = "1s"
registers = ["1-0:1.8.0*255", "1-0:2.8.0*255"]
[[meter.read]]
what = "profile"
profile = "1-0:99.1.0"
every = "1s"
history = "30d"
[[sink]]
type = "directory"
name = "files"
path = "{out}"
batch = 5
[[sink]]
type = "http"
name = "head-end"
url = "http://127.0.0.1:{head_end}/"
"""


class HeadEnd:
    """Takes messages; by chance it says 503, or hangs up after it has taken one without a word."""

    def __init__(self) -> None:
        self.chance = random.Random(61968)
        self.got: list[tuple[str, bytes]] = []
        head_end = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers["Content-Length"])
                body = self.rfile.read(length)
                if len(body) < length:  # the gateway was killed while it sent: that is no message
                    self.close_connection = True
                    return
                luck = head_end.chance.random()
                if luck > 0.1:
                    head_end.got.append((self.headers["Idempotency-Key"], body))
                if 0.1 < luck < 0.2:
                    self.close_connection = True
                    return
                self.send_response(200 if luck > 0.1 else 503)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *arguments: object) -> None: ...

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()


@pytest.fixture
def head_end() -> Iterator[HeadEnd]:
    made = HeadEnd()
    yield made
    made.server.shutdown()
    made.server.server_close()


def start(file: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-m", "gateway.cli", "run", "-c", str(file)], stderr=subprocess.PIPE)


def asked(store: Path, sql: str) -> int:
    connection = sqlite3.connect(f"file:{store}?mode=ro", uri=True, timeout=30)
    try:
        return int(connection.execute(sql).fetchone()[0] or 0)
    finally:
        connection.close()


def until_running(process: subprocess.Popen[bytes]) -> None:
    assert process.stderr is not None
    line = process.stderr.readline()
    while line and b"running" not in line:
        line = process.stderr.readline()


def drain(file: Path, store: Path) -> None:
    """Let it run, with nothing more to read, until nothing waits, and end it well."""
    file.write_text(file.read_text().replace('every = "1s"', 'every = "1d"'))
    process = start(file)
    until_running(process)
    deadline = time.monotonic() + 200
    while asked(store, "SELECT count(*) FROM outbox") and time.monotonic() < deadline:
        assert process.poll() is None
        time.sleep(0.2)
    process.terminate()
    assert process.wait(60) == 0
    process.communicate()


@pytest.mark.paced
@pytest.mark.slow
@pytest.mark.timeout(600 + 6 * KILLS)
@pytest.mark.parametrize("kills", [KILLS])
def test_what_arrives_is_what_was_accepted(
    tmp_path: Path, emulated_meter: Callable[..., str], head_end: HeadEnd, kills: int
) -> None:
    file, store, out = tmp_path / "metergate.toml", tmp_path / "state" / "store.sqlite", tmp_path / "out"
    address = emulated_meter("dlms/household", speed="max")
    port = head_end.server.server_address[1]
    file.write_text(CONFIG.format(state=store.parent, address=address, out=out, head_end=port))
    chance = random.Random(4711)
    for _ in range(kills):
        process = start(file)
        if chance.random() < 0.8:
            until_running(process)
            time.sleep(chance.uniform(0, 1.5))
        else:
            time.sleep(chance.uniform(0, 1.0))
        process.kill()
        process.communicate()
    drain(file, store)
    numbers = [int(name.name.split("-")[0]) for name in out.glob("*.xml")]
    by_file = {name.read_bytes() for name in out.glob("*.xml")}
    by_post = dict(head_end.got)
    # Every place that the outbox ever gave was a message that was accepted, one for each sink.
    accepted = asked(store, "SELECT seq FROM sqlite_sequence WHERE name = 'outbox'")
    assert len(numbers) == len(set(numbers)) == len(by_file)
    assert accepted == 2 * len(numbers)
    assert accepted >= kills / 2, "too few messages for a proof"
    # No id twice with different bytes, and both sinks were told the same.
    assert {body for _, body in head_end.got} == by_file
    assert len(by_post) == len(by_file)
    # What the store keeps and what was told are one commit: each value and each interval was told exactly once.
    values: Counter[tuple[str, object]] = Counter()
    intervals: Counter[tuple[str, object]] = Counter()
    for body in by_file:
        for payload in codec.read(body).message.payload.content:
            for meter in getattr(payload, "meter_reading", ()):
                values.update((one.reading_type, one.time_stamp) for one in meter.readings)
                for block in meter.interval_blocks:
                    intervals.update((block.reading_type, one.time_stamp) for one in block.interval_readings)
    assert set(intervals.values()) == {1}
    kept = asked(store, "SELECT count(*) FROM reading WHERE reading_type IS NOT NULL")
    assert sum(values.values()) == kept
