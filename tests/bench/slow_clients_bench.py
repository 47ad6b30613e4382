"""Whether clients that are slow, huge or half open delay the schedule: how late five meters are read every second, with
nobody at the door and with a crowd there."""

from __future__ import annotations

import contextlib
import os
import re
import socket
import statistics
import threading
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from gateway_bench import DIRECTORY, GATEWAY, MODBUS, emulated, folder, gateway
from row import Row

COUNTED_S = 20.0
DOOR = """
[headend.http]
port = {port}
[[headend.source]]
name = "HE-001"
token = "he-001/token"
[[headend.source.may]]
verbs = ["*"]
nouns = ["*"]
"""
_TIME = re.compile(rb"<Timestamp>([^<]+)<")


def lateness(where: Path, since: float, until: float = float("inf")) -> list[float]:
    """Seconds after its boundary, of each message in between, sorted."""
    times = [_TIME.search(file.read_bytes()) for file in (where / "out").glob("*.xml")]
    stamps = [datetime.fromisoformat(found[1].decode()).timestamp() for found in times if found is not None]
    return sorted(stamp % 1 for stamp in stamps if since <= stamp < until)


@contextlib.contextmanager
def crowd(port: int) -> Iterator[None]:
    """150 that send half a head, 20 that send a byte of a body each second, 4 that pour bytes without end."""
    over = threading.Event()
    sockets = [socket.create_connection(("127.0.0.1", port)) for _ in range(170)]
    for one in sockets[:150]:
        one.sendall(b"POST /messages HTTP/1.1\r\nHost: x\r\n")
    for one in sockets[150:]:
        one.sendall(
            b"POST /messages HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer secret\r\nContent-Length: 9000\r\n\r\n"
        )

    def dribble() -> None:
        while not over.wait(1):
            for one in sockets[150:]:
                with contextlib.suppress(OSError):
                    one.sendall(b"<")

    def pour() -> None:
        while not over.is_set():
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=2) as one:
                one.sendall(
                    b"POST /messages HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer secret\r\nContent-Length: 999999999\r\n\r\n"
                )
                while not over.is_set():
                    one.sendall(b"x" * 65536)
            # Refused at the limit; whoever comes again at once is no slow client but another trouble.
            over.wait(0.5)

    threads = [threading.Thread(target=dribble), *(threading.Thread(target=pour) for _ in range(4))]
    for thread in threads:
        thread.start()
    yield
    over.set()
    for thread in threads:
        thread.join()
    for one in sockets:
        one.close()


def rows() -> Iterator[Row]:
    os.environ["METERGATE_KEY_HE_001_TOKEN"] = "text:secret"
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    with folder() as where, contextlib.ExitStack() as meters:
        tables = [GATEWAY.format(folder=where), DIRECTORY.format(folder=where), DOOR.format(port=port)]
        for number in range(5):
            url = meters.enter_context(emulated("modbus/eastron/sdm630", "--listen", "modbus://127.0.0.1:0"))
            tables.append(MODBUS.format(number=number, address=url.partition("//")[2].partition("?")[0]))
        with gateway(where, *tables):
            time.sleep(5)
            quiet = time.time()
            time.sleep(COUNTED_S)
            with crowd(port):
                busy = time.time()
                time.sleep(COUNTED_S)
                late = lateness(where, busy)
            before = lateness(where, quiet, busy)
    yield Row("messages of five meters in 20 s with nobody at the door", len(before), "", 95, most=False)
    yield Row("with a crowd there", len(late), "", 95, most=False)
    yield Row("read, judged and said after the boundary, nobody there, median", 1e3 * statistics.median(before), "ms")
    yield Row("with a crowd there, median", 1e3 * statistics.median(late), "ms")
    yield Row("with a crowd there, p99", 1e3 * late[len(late) * 99 // 100], "ms", 1000)
