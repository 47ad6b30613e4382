"""Emulated meters as processes of their own, for the driver to read."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest

Emulate = Callable[..., str]


@pytest.fixture
def emulate() -> Iterator[Emulate]:
    """``emulate(profile, *faults)`` starts a meter at the real speed of its line and returns its pty."""
    running: list[subprocess.Popen[str]] = []

    def start(profile: str, *faults: str) -> str:
        command = [sys.executable, "-m", "gateway.cli", "emulate", f"iec62056-21/{profile}"]
        for fault in faults:
            command += ["--fault", fault]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        running.append(process)
        assert process.stdout is not None
        return process.stdout.readline().strip()

    yield start
    for process in running:
        process.terminate()
        process.wait(10)
        assert process.stdout is not None
        process.stdout.close()
