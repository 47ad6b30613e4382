"""The second half of the demo: the gateway itself over one emulated meter of every family, and a head end that listens."""

from __future__ import annotations

import queue
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from hil.head_end import HeadEnd, Received

#: name in the configuration -> (emulated meter, how its URL begins, what stands behind the address)
METERS = {
    "optical": ("iec62056-21/history-star", "iec62056-21:", ""),
    "p1": ("p1/dsmr-5", "p1:", ""),
    "sml": ("sml/ehz", "sml:", ""),
    "d0": ("d0/ebz", "d0:", ""),
    "dlms": ("dlms/household", "dlms://", "?client=16&server=1"),
    "modbus": ("modbus/eastron/sdm630", "modbus:", "?unit=1&baud=9600"),
}
GATEWAY = """\
[gateway]
name = "demo"
state = "{state}"
zone = "Europe/Berlin"
jitter = "0s"

[[sink]]
type = "http"
name = "head-end"
url = "{url}"
"""
METER = """
[[meter]]
name = "{name}"
url = "{url}"
{more}
[[meter.read]]
every = "10s"
"""


@contextmanager
def gateway(out: Path, ports: dict[str, str], metergate: list[str]) -> Iterator[HeadEnd]:
    """Run ``metergate run`` over the emulated meters at ``ports``; gives the head end it delivers to."""
    head_end = HeadEnd()
    file = out / "metergate.toml"
    text = GATEWAY.format(state=out / "state", url=head_end.url)
    for name, (_, scheme, behind) in METERS.items():
        more = 'map = "eastron/sdm630"' if name == "modbus" else ""
        text += METER.format(name=name, url=f"{scheme}{ports[name]}{behind}", more=more)
    file.write_text(text)
    with (out / "metergate.log").open("wb") as log:
        running = subprocess.Popen([*metergate, "run", "-c", str(file)], stderr=log)  # noqa: S603
    try:
        yield head_end
    finally:
        running.send_signal(signal.SIGTERM)
        running.wait(20)
        head_end.close()


def listen(head_end: HeadEnd, meters: int, seconds: float, say: Callable[[str], None]) -> dict[str, Received]:
    """Wait until every meter was heard of, ``seconds`` at the most; the first message of each meter, told as it comes."""
    found: dict[str, Received] = {}
    deadline = time.monotonic() + seconds
    while len(found) < meters and (left := deadline - time.monotonic()) > 0:
        try:
            message = head_end.received.get(timeout=left)
        except queue.Empty:
            break
        new = [meter for meter in message.meters[:1] if meter not in found]
        if message.noun == "MeterReadings" and new:
            found[new[0]] = message
            say(
                f"head end: {message.verb} {message.noun} from {message.source}: meter {new[0]}, {message.readings} readings"
            )
    return found
