"""``make demo``: emulated meters on real ptys at their real speed, read by the real ``metergate``, by hand and unattended.

First as a technician would: ``metergate emulate`` in one process, ``metergate read`` in another. The meter is read once; the
table is printed from that reading, and the MeterReadings are written from its trace. Then as an operator would:
``metergate run`` over one meter of every family, and a head end that says what it receives, and then asks: for a reading, for
yesterday, for a disconnect and for a price to be shown.
"""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

from hil.demo_gateway import METERS, ask, gateway, listen
from hil.head_end.flow import FlowFailed

PROFILE = "iec62056-21/history-star"
ZONE = "Europe/Berlin"
METERGATE = [sys.executable, "-m", "gateway.cli"]
ROOT = Path(__file__).resolve().parent.parent
OUT = Path("demo-out")
#: Each half ends within a minute, whatever happens; together they take some twenty seconds.
DEADLINE_S, GATEWAY_S = 55.0, 60.0


class DemoFailed(Exception):
    """A step did not do what it should; the text says which and what was seen."""


def main() -> int:
    started = time.monotonic()
    with contextlib.ExitStack() as stack:
        try:
            port = stack.enter_context(_emulated(PROFILE))
            print(f"An emulated meter ({PROFILE}) is on {port}, at the real speed of its line.", flush=True)
            _show(port, started)
            ports = {name: stack.enter_context(_emulated(profile)) for name, (profile, _, _) in METERS.items()}
            _deliver(ports)
        except (DemoFailed, subprocess.TimeoutExpired) as error:
            print(f"demo: {error}", file=sys.stderr)
            return 1
    print(f"Done in {time.monotonic() - started:.1f} s.")
    return 0


@contextlib.contextmanager
def _emulated(profile: str) -> Iterator[str]:
    # A stick that has its network and its devices already, as one that was set up has.
    more = ["--fault", "formed"] if profile.startswith("zigbee-stick/") else []
    emulator = subprocess.Popen([*METERGATE, "emulate", profile, *more], cwd=ROOT, stdout=subprocess.PIPE, text=True)  # noqa: S603
    try:
        yield _port(emulator)
    finally:
        emulator.terminate()
        emulator.wait(5)


def _deliver(ports: dict[str, str]) -> None:
    out = ROOT / OUT
    shutil.rmtree(out / "state", ignore_errors=True)
    (out / "zigbee.db").unlink(missing_ok=True)
    print(
        f"\n$ metergate run -c {OUT}/metergate.toml\n{', '.join(METERS)}: an emulated meter each, read every 10 s.",
        flush=True,
    )
    with gateway(out, ports, METERGATE) as (head_end, url):
        found = listen(head_end, len(METERS), GATEWAY_S, _say)
        if len(found) < len(METERS):
            raise DemoFailed(f"the head end heard of {len(found)} of {len(METERS)} meters; see {OUT}/metergate.log")
        print(f"The head end has heard of all {len(found)} meters. Now it asks:", flush=True)
        try:
            ask(head_end, url, _say)
        except (FlowFailed, OSError) as error:
            raise DemoFailed(f"{error}; see {OUT}/metergate.log") from error
    print(f"What the gateway said: {OUT}/metergate.log.")


def _say(line: str) -> None:
    print(line, flush=True)


def _port(emulator: subprocess.Popen[str]) -> str:
    port = emulator.stdout.readline().strip() if emulator.stdout else ""
    if not port:
        raise DemoFailed(f"metergate emulate gave no port (exit code {emulator.wait(5)})")
    return port


def _show(port: str, started: float) -> None:
    out = ROOT / OUT
    out.mkdir(exist_ok=True)
    trace, xml = OUT / "reading.trace", OUT / "MeterReadings.xml"
    for file in (trace, xml):
        (ROOT / file).unlink(missing_ok=True)
    _run(started, "read", f"iec62056-21:{port}", "--zone", ZONE, "--trace", str(trace), "--format", "table")
    _run(started, "read", f"iec62056-21:{trace}", "--zone", ZONE, "--format", "xml", "--out", str(xml))
    root = ElementTree.parse(ROOT / xml).getroot()  # noqa: S314 - our own file, made a moment ago
    readings = sum(1 for element in root.iter() if element.tag.endswith("}Readings"))
    if not root.tag.endswith("}MeterReadings") or not readings:
        raise DemoFailed(f"{xml} holds no MeterReadings")
    print(f"Wrote {xml}: MeterReadings of IEC 61968-9 with {readings} readings. Every byte of the line: {trace}.")


def _run(started: float, *arguments: str) -> None:
    print(f"\n$ metergate {' '.join(arguments)}", flush=True)
    left = DEADLINE_S - (time.monotonic() - started)
    done = subprocess.run([*METERGATE, *arguments], cwd=ROOT, timeout=left, check=False)  # noqa: S603
    if done.returncode:
        raise DemoFailed(f"metergate {arguments[0]} ended with exit code {done.returncode}")


if __name__ == "__main__":
    sys.exit(main())
