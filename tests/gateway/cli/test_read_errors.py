"""What a technician sees when a read fails: one line that says what to do, the right exit code, nothing half-written."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

pytestmark = pytest.mark.paced
Emulate = Callable[..., str]


def metergate(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "gateway.cli", *arguments], capture_output=True, text=True, timeout=90, check=False
    )


def failed(tmp_path: Path, port: str, *arguments: str) -> tuple[int, str]:
    """Read ``port`` into a file: the exit code and the one line on stderr. Nothing else may be said or left behind."""
    out = tmp_path / "readings.xml"
    done = metergate("read", f"iec62056-21:{port}", "--format", "xml", "--out", str(out), *arguments)
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    (line,) = done.stderr.splitlines()
    assert line.startswith("metergate: ")
    assert list(tmp_path.iterdir()) == []
    return done.returncode, line


def test_a_port_that_does_not_exist(tmp_path: Path) -> None:
    code, line = failed(tmp_path, "/dev/ttyUSB-none")
    assert code == 3
    assert "/dev/ttyUSB-none" in line
    assert "; " in line, "it says what to do"


def test_a_port_that_another_program_holds_is_named_with_its_holder(tmp_path: Path, emulated_meter: Emulate) -> None:
    port = emulated_meter("iec62056-21/mode-e")
    fd = os.open(port, os.O_RDWR | os.O_NOCTTY)
    try:
        import fcntl

        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        code, line = failed(tmp_path, port)
    finally:
        os.close(fd)
    assert code == 3
    assert f"pid {os.getpid()}" in line


@pytest.mark.parametrize(
    ("fault", "code", "words"),
    [
        ("silent", 4, "the meter is silent"),
        ("error", 4, "the meter answers (ERROR)"),
        ("unplug", 3, "went away"),
        pytest.param("wrong-bcc", 3, "block check character", marks=pytest.mark.slow),
        pytest.param("stop-mid-block", 4, "no data after the identification", marks=pytest.mark.slow),
    ],
)
def test_a_meter_or_line_that_fails(tmp_path: Path, emulated_meter: Emulate, fault: str, code: int, words: str) -> None:
    port = emulated_meter("iec62056-21/mode-e", fault)
    found, line = failed(tmp_path, port)
    assert (found, words in line, port in line) == (code, True, True), line


def test_a_silent_meter_ends_at_the_deadline_that_was_given(tmp_path: Path, emulated_meter: Emulate) -> None:
    code, line = failed(tmp_path, emulated_meter("iec62056-21/mode-e", "silent"), "--timeout", "0.5")
    assert code == 4
    assert "--timeout" in line


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("iec62056-12:/dev/ttyUSB0", "did you mean 'iec62056-21'"),
        ("iec62056-21:/dev/ttyUSB0?bauds=300", "bauds"),
        ("iec62056-21:/dev/ttyUSB0?password=1", "secret"),
    ],
)
def test_a_wrong_url_is_a_usage_error(url: str, words: str) -> None:
    done = metergate("read", url)
    assert done.returncode == 2
    assert words in done.stderr
    assert done.stdout == ""


def test_an_existing_file_is_left_alone_by_a_failed_read(tmp_path: Path) -> None:
    out = tmp_path / "readings.xml"
    out.write_text("what was there")
    done = metergate("read", "iec62056-21:/dev/ttyUSB-none", "--format", "xml", "--out", str(out))
    assert done.returncode == 3
    assert out.read_text() == "what was there"


def test_data_goes_to_stdout_and_the_rest_to_stderr(emulated_meter: Emulate) -> None:
    done = metergate("read", f"iec62056-21:{emulated_meter('iec62056-21/mode-e')}", "--format", "xml")
    assert done.returncode == 0
    assert done.stdout.startswith("<?xml")
    assert all(line.startswith("not in the message: ") for line in done.stderr.splitlines())
