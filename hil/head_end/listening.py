"""The ear of the head end: takes the messages that a gateway POSTs."""

from __future__ import annotations

import queue
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from xml.etree import ElementTree

from hil.head_end.received import Received, read

#: A message of a month of a meter is 2 MB; what is larger is not for this bench.
_MOST_BYTES = 16 << 20


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
                    message = read(self.rfile.read(size))
                except ElementTree.ParseError:
                    self._answer(400)
                    return
                if not message.noun:
                    self._answer(400)
                    return
                received.put(message)
                self._answer(204)

            def _answer(self, status: int) -> None:
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Nothing: what was received is the log."""

        return Handler
