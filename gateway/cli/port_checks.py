"""What can be seen of a serial port without a meter: one finding a check, each with what to do about it.

``sys``, ``proc``, ``dev`` and ``lock`` are the roots of what the kernel and other programs show, so that a test can bring its own.
"""

from __future__ import annotations

import grp
import os
import stat
import termios
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from drivers.link.holder import holders
from gateway.device_map.probes import Probe, matching

#: Above this a USB chip's latency timer leaves too little of the 20 ms after which a fast meter may begin to answer.
_LATENCY_MS = 4


class State(StrEnum):
    OK = "ok"
    NOTE = "note"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at, how it is, and what to change where something is to be changed."""

    check: str
    state: State
    what: str
    do: str = ""


@dataclass(frozen=True, slots=True)
class Roots:
    sys: Path = Path("/sys")
    proc: Path = Path("/proc")
    dev: Path = Path("/dev")
    lock: Path = Path("/var/lock")


@dataclass(frozen=True, slots=True)
class Port:
    """A serial device: its path as given, where that leads, and what drives it."""

    path: Path
    real: Path
    driver: str
    usb: str
    product: str


def look(path: Path, roots: Roots | None = None) -> Iterator[Finding]:
    """Every finding about ``path``, in the order in which one would look; ends early where nothing more can be seen."""
    roots = roots or Roots()
    there = _device(path, roots)
    yield there
    if there.state is State.PROBLEM:
        return
    port = _port(path, roots)
    yield _kind(port)
    yield _permission(port)
    yield _held(port)
    yield from _lock_file(port, roots)
    yield from _latency(port, roots)
    yield from _console(port, roots)
    yield from _modem_manager(port, roots)
    yield from _profile(matching(port.usb, port.driver))
    yield from _stable_name(port, roots)
    yield _opens(port)


def _device(path: Path, roots: Roots) -> Finding:
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        what = "its link leads nowhere" if path.is_symlink() else "there is no such device"
        found = _serial_devices(roots)
        known = f"there are {', '.join(found)}" if found else "no serial device is plugged in: see `dmesg | tail`"
        return Finding("device", State.PROBLEM, what, known)
    except OSError as error:
        return Finding("device", State.PROBLEM, error.strerror or str(error))
    if not stat.S_ISCHR(mode):
        return Finding("device", State.PROBLEM, "is no serial device", "name one such as /dev/ttyUSB0")
    return Finding("device", State.OK, str(path.resolve()))


def _serial_devices(roots: Roots) -> list[str]:
    by_id = sorted((roots.dev / "serial/by-id").glob("*"))
    kinds = ("ttyUSB*", "ttyACM*", "ttyAMA*")
    return [str(file) for file in by_id or [found for kind in kinds for found in sorted(roots.dev.glob(kind))]]


def _port(path: Path, roots: Roots) -> Port:
    real = path.resolve()
    device = roots.sys / "class/tty" / real.name / "device"
    driver = (device / "driver").resolve().name if (device / "driver").exists() else ""
    driver = {"serial8250": _compatible(device) or "serial8250", "uart-pl011": "uart-pl011"}.get(driver, driver)
    for place in [device.resolve(), *device.resolve().parents][:4]:
        if (place / "idVendor").exists():
            usb = f"{_text(place / 'idVendor')}:{_text(place / 'idProduct')}"
            return Port(path, real, driver, usb, _text(place / "product"))
    return Port(path, real, driver, "", "")


def _compatible(device: Path) -> str:
    """The name by which a device tree knows a UART: the mini UART of a Raspberry Pi goes by the driver of PCs."""
    return "bcm2835-aux-uart" if "bcm2835-aux-uart" in _text(device / "of_node/compatible") else ""


def _text(file: Path) -> str:
    try:
        return file.read_text(errors="replace").strip()
    except OSError:
        return ""


def _kind(port: Port) -> Finding:
    if port.real.parent.name == "pts":
        return Finding("kind", State.NOTE, "a pseudo terminal: an emulated meter, or another program's end")
    if port.usb:
        return Finding("kind", State.OK, f"USB {port.usb} {port.product}".rstrip() + f", driver {port.driver or '?'}")
    return Finding("kind", State.OK, f"UART, driver {port.driver or 'unknown'}")


def _permission(port: Port) -> Finding:
    info = port.real.stat()
    if os.access(port.real, os.R_OK | os.W_OK):
        return Finding("permission", State.OK, "may be read and written")
    try:
        group = grp.getgrgid(info.st_gid)
    except KeyError:
        return Finding("permission", State.PROBLEM, f"belongs to group {info.st_gid}, which has no name")
    user = os.environ.get("USER", "the user")
    if user in group.gr_mem:
        return Finding(
            "permission", State.PROBLEM, f"{user} joined {group.gr_name} after logging in", "log out and in again"
        )
    return Finding(
        "permission", State.PROBLEM, f"{user} is not in group {group.gr_name}", f"sudo adduser {user} {group.gr_name}"
    )


def _held(port: Port) -> Finding:
    by = holders(str(port.real))
    if by:
        return Finding("holder", State.PROBLEM, f"held by {by}", "stop that process, or use another port")
    hidden = "" if os.geteuid() == 0 else " (other users' processes show only to root)"
    return Finding("holder", State.OK, f"nobody holds it{hidden}")


def _lock_file(port: Port, roots: Roots) -> Iterator[Finding]:
    file = roots.lock / f"LCK..{port.real.name}"
    if not file.exists():
        return
    owner = _text(file).split()[:1]
    if owner and (roots.proc / owner[0]).exists():
        yield Finding("lock", State.PROBLEM, f"{file} is process {owner[0]}'s", "stop that process")
    else:
        yield Finding("lock", State.NOTE, f"{file} was left by a process that has ended", f"sudo rm {file}")


def _latency(port: Port, roots: Roots) -> Iterator[Finding]:
    file = roots.sys / "class/tty" / port.real.name / "device/latency_timer"
    text = _text(file)
    if not text.isdigit():
        return
    if int(text) <= _LATENCY_MS:
        yield Finding("latency", State.OK, f"latency timer {text} ms")
        return
    what = f"latency timer {text} ms: fast meters may begin to answer after 20 ms"
    yield Finding("latency", State.NOTE, what, f"echo 1 | sudo tee {file}; for good: packaging/udev/70-metergate.rules")


def _console(port: Port, roots: Roots) -> Iterator[Finding]:
    words = [word.removeprefix("console=").split(",")[0] for word in _text(roots.proc / "cmdline").split()]
    if port.real.name in words:
        do = "take console=... out of the kernel's command line (Raspberry Pi: raspi-config, Serial Port)"
        yield Finding("console", State.PROBLEM, "the kernel uses it as its console", do)


def _modem_manager(port: Port, roots: Roots) -> Iterator[Finding]:
    if not port.usb:
        return
    for process in roots.proc.glob("[0-9]*/comm"):
        if _text(process) == "ModemManager":
            do = "install packaging/udev/70-metergate.rules, or: sudo systemctl disable --now ModemManager"
            yield Finding("modem", State.NOTE, "ModemManager runs and talks to every new port", do)
            return


def _profile(found: tuple[str, Probe] | None) -> Iterator[Finding]:
    if found is None:
        return
    name, probe = found
    says = [
        f"{line.upper()} {'up' if up else 'down'}"
        for line, up in (("dtr", probe.dtr), ("rts", probe.rts))
        if up is not None
    ]
    says += [f"{probe.settle_ms} ms to settle"] if probe.settle_ms else []
    says += [f"echo {probe.echo}"] if probe.echo != "no" else []
    says += [] if probe.parity else ["no hardware parity"]
    yield Finding("probe", State.OK, f"{name}: {probe.what}" + (f" ({', '.join(says)})" if says else ""))
    for advice in probe.advice:
        yield Finding("probe", State.NOTE, f"{name}", advice)


def _stable_name(port: Port, roots: Roots) -> Iterator[Finding]:
    if not port.usb or port.path != port.real:
        return
    for link in sorted((roots.dev / "serial/by-id").glob("*")):
        if link.resolve() == port.real:
            yield Finding("name", State.NOTE, f"{port.real.name} changes with the order of plugging", f"name it {link}")
            return


def _opens(port: Port) -> Finding:
    """Open it, see whether it takes the 300 Bd at which every optical meter begins, and put it back as it was."""
    try:
        fd = os.open(port.real, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    except OSError as error:
        return Finding("opening", State.PROBLEM, f"cannot be opened ({error.strerror})")
    try:
        before = termios.tcgetattr(fd)
        wanted = [*before[:4], termios.B300, termios.B300, before[6]]
        termios.tcsetattr(fd, termios.TCSANOW, wanted)
        taken = termios.tcgetattr(fd)[4] == termios.B300
        termios.tcsetattr(fd, termios.TCSANOW, before)
    except termios.error as error:
        return Finding(
            "opening", State.PROBLEM, f"takes no line setting ({error.args[-1]})", "is it a serial port at all?"
        )
    finally:
        os.close(fd)
    if taken:
        return Finding("opening", State.OK, "opens, and takes 300 Bd")
    return Finding("opening", State.PROBLEM, "does not take 300 Bd", "this chip cannot sign on to an optical meter")
