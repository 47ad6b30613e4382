"""What the gateway costs on a small machine: memory when idle, time to the first poll, processor and card per reading."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from row import Row

from hil.head_end import HeadEnd

METERGATE = [sys.executable, "-m", "gateway.cli"]
MOSQUITTO = shutil.which("mosquitto", path=os.environ.get("PATH", "") + ":/usr/sbin")
#: Long enough for some hundred messages, short enough to be run again.
COUNTED_S = 30.0

GATEWAY = """
[gateway]
name = "bench"
state = "{folder}/state"
jitter = "0s"
"""
SERIAL = """
[[meter]]
name = "probe"
url = "iec62056-21:{port}"
[[meter.read]]
every = "15min"
"""
MODBUS = """
[[meter]]
name = "m{number}"
url = "modbus://{address}?unit=1"
map = "eastron/sdm630"
[[meter.read]]
every = "1s"
"""
FIVE_S = """
[[meter]]
name = "{name}"
url = "{url}"
[[meter.read]]
every = "5s"
"""
DOOR = """
[gateway.metrics]
port = {metrics}
[headend.http]
port = {door}
[[headend.source]]
name = "HE-001"
token = "he-001/token"
[[headend.source.may]]
verbs = ["*"]
nouns = ["*"]
"""
MQTT = """
[[sink]]
type = "mqtt"
name = "broker"
host = "127.0.0.1"
port = {port}
"""
DIRECTORY = """
[[sink]]
type = "directory"
name = "files"
path = "{folder}/out"
"""


@contextlib.contextmanager
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="metergate-bench-") as made:
        yield Path(made)


@contextlib.contextmanager
def gateway(where: Path, *tables: str) -> Iterator[subprocess.Popen[str]]:
    """A running gateway, from when it says that it runs."""
    file = where / "metergate.toml"
    file.write_text("".join(tables))
    process = subprocess.Popen([*METERGATE, "run", "-c", file], stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    for line in process.stderr:
        if "running" in line:
            break
    yield process
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)


@contextlib.contextmanager
def emulated(profile: str, *options: str) -> Iterator[str]:
    process = subprocess.Popen([*METERGATE, "emulate", profile, *options], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    yield process.stdout.readline().strip()
    process.terminate()
    process.communicate()


@contextlib.contextmanager
def broker(where: Path) -> Iterator[int]:
    """A Mosquitto; without one the port of nobody, which costs the sink's code all the same."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = int(probe.getsockname()[1])
    if MOSQUITTO is None:
        yield port
        return
    config = where / "mosquitto.conf"
    config.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\n")
    process = subprocess.Popen([MOSQUITTO, "-c", config], stderr=subprocess.DEVNULL)
    yield port
    process.terminate()
    process.wait()


