"""The running gateway when its disk is full, and when its store was damaged: it goes on by itself."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

import pytest

pytestmark = [pytest.mark.paced, pytest.mark.slow]

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
registers = ["1-0:1.8.0*255"]
[[sink]]
type = "directory"
name = "files"
path = "{out}"
"""


class Running:
    """A gateway that reads every second into files. Its log is a pipe: that is never full."""

    def __init__(self, folder: Path, address: str) -> None:
        self.out, self.state, self._file = folder / "out", folder / "state", folder / "metergate.toml"
        self._file.write_text(CONFIG.format(state=self.state, address=address, out=self.out))
        self.log = ""
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "gateway.cli", "run", "-c", self._file], stderr=subprocess.PIPE, text=True
        )
        threading.Thread(target=self._listen, args=(self.process.stderr,), daemon=True).start()

    def _listen(self, log: IO[str]) -> None:
        with log:
            for line in log:
                self.log += line

    def until(self, true: Callable[[], object]) -> None:
        deadline = time.monotonic() + 90
        while not true():
            assert self.process.poll() is None, self.log
            assert time.monotonic() < deadline, self.log
            time.sleep(0.1)

    def files(self) -> int:
        return len(list(self.out.glob("*.xml")))

    def delivers(self, more: int = 3) -> None:
        before = self.files()
        self.until(lambda: self.files() >= before + more)


@pytest.fixture
def running(tmp_path: Path, emulated_meter: Callable[..., str]) -> Iterator[Running]:
    made = Running(tmp_path, emulated_meter("dlms/household", speed="max"))
    yield made
    made.process.terminate()
    assert made.process.wait(60) == 0, made.log


def test_a_full_disk(running: Running) -> None:
    running.delivers()
    _, hard = resource.prlimit(running.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(running.process.pid, resource.RLIMIT_FSIZE, (0, hard))
    running.until(lambda: "store: the disk takes nothing more" in running.log)
    time.sleep(3)
    resource.prlimit(running.process.pid, resource.RLIMIT_FSIZE, (hard, hard))
    running.delivers()
    running.until(lambda: "store: well again" in running.log)
    assert running.log.count("store: the disk takes nothing more") < 4, "a state is told once and counted"


def test_a_store_that_was_damaged_by_a_power_cut(running: Running) -> None:
    running.delivers()
    running.process.kill()
    running.process.wait()
    for part in (running.state / "store.sqlite", running.state / "store.sqlite-wal"):
        with part.open("r+b") as file:
            file.write(os.urandom(max(part.stat().st_size, 4096)))
    running.start()
    running.until(lambda: list(running.state.glob("store.sqlite.damaged-*")))
    running.delivers()
    assert "the store was damaged: it is kept as" in running.log
