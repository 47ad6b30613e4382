"""``metergate doctor``: what it finds at a pty, at nothing, at a file, and under a /sys and /proc made for it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import termios
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from drivers.errors import UsageError
from gateway.cli.doctor import doctor
from gateway.cli.port_checks import Finding, Roots, State, look
from gateway.device_map.probes import matching, probes


@pytest.fixture
def terminal() -> Iterator[Path]:
    master, slave = os.openpty()
    path = Path(os.ttyname(slave))
    os.close(slave)
    yield path
    os.close(master)


def found(path: Path, roots: Roots | None = None) -> dict[str, Finding]:
    return {finding.check: finding for finding in look(path, roots)}


def test_a_free_terminal_is_fine(terminal: Path) -> None:
    result = CliRunner().invoke(doctor, [str(terminal), "--format", "json"])
    assert result.exit_code == 0
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert {line["type"] for line in lines} == {"finding"}
    assert {line["check"]: line["state"] for line in lines}["opening"] == "ok"
    assert not [line for line in lines if line["state"] == "problem"]


def test_it_leaves_the_line_as_it_was(terminal: Path) -> None:

    fd = os.open(terminal, os.O_RDWR | os.O_NOCTTY)
    before = termios.tcgetattr(fd)
    found(terminal)
    assert termios.tcgetattr(fd) == before
    os.close(fd)


def test_a_missing_port_ends_in_3_and_names_those_that_are_there(tmp_path: Path) -> None:
    result = CliRunner().invoke(doctor, [str(tmp_path / "ttyUSB0")])
    assert result.exit_code == 3
    assert "no such device" in result.stdout
    (tmp_path / "ttyUSB4").touch()
    finding = found(tmp_path / "ttyUSB0", Roots(dev=tmp_path))["device"]
    assert "ttyUSB4" in finding.do


def test_a_file_is_no_serial_device(tmp_path: Path) -> None:
    (tmp_path / "port").touch()
    assert found(tmp_path / "port")["device"].state is State.PROBLEM


def test_the_holder_is_named(terminal: Path) -> None:
    code = f"import os, sys; os.open({str(terminal)!r}, os.O_RDWR | os.O_NOCTTY); print('open', flush=True); sys.stdin.read()"
    other = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert other.stdout is not None
    other.stdout.readline()
    finding = found(terminal)["holder"]
    other.communicate()
    assert finding.state is State.PROBLEM
    assert str(other.pid) in finding.what


def test_a_usb_chip_with_a_slow_timer_a_lock_and_modem_manager(terminal: Path, tmp_path: Path) -> None:
    name = terminal.name
    device = tmp_path / "devices/usb1/1-1/1-1:1.0/ttyUSB0"
    device.mkdir(parents=True)
    (device / "latency_timer").write_text("16\n")
    (tmp_path / "drivers/ftdi_sio").mkdir(parents=True)
    (device / "driver").symlink_to(tmp_path / "drivers/ftdi_sio")
    for file, text in (("idVendor", "0403"), ("idProduct", "6001"), ("product", "FT232R USB UART")):
        (tmp_path / "devices/usb1/1-1" / file).write_text(text + "\n")
    (tmp_path / "sys/class/tty" / name).mkdir(parents=True)
    (tmp_path / "sys/class/tty" / name / "device").symlink_to(device)
    (tmp_path / "proc/77").mkdir(parents=True)
    (tmp_path / "proc/77/comm").write_text("ModemManager\n")
    (tmp_path / "proc/cmdline").write_text(f"quiet console={name},115200 root=/dev/sda1")
    (tmp_path / "lock").mkdir()
    lock = tmp_path / "lock" / f"LCK..{name}"
    lock.write_text("        77\n")
    roots = Roots(tmp_path / "sys", tmp_path / "proc", tmp_path / "dev", tmp_path / "lock")
    seen = found(terminal, roots)
    assert seen["latency"].state is State.NOTE
    assert "latency_timer" in seen["latency"].do
    assert seen["lock"].state is State.PROBLEM
    assert seen["modem"].state is State.NOTE
    assert seen["console"].state is State.PROBLEM
    assert "ftdi" in seen["probe"].what
    lock.write_text("78\n")
    assert found(terminal, roots)["lock"].state is State.NOTE
    (device / "latency_timer").write_text("1\n")
    assert found(terminal, roots)["latency"].state is State.OK


def test_every_probe_profile_reads_and_is_found_by_what_it_names() -> None:
    known = dict(probes())
    assert len(known) >= 5
    for name, probe in known.items():
        assert probe.usb or probe.driver
        for usb in probe.usb:
            assert matching(usb, "") == (name, probe)
        for driver in probe.driver:
            assert matching("ffff:ffff", driver) == (name, probe)
    assert matching("ffff:ffff", "no_such") is None


def test_a_wrong_probe_profile_names_file_and_key(tmp_path: Path) -> None:

    (tmp_path / "head.toml").write_text('what = "x"\nsource = "y"\nsetle_ms = 3\n')
    with pytest.raises(UsageError, match=r"head\.toml.*setle_ms"):
        list(probes(tmp_path))
