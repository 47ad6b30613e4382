"""What every test may use. Nothing in here is imported by name: tests ask for fixtures."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import HealthCheck, settings
from lxml import etree

from hil.peers import environment

MOSQUITTO = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")
ROOT = Path(__file__).resolve().parent.parent

settings.register_profile("dev", max_examples=500, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", max_examples=20_000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "dev"))


@pytest.fixture(scope="session")
def repository() -> Path:
    """The root of the checkout."""
    return ROOT


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder beside the checkout that holds captures and oracles; skips where it is not."""
    folder = ROOT.parent / "shared"
    if not folder.is_dir():
        pytest.skip("no ../shared beside this checkout: captures and oracle schemas are not here")
    return folder


@pytest.fixture(scope="session")
def captures(shared: Path) -> Path:
    """Real meters' bytes, which never enter the repository."""
    return shared / "captures"


@pytest.fixture(scope="session")
def oracle_xsd() -> Path:
    """The folder of independent schemas (METERGATE_ORACLE_XSD); skips where it is not."""
    folder = Path(os.environ.get("METERGATE_ORACLE_XSD", ROOT.parent / "shared" / "oracle" / "xsd"))
    if not folder.is_dir():
        pytest.skip(f"no oracle schemas at {folder} (set METERGATE_ORACLE_XSD)")
    return folder


@pytest.fixture(scope="session")
def oracle(oracle_xsd: Path) -> Callable[[str], etree.XMLSchema]:
    """The independent schema of a payload or of the envelope (``Message``)."""
    return cache(lambda name: etree.XMLSchema(file=str(oracle_xsd / f"{name}.xsd")))


@pytest.fixture
def emulated_meter() -> Iterator[Callable[..., str]]:
    """``emulated_meter(profile, *faults)`` starts an emulated meter in a process of its own and returns where it is: at the
    real speed of its line, or with ``speed="max"`` with no waiting."""
    running: list[subprocess.Popen[str]] = []

    def start(profile: str, *faults: str, speed: str = "real") -> str:
        command = [sys.executable, "-m", "gateway.cli", "emulate", profile, "--speed", speed]
        for fault in faults:
            command += ["--fault", fault]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
        running.append(process)
        assert process.stdout is not None
        return process.stdout.readline().strip()

    yield start
    for process in running:
        process.terminate()
        process.wait(10)
        assert process.stdout is not None
        process.stdout.close()


def _servers(interpreter: str, script: Path) -> Iterator[Callable[..., str]]:
    """Starts COSEM servers of a peer; gives ``host:port``. Skips where its environment cannot be made."""
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: str) -> str:
        try:
            command = [environment.python(interpreter), script, *arguments]
        except environment.PeerUnavailable as error:
            pytest.skip(str(error))
        started.append(subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True))
        stdout = started[-1].stdout
        assert stdout is not None
        return stdout.readline().strip()

    yield start
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture
def gurux_server(repository: Path) -> Iterator[Callable[..., str]]:
    """COSEM servers whose bytes gurux-dlms makes; for tests marked ``peer``. Arguments as ``hil/peers/gurux_server.py``."""
    yield from _servers("gurux", repository / "hil/peers/gurux_server.py")


@pytest.fixture
def cosem_server(repository: Path) -> Iterator[Callable[..., str]]:
    """COSEM servers whose bytes dlms-cosem makes; for tests marked ``peer``. Arguments as ``hil/peers/cosem_server.py``."""
    yield from _servers("dlms-cosem", repository / "hil/peers/cosem_server.py")


class Broker:
    """A Mosquitto of this test's own, that can be stopped and started."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.config = folder / "mosquitto.conf"
        self.config.write_text(f"listener {self.port} 127.0.0.1\nallow_anonymous true\n")
        self.start()

    def start(self) -> None:
        assert MOSQUITTO is not None
        self.process = subprocess.Popen([MOSQUITTO, "-c", str(self.config)], stderr=subprocess.DEVNULL)
        for _ in range(500):
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
            except OSError:
                time.sleep(0.02)
                continue
            return
        raise RuntimeError("mosquitto did not start")

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait()


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    if MOSQUITTO is None:
        pytest.skip("mosquitto is not installed (apt install mosquitto)")
    made = Broker(tmp_path)
    yield made
    made.stop()


class Authority:
    """A certificate authority of this test's own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test authority")])
        self.file = folder / "ca.pem"
        self.file.write_bytes(self._sign(self.name, self.key, ca=True).public_bytes(serialization.Encoding.PEM))

    def issue(self, name: str) -> Path:
        """A certificate and its key in one file."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        file = self.folder / f"{name}.pem"
        file.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            + self._sign(subject, key, ca=False).public_bytes(serialization.Encoding.PEM)
        )
        return file

    def _sign(self, subject: x509.Name, key: ec.EllipticCurvePrivateKey, ca: bool) -> x509.Certificate:
        now = datetime.now(UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(hours=1))
            .not_valid_after(now + timedelta(hours=1))
            .add_extension(x509.BasicConstraints(ca, None), critical=True)
            .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False)
            .sign(self.key, hashes.SHA256())
        )


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tls"))
