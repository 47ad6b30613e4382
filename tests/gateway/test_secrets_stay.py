"""Secrets are where they belong: in no log, dead letter, metric or bundle, also when a head end says them back."""

from __future__ import annotations

import http.server
import os
import socket
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

TOKEN, PASSWORD, FROM_ENVIRONMENT = "planted-t0ken-4711", "planted-passw0rd", "planted-env-s3cret"
KEY = bytes(range(0x41, 0x51))
CONFIG = """
[gateway]
name = "g"
state = "{state}"
keys = "{keys}"
jitter = "0s"
[gateway.metrics]
port = {metrics}
[[meter]]
name = "main"
url = "dlms://{address}?client=16&server=1"
[[meter.read]]
every = "1s"
registers = ["1-0:1.8.0*255"]
[[meter]]
name = "closed"
url = "dlms://{address}?client=2&server=1"
[[meter.read]]
every = "1s"
[[sink]]
type = "http"
name = "parrot"
url = "http://127.0.0.1:{head_end}/"
token = "sink/parrot"
[[sink]]
type = "mqtt"
name = "nobody"
host = "127.0.0.1"
port = 1
user = "g"
password = "sink/nobody"
"""


@pytest.fixture
def parrot() -> Iterator[int]:
    """A head end that refuses, and repeats the credential that it was sent."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            said = f"no: {self.headers['Authorization']}".encode()
            self.send_response(400)
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, *arguments: object) -> None: ...

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield int(server.server_address[1])
    server.shutdown()
    server.server_close()


@pytest.mark.paced
@pytest.mark.slow
def test_planted_secrets_are_found_nowhere(
    tmp_path: Path, emulated_meter: Callable[..., str], parrot: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        metrics = int(probe.getsockname()[1])
    keys, file = tmp_path / "keys.toml", tmp_path / "metergate.toml"
    keys.write_text(
        f'"sink/parrot" = "text:{TOKEN}"\n"sink/nobody" = "text:{PASSWORD}"\n"default/ek" = "hex:{KEY.hex()}"\n'
    )
    keys.chmod(0o600)
    address = emulated_meter("dlms/household", speed="max")
    file.write_text(
        CONFIG.format(state=tmp_path / "state", keys=keys, address=address, head_end=parrot, metrics=metrics)
    )
    # A secret where none belongs: what the bundle is for is finding such mistakes.
    with file.open("a") as config:
        config.write(f"# the old token was {TOKEN}\n")
    monkeypatch.setenv("METERGATE_KEY_DEFAULT_LLS", f"text:{FROM_ENVIRONMENT}")
    seen = []
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen([*METERGATE, "run", "-c", file], stderr=log)
        deadline = time.monotonic() + 90
        while not (refused := metergate("outbox", "--refused", "-c", file)) and time.monotonic() < deadline:
            assert process.poll() is None, (tmp_path / "log").read_text()
            time.sleep(0.2)
        seen.append(httpx.get(f"http://127.0.0.1:{metrics}/metrics", trust_env=False).content)
        process.terminate()
        assert process.wait(60) == 0
    assert "REFUSED" in refused
    assert "(secret)" in refused
    seen.append((tmp_path / "log").read_bytes())
    seen += [metergate(verb, "-c", file).encode() for verb in ("status", "outbox", "check")]
    metergate("bundle", "-c", file, tmp_path / "bundle.zip")
    assert (tmp_path / "bundle.zip").stat().st_mode & 0o077 == 0
    with zipfile.ZipFile(tmp_path / "bundle.zip") as bundle:
        parts = {name: bundle.read(name) for name in bundle.namelist()}
    assert {"status.jsonl", "outbox.jsonl", "secrets.txt", "log.txt", "store.txt"} <= set(parts)
    assert b"the old token was (secret)" in parts["configuration/0-metergate.toml"]
    assert b"quick_check: ok" in parts["store.txt"]
    for data in (*seen, *parts.values()):
        for secret in (TOKEN, PASSWORD, FROM_ENVIRONMENT, KEY.hex(), KEY.hex().upper(), KEY.decode()):
            assert secret.encode() not in data, data[:2000]


METERGATE = [sys.executable, "-m", "gateway.cli"]


def metergate(*arguments: object) -> str:
    done = subprocess.run(
        [*METERGATE, *map(str, arguments)], capture_output=True, text=True, check=False, env=dict(os.environ)
    )
    return done.stdout
