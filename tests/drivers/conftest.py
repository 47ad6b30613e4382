"""Emulated meters that push, as processes of their own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest

#: ``pushing(profile, *faults, speed="max")`` starts a meter and returns its pty.
Pushing = Callable[..., str]


@pytest.fixture
def pushing() -> Iterator[Pushing]:
    running: list[subprocess.Popen[str]] = []

    def start(profile: str, *faults: str, speed: str = "max") -> str:
        command = [sys.executable, "-m", "gateway.cli", "emulate", profile, "--speed", speed]
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
