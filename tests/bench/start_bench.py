"""A technician's first second: what it costs to start the command."""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
from collections.abc import Iterator

from row import Row


def cpu_seconds(command: list[str]) -> float:
    """Processor time, user and system, of one run of ``command``."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env={**os.environ, "PYTHONDONTWRITEBYTECODE": ""})
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def rows() -> Iterator[Row]:
    runs = [cpu_seconds([sys.executable, "-m", "gateway.cli", "--help"]) for _ in range(11)]
    yield Row("metergate --help, CPU, median of 10 after a warm-up", statistics.median(runs[1:]), "s", 0.15)
    runs = [cpu_seconds([sys.executable, "-c", "pass"]) for _ in range(11)]
    yield Row("of which the bare interpreter", statistics.median(runs[1:]), "s")
