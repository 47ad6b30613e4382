"""``metergate relay`` and ``metergate keys``: nothing is switched unasked, and no secret is ever shown."""

from __future__ import annotations

import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def run(repository: Path, tmp_path: Path) -> Run:
    def go(*arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "gateway.cli", *arguments],
            input=given,
            capture_output=True,
            text=True,
            cwd=repository,
            timeout=60,
            env={"PATH": "/usr/bin:/bin", "METERGATE_STATE": str(tmp_path / "state")},
        )

    return go


def test_a_relay_is_not_switched_without_a_terminal(run: Run) -> None:
    done = run("relay", "dlms://127.0.0.1:1", "disconnect")
    assert done.returncode == 2
    assert "--yes" in done.stderr
    assert done.stdout == ""


def test_a_driver_that_switches_nothing(run: Run) -> None:
    done = run("relay", "iec62056-21:/dev/null", "connect", "--yes")
    assert done.returncode in (3, 4)


def test_keys_are_set_and_listed_and_never_shown(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "keys.toml"
    secret = "00112233445566778899aabbccddeeff"
    outputs = []
    for name, given in [("MGT-1/ek", secret), ("MGT-1/ak", f"hex:{secret}"), ("default/lls", 'text:pass"\\word')]:
        done = run("keys", "set", str(file), name, given=given + "\n")
        assert done.returncode == 0, done.stderr
        outputs.append(done.stdout + done.stderr)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    done = run("keys", "list", str(file))
    assert [line.split("\t")[0] for line in done.stdout.splitlines()] == ["MGT-1/ak", "MGT-1/ek", "default/lls"]
    outputs.append(done.stdout + done.stderr)
    from gateway.keys import load

    assert load(file).get("MGT-1/ek") == bytes.fromhex(secret)
    assert load(file).get("MGT-2/lls") == b'pass"\\word'
    assert run("keys", "set", str(file), "MGT-1/ek", given="text:other\n").returncode == 0
    assert load(file).get("MGT-1/ek") == b"other"
    for output in outputs:
        assert secret not in output
        assert "pass" not in output.replace("password", "")


@pytest.mark.parametrize("given", ["", "zz", "abc", "plain words", "hex:0g"])
def test_what_is_no_secret_is_not_written(run: Run, tmp_path: Path, given: str) -> None:
    file = tmp_path / "keys.toml"
    done = run("keys", "set", str(file), "MGT-1/ek", given=given + "\n")
    assert done.returncode == 2
    assert not file.exists()
    assert not given or given not in done.stderr


def test_keys_are_tested_against_the_meter(run: Run, tmp_path: Path, emulated_meter: Callable[..., str]) -> None:
    file = tmp_path / "keys.toml"
    run("keys", "set", str(file), "default/ek", given="000102030405060708090A0B0C0D0E0F\n")
    run("keys", "set", str(file), "default/ak", given="D0D1D2D3D4D5D6D7D8D9DADBDCDDDEDF\n")
    url = f"dlms://{emulated_meter('dlms/secured')}?client=1&auth=gmac&security=both"
    good = run("keys", "test", url, "--keys", str(file))
    assert (good.returncode, good.stdout) == (0, "Meter MGT-12345678 accepts the keys\n"), good.stderr
    run("keys", "set", str(file), "default/ak", given="00" * 16 + "\n")
    bad = run("keys", "test", url, "--keys", str(file))
    assert bad.returncode == 4
    assert "key" in bad.stderr
    assert (tmp_path / "state" / "counters.sqlite").is_file()
