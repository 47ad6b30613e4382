"""A person sees that a slow read is alive; a script sees nothing but the data."""

from __future__ import annotations

import os
import select
import subprocess
import sys
import time
from collections.abc import Callable

import pytest

pytestmark = pytest.mark.paced


def read(port: str, stderr: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "gateway.cli", "read", f"iec62056-21:{port}", "--format", "json"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=stderr, text=True)


def test_a_progress_line_on_a_terminal_only(emulated_meter: Callable[..., str]) -> None:
    port = emulated_meter("iec62056-21/mode-e", "late-tr")
    master, slave = os.openpty()
    process = read(port, slave)
    os.close(slave)
    said = b""
    deadline = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < deadline:
        if select.select([master], [], [], 0.1)[0]:
            try:
                said += os.read(master, 4096)
            except OSError:
                break
    data, _ = process.communicate(timeout=10)
    os.close(master)
    assert f"reading iec62056-21:{port}: 1 s".encode() in said
    assert said.endswith(b"\r\x1b[K"), "the line is cleared at the end"
    assert all(line.startswith("{") for line in data.splitlines())


def test_no_progress_in_a_pipe(emulated_meter: Callable[..., str]) -> None:
    process = read(emulated_meter("iec62056-21/mode-e", "late-tr"), subprocess.PIPE)
    data, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (0, "")
    assert data
