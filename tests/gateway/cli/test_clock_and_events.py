"""``metergate clock``, ``events`` and ``read --profile`` as a person types them, at an emulated meter."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run(repository: Path) -> Run:
    def start(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "gateway.cli", *arguments],
            capture_output=True,
            text=True,
            cwd=repository,
            timeout=60,
        )

    return start


@pytest.mark.slow
def test_the_clock_is_shown_and_set(emulated_meter: Callable[..., str], run: Run, tmp_path: Path) -> None:
    url = f"iec62056-21:{emulated_meter('iec62056-21/load-profile', speed='max')}"
    shown = run("clock", url, "--zone", "Europe/Berlin")
    assert shown.returncode == 0, shown.stderr
    said = json.loads(shown.stdout)
    assert (said["type"], said["meter"], said["time"]) == ("clock", "EMH-41002288", "2026-04-12T08:15:02+00:00")
    refused = run("clock", url, "--zone", "Europe/Berlin", "--set")
    assert refused.returncode == 4
    assert "EMH-41002288/password" in refused.stderr
    keys = tmp_path / "keys"
    keys.write_text('"EMH-41002288/password" = "text:00000000"\n')
    keys.chmod(0o600)
    put = run("clock", url, "--zone", "Europe/Berlin", "--set", "--keys", str(keys))
    assert put.returncode == 0, put.stderr
    # The emulated clock stands still, so its seconds are behind by what reading it back took.
    assert -30 <= float(json.loads(put.stdout)["ahead_s"]) <= 1


def test_logs_are_printed_as_events(emulated_meter: Callable[..., str], run: Run) -> None:
    url = f"iec62056-21:{emulated_meter('iec62056-21/load-profile-season', speed='max')}"
    done = run("events", url, "--zone", "Europe/Berlin", "--since", "2026-03-29T00:00", "--format", "json")
    assert done.returncode == 0, done.stderr
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(event["code"], event["event_type"]) for event in events if event["type"] == "event"] == [
        ("9", "3.36.56.24"),
        ("17", "3.26.38.40"),
        ("18", "3.26.38.40"),
    ]
    assert datetime.fromisoformat(events[0]["at"]).isoformat() == "2026-03-29T01:00:00+00:00"


@pytest.mark.slow
def test_a_load_profile_is_printed(emulated_meter: Callable[..., str], run: Run) -> None:
    url = f"iec62056-21:{emulated_meter('iec62056-21/load-profile', speed='max')}"
    done = run(
        "read", url, "--profile", "1-0:99.1.0", "--zone", "Europe/Berlin", "--format", "json",
        "--since", "2026-03-18T14:00", "--until", "2026-03-18T17:00",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    series = json.loads(done.stdout.splitlines()[0])
    assert (series["type"], series["interval_s"], len(series["rows"])) == ("series", 900, 8)
    assert series["rows"][2]["quality"] == ["1.2.32"]


def test_a_meter_that_keeps_no_clock_is_said_so(emulated_meter: Callable[..., str], run: Run) -> None:
    done = run("clock", f"iec62056-21:{emulated_meter('iec62056-21/history-star', speed='max')}")
    assert done.returncode == 4
    assert "no programming mode" in done.stderr
