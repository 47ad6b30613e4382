"""A head end for the bench: takes the messages that a gateway POSTs, and says of each what it is.

It reads the XML by its names alone and knows nothing of the gateway: what it prints is what any system would find there.
"""

from __future__ import annotations

import queue
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from xml.etree import ElementTree

#: A message of a month of a meter is 2 MB; what is larger is not for this bench.
_MOST_BYTES = 16 << 20


@dataclass(frozen=True, slots=True)
class Received:
    """One message: its header, the names of its meters, and how many values or events it holds."""

    verb: str
    noun: str
    source: str
    message_id: str
    meters: tuple[str, ...]
    readings: int
    intervals: int
    events: int


def read(body: bytes) -> Received:
    """Read a message by its element names. Raises ElementTree.ParseError for what is no XML."""
    root = ElementTree.fromstring(body)  # noqa: S314 - from the gateway on this bench

    def texts(*path: str) -> list[str]:
        found = [root]
        for name in path:
            found = [child for one in found for child in one.iter() if _local(child) == name and child is not one]
        return [one.text or "" for one in found]

    def count(name: str) -> int:
        return sum(_local(one) == name for one in root.iter())

    header = next(one for one in root.iter() if _local(one) == "Header")
    said = {_local(one): one.text or "" for one in header}
    names = [*texts("Meter", "Names", "name"), *texts("Assets", "Names", "name")]
    meters = tuple(dict.fromkeys(name for name in names if name not in ("serialNumber", "meterKey")))
    return Received(
        said.get("Verb", ""),
        said.get("Noun", ""),
        said.get("Source", ""),
        said.get("MessageID", ""),
        meters,
        count("Readings"),
        count("IntervalReadings"),
        count("EndDeviceEvent"),
    )


def _local(element: ElementTree.Element) -> str:
    return str(element.tag).rpartition("}")[2]


class HeadEnd:
    """Listens on a free port of this machine until it is closed; ``received`` gives what came, in order."""

    def __init__(self) -> None:
        self.received: queue.Queue[Received] = queue.Queue()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/messages"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        received = self.received

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                size = int(self.headers.get("Content-Length", "0"))
                if size > _MOST_BYTES:
                    self._answer(413)
                    return
                try:
                    received.put(read(self.rfile.read(size)))
                except (ElementTree.ParseError, StopIteration):
                    self._answer(400)
                    return
                self._answer(204)

            def _answer(self, status: int) -> None:
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Nothing: what was received is the log."""

        return Handler
