"""The systemd unit: as closed as was promised, and about files that the package brings."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest


@pytest.fixture
def unit(repository: Path) -> Path:
    return repository / "packaging/systemd/metergate.service"


def test_exposure_is_at_most_2(unit: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed (apt install systemd)")
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--no-pager", str(unit)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    said = re.search(r"Overall exposure level for metergate\.service: (\d+\.\d+)", done.stdout)
    assert said, done.stdout + done.stderr
    assert float(said[1]) <= 2.0, done.stdout


def test_what_the_unit_promises_the_gateway(unit: Path) -> None:
    settings = dict(line.split("=", 1) for line in unit.read_text().splitlines() if re.match(r"[A-Z]\w+=", line))
    assert settings["Type"] == "notify"
    assert int(settings["WatchdogSec"]) == 60
    assert settings["LoadCredential"].startswith("metergate-keys:"), "the name that gateway.keys looks for"
    assert settings["StateDirectory"] == "metergate", "the default of [gateway] state is /var/lib/metergate"
    assert settings["Restart"] == "always"
