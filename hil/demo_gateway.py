"""The second half of the demo: the gateway itself over one emulated meter of every family, and a head end that listens and asks."""

from __future__ import annotations

import os
import queue
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from hil.head_end import HeadEnd, Received
from hil.head_end.asking import over_http
from hil.head_end.flow import Runner, load

#: name in the configuration -> (emulated meter, how its URL begins, what stands behind the address)
METERS = {
    "optical": ("iec62056-21/history-star", "iec62056-21:", ""),
    "p1": ("p1/dsmr-5", "p1:", ""),
    "sml": ("sml/ehz", "sml:", ""),
    "d0": ("d0/ebz", "d0:", ""),
    "dlms": ("dlms/idis", "dlms://", "?client=1&auth=lls"),
    "modbus": ("modbus/eastron/sdm630", "modbus:", "?unit=1&baud=9600"),
    "home": ("zigbee-stick/house", "zigbee:", "?database={out}/zigbee.db"),
}
#: What a meter's table has beside its URL and what is read every ten seconds.
MORE = {
    "modbus": 'map = "eastron/sdm630"',
    "dlms": """[[meter.read]]
what = "profile"
profile = "1-0:99.1.0"
every = "1d"
""",
}
#: The password of the emulated DLMS meter, and what the head end shows to the gateway.
SECRETS = {"METERGATE_KEY_DEFAULT_LLS": "text:00000000", "METERGATE_KEY_HEAD_END": "text:of the demo"}
TOKEN = "of the demo"  # noqa: S105 - the demo's own
GATEWAY = """\
[gateway]
name = "demo"
state = "{state}"
zone = "Europe/Berlin"
jitter = "0s"

[headend]
answer_within = "60s"
[headend.http]
port = {port}
[[headend.source]]
name = "HE-001"
token = "head-end"
replies = "head-end"
[[headend.source.may]]
verbs = ["get", "create"]
nouns = ["MeterReadings", "EndDeviceControls"]

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
def gateway(out: Path, ports: dict[str, str], metergate: list[str]) -> Iterator[tuple[HeadEnd, str]]:
    """Run ``metergate run`` over the emulated meters at ``ports``; gives the head end it delivers to, and where it is asked."""
    head_end = HeadEnd()
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    file = out / "metergate.toml"
    text = GATEWAY.format(state=out / "state", url=head_end.url, port=port)
    for name, (_, scheme, behind) in METERS.items():
        url = f"{scheme}{ports[name]}{behind.format(out=out)}"
        text += METER.format(name=name, url=url, more=MORE.get(name, ""))
    file.write_text(text)
    with (out / "metergate.log").open("wb") as log:
        running = subprocess.Popen([*metergate, "run", "-c", str(file)], stderr=log, env={**os.environ, **SECRETS})  # noqa: S603
    try:
        yield head_end, f"http://127.0.0.1:{port}/messages"
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


def ask(head_end: HeadEnd, url: str, say: Callable[[str], None]) -> None:
    """The head end asks for what ``hil/flows/demo.toml`` says. Raises FlowFailed."""
    Runner("HE-001", over_http(url, TOKEN), head_end.received, say=say).run(load("demo"), {})
