"""A broker that goes away and comes back under a running gateway: every message is at the subscriber, none with other bytes."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from paho.mqtt import client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

pytestmark = pytest.mark.peer

CONFIG = """
[gateway]
name = "g"
state = "{state}"
jitter = "0s"
[[meter]]
name = "main"
url = "{url}"
map = "eastron/sdm630"
[[meter.read]]
every = "1s"
[[sink]]
type = "mqtt"
name = "broker"
host = "127.0.0.1"
port = {port}
"""


def subscriber(port: int, heard: list[bytes]) -> mqtt.Client:
    """Subscribes again whenever it is connected again."""
    client = mqtt.Client(CallbackAPIVersion.VERSION2, "head-end", protocol=mqtt.MQTTv5)
    client.on_connect = lambda client, *_: client.subscribe("metergate/g/#", qos=1)
    client.on_message = lambda _, __, message: heard.append(message.payload)
    client.reconnect_delay_set(1, 1)
    # What is said while it is away waits for it at the broker.
    kept = Properties(PacketTypes.CONNECT)
    kept.SessionExpiryInterval = 600
    client.connect("127.0.0.1", port, clean_start=False, properties=kept)
    client.loop_start()
    return client


def accepted(state: Path) -> int:
    with closing(sqlite3.connect(f"file:{state}/store.sqlite?mode=ro", uri=True, timeout=30)) as store:
        (row,) = store.execute("SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'outbox'").fetchall()
        return int(row[0])


def test_a_broker_that_restarts_twice(broker: Any, tmp_path: Path, repository: Path) -> None:
    # Its sessions and retained messages live through the restart, as those of a broker in the field do.
    broker.stop()
    broker.config.write_text(
        broker.config.read_text() + f"persistence true\npersistence_location {tmp_path}/\nuser root\n"
    )
    broker.start()
    heard: list[bytes] = []
    client = subscriber(broker.port, heard)
    command = [sys.executable, "-m", "gateway.cli", "emulate", "modbus/eastron/sdm630", "--speed", "max"]
    with subprocess.Popen(
        [*command, "--listen", "modbus://127.0.0.1:0"], cwd=repository, stdout=subprocess.PIPE, text=True
    ) as emulator:
        assert emulator.stdout is not None
        file, state = tmp_path / "metergate.toml", tmp_path / "state"
        file.write_text(CONFIG.format(state=state, url=emulator.stdout.readline().strip(), port=broker.port))
        with subprocess.Popen([sys.executable, "-m", "gateway.cli", "run", "-c", str(file)]) as gateway:
            try:
                for _ in range(2):
                    until(lambda: len(messages(heard)) >= 3)
                    broker.stop()
                    time.sleep(3)
                    heard_before = len(messages(heard))
                    broker.start()
                    until(lambda seen=heard_before: len(messages(heard)) > seen + 3)  # type: ignore[misc]
                gateway.send_signal(signal.SIGTERM)
                assert gateway.wait(60) == 0
                until(lambda: len(messages(heard)) == accepted(state))
            finally:
                gateway.kill()
                emulator.terminate()
                client.loop_stop()


def messages(heard: list[bytes]) -> dict[bytes, bytes]:
    """The messages by their MessageID. Raises AssertionError when one came again with other bytes."""
    found: dict[bytes, bytes] = {}
    for body in list(heard):
        if b"<MessageID>" in body:
            name = body.partition(b"<MessageID>")[2].partition(b"<")[0]
            assert found.setdefault(name, body) == body
    return found


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 90
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.2)
