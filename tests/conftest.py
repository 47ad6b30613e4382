"""What every test may use. Nothing in here is imported by name: tests ask for fixtures."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from lxml import etree

from hil.peers import environment

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


@pytest.fixture
def gurux_server(repository: Path) -> Iterator[Callable[..., str]]:
    """Starts COSEM servers whose bytes gurux-dlms makes (``hil/peers/gurux_server.py``); gives ``host:port``.

    Its arguments are those of the script. Skips where its environment cannot be made; use it in tests marked ``peer``.
    """
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: str) -> str:
        try:
            interpreter = environment.python("gurux")
        except environment.PeerUnavailable as error:
            pytest.skip(str(error))
        script = repository / "hil/peers/gurux_server.py"
        started.append(
            subprocess.Popen(
                [interpreter, script, *arguments], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
            )
        )
        stdout = started[-1].stdout
        assert stdout is not None
        return stdout.readline().strip()

    yield start
    for process in started:
        process.kill()
        process.communicate()