def memory(pid: int) -> float:
    """MiB resident."""
    (line,) = [line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmRSS:")]
    return int(line.split()[1]) / 1024


def spent(pid: int) -> tuple[float, int]:
    """Processor seconds, and bytes that were given to the disk."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    io = dict(line.split(": ") for line in Path(f"/proc/{pid}/io").read_text().splitlines())
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK"), int(io["write_bytes"])


def counted(where: Path) -> tuple[int, int]:
    """Readings kept, and places that the outbox gave: messages accepted."""
    with contextlib.closing(sqlite3.connect(f"file:{where}/state/store.sqlite?mode=ro", uri=True)) as store:
        readings = store.execute("SELECT count(*) FROM reading").fetchone()[0]
        messages = store.execute("SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'outbox'").fetchone()[
            0
        ]
        return readings, messages


def idle() -> Iterator[Row]:
    with folder() as where, broker(where) as port, emulated("iec62056-21/history-star", "--speed", "max") as pty:
        often = SERIAL.replace("15min", "5s")
        tables = (GATEWAY.format(folder=where), often.format(port=pty), MQTT.format(port=port))
        with gateway(where, *tables) as process:
            deadline = time.monotonic() + 60
            while counted(where)[1] == 0 and time.monotonic() < deadline:
                time.sleep(0.5)
            time.sleep(5)
            said = "" if MOSQUITTO else ", no broker here"
            yield Row(f"RSS after reads, one serial link, one MQTT sink{said}", memory(process.pid), "MiB", 64)


def everything() -> Iterator[Row]:
    """One meter of each family but the radio, three sinks, the head end's door and the figures for Prometheus."""
    os.environ["METERGATE_KEY_HE_001_TOKEN"] = "text:secret"
    with folder() as where, broker(where) as port, contextlib.ExitStack() as bench:
        head_end = HeadEnd()
        bench.callback(head_end.close)
        urls = {
            "probe": "iec62056-21:" + bench.enter_context(emulated("iec62056-21/history-star", "--speed", "max")),
            "cosem": f"dlms://{bench.enter_context(emulated('dlms/household'))}?client=16",
            "modbus": bench.enter_context(emulated("modbus/eastron/sdm630", "--listen", "modbus://127.0.0.1:0")),
            "p1": "p1:" + bench.enter_context(emulated("p1/dsmr-5", "--speed", "max")),
            "sml": "sml:" + bench.enter_context(emulated("sml/ehz", "--speed", "max")),
        }
        tables = [GATEWAY.format(folder=where), MQTT.format(port=port), DIRECTORY.format(folder=where)]
        tables.append(f'[[sink]]\ntype = "http"\nname = "mdm"\nurl = "{head_end.url}"\n')
        tables.append(DOOR.format(door=free_port(), metrics=free_port()))
        tables += [FIVE_S.format(name=name, url=url) for name, url in urls.items()]
        with gateway(where, *tables) as process:
            deadline = time.monotonic() + 60
            while {one.source for one in list(head_end.received.queue)} == set() and time.monotonic() < deadline:
                time.sleep(0.5)
            time.sleep(15)
            with contextlib.closing(sqlite3.connect(f"file:{where}/state/store.sqlite?mode=ro", uri=True)) as store:
                (read,) = store.execute("SELECT count(DISTINCT meter) FROM reading").fetchone()
            if read < len(urls):
                raise RuntimeError(f"only {read} of {len(urls)} meters were read")
            what = "RSS after reads: five families, sinks MQTT, HTTP and folder, the door, figures"
            yield Row(what, memory(process.pid), "MiB", 80)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def first_poll() -> tuple[float, float]:
    """Seconds from the start of the command until a meter is asked, and of the processor in them.

    Boundaries are a second apart: half a second of it, on average, is waiting for the next.
    """
    with folder() as where, socket.create_server(("127.0.0.1", 0)) as meter:
        meter.settimeout(60)
        tables = (
            GATEWAY.format(folder=where),
            MODBUS.format(number=0, address=f"127.0.0.1:{meter.getsockname()[1]}"),
            DIRECTORY.format(folder=where),
        )
        file = where / "metergate.toml"
        file.write_text("".join(tables))
        started = time.monotonic()
        process = subprocess.Popen([*METERGATE, "run", "-c", file], stderr=subprocess.DEVNULL)
        meter.accept()[0].close()
        took, (cpu, _) = time.monotonic() - started, spent(process.pid)
        process.kill()
        process.wait()
        return took, cpu


def per_reading() -> Iterator[Row]:
    with folder() as where, contextlib.ExitStack() as meters:
        tables = [GATEWAY.format(folder=where), DIRECTORY.format(folder=where)]
        for number in range(5):
            profile = meters.enter_context(emulated("modbus/eastron/sdm630", "--listen", "modbus://127.0.0.1:0"))
            tables.append(MODBUS.format(number=number, address=profile.partition("//")[2].partition("?")[0]))
        with gateway(where, *tables) as process:
            time.sleep(5)
            (cpu0, bytes0), (readings0, messages0) = spent(process.pid), counted(where)
            time.sleep(COUNTED_S)
            (cpu1, bytes1), (readings1, messages1) = spent(process.pid), counted(where)
        readings, messages = readings1 - readings0, messages1 - messages0
        if not readings or not messages:
            raise RuntimeError("the emulated meters were not read")
        yield Row("messages counted, five Modbus TCP meters a second", messages, "")
        yield Row("readings in each message", readings / messages, "")
        yield Row("CPU per message, from the wire to the file", 1e3 * (cpu1 - cpu0) / messages, "ms")
        yield Row("CPU per reading", 1e6 * (cpu1 - cpu0) / readings, "µs")
        yield Row("bytes written per message, store and file", (bytes1 - bytes0) / messages, "B")
        yield Row("bytes written per reading", (bytes1 - bytes0) / readings, "B")


def rows() -> Iterator[Row]:
    yield from idle()
    yield from everything()
    polls = [first_poll() for _ in range(5)]
    yield Row("start to first poll, median of 5", statistics.median(took for took, _ in polls), "s", 1.5)
    yield Row("of which processor", statistics.median(cpu for _, cpu in polls), "s")
    yield from per_reading()
