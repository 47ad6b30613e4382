"""What the soak is about: emulated meters that can be stopped and killed, a head end and a folder that go away, a gateway."""

from __future__ import annotations

import contextlib
import http.server
import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

METERGATE = [sys.executable, "-m", "gateway.cli"]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


class Meter:
    """An emulated meter that comes back at the same place."""

    def __init__(self, name: str, profile: str, url: str, *options: str, steady: bool = True) -> None:
        self.name, self.url, self.steady = name, url, steady
        self._command = [*METERGATE, "emulate", profile, *options]
        self.start()

    def start(self) -> None:
        self._process = subprocess.Popen(self._command, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self._process.stdout.readline()

    def silence(self) -> None:
        self._process.send_signal(signal.SIGSTOP)

    def speak(self) -> None:
        self._process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        self._process.kill()
        self._process.communicate()

    @property
    def alive(self) -> bool:
        return self._process.poll() is None


def meters(folder: Path) -> list[Meter]:
    """One of each family that polls, and one on a bad line."""
    dlms, modbus, bad = free_port(), free_port(), free_port()
    probe = folder / "probe"
    return [
        Meter("dlms", "dlms/household", f"dlms://127.0.0.1:{dlms}?client=16&server=1", "--listen", f"dlms://127.0.0.1:{dlms}"),
        Meter("modbus", "modbus/eastron/sdm630", f"modbus://127.0.0.1:{modbus}?unit=1", "--listen", f"modbus://127.0.0.1:{modbus}"),
        Meter("probe", "iec62056-21/history-star", f"iec62056-21:{probe}", "--link", str(probe), "--speed", "max"),
        Meter(
            "bad-line",
            "modbus/eastron/sdm630",
            f"modbus://127.0.0.1:{bad}?unit=1",
            *("--listen", f"modbus://127.0.0.1:{bad}", "--fault", "late=3000", "--fault", "late-every=7"),
            steady=False,
        ),
    ]  # fmt: skip


class HeadEnd:
    """Takes messages, or is away: then it says 503, or hangs up."""

    def __init__(self) -> None:
        self.away = False
        self.got: dict[str, bytes] = {}
        self.differing: list[str] = []
        self.again = 0
        head_end = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if head_end.away:
                    self.close_connection = True
                    if len(head_end.got) % 2:
                        return
                else:
                    head_end.take(self.headers["Idempotency-Key"], body)
                self.send_response(503 if head_end.away else 204)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *arguments: object) -> None: ...

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = int(self.server.server_address[1])
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def take(self, name: str, body: bytes) -> None:
        known = self.got.setdefault(name, body)
        self.again += known is not body
        if known != body:
            self.differing.append(name)


class Folder:
    """A directory sink's folder; away, a file stands where it was."""

    def __init__(self, parent: Path) -> None:
        self.path = parent / "out"
        self._held = parent / "out.held"

    def leave(self) -> None:
        with contextlib.suppress(FileNotFoundError):
            self.path.rename(self._held)
        self.path.touch()

    def come_back(self) -> None:
        self.path.unlink()
        if self._held.exists():
            self._held.rename(self.path)

    def bodies(self) -> set[bytes]:
        return {file.read_bytes() for file in self.path.glob("*.xml")}


class Gateway:
    """The gateway, and what the kernel says of it."""

    def __init__(self, folder: Path, tables: str) -> None:
        file = folder / "metergate.toml"
        file.write_text(tables)
        self.store = folder / "state" / "store.sqlite"
        self.log = folder / "log"
        with self.log.open("w") as log:
            self.process = subprocess.Popen([*METERGATE, "run", "-c", file], stderr=log)

    def memory(self) -> float:
        """MiB resident."""
        fields = Path(f"/proc/{self.process.pid}/statm").read_text().split()
        return int(fields[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20

    def descriptors(self) -> int:
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def stop(self) -> int:
        self.process.terminate()
        return self.process.wait(60)
