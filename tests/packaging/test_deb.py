"""The Debian package: built here, its files where they belong, and its program runs from its own environment."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.peer, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def package(repository: Path) -> Path:
    if shutil.which("dpkg-deb") is None:
        pytest.skip("dpkg-deb is not here: packages are built on Debian")
    if not Path("/usr/bin/python3").exists():
        pytest.skip("the distribution's own Python is not here (apt install python3 python3-venv)")
    done = subprocess.run(["make", "deb"], cwd=repository, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return max((repository / "build").glob("metergate_*.deb"), key=lambda file: file.stat().st_mtime)


def test_files_are_where_they_belong(package: Path) -> None:
    listing = subprocess.run(["dpkg-deb", "--contents", package], capture_output=True, text=True, check=True).stdout
    files = {line.split()[5] for line in listing.splitlines()}
    for wanted in (
        "./usr/bin/metergate",
        "./lib/systemd/system/metergate.service",
        "./lib/udev/rules.d/70-metergate.rules",
        "./etc/metergate/metergate.toml",
        "./usr/share/doc/metergate/copyright",
    ):
        assert wanted in files
    assert not any("/site-packages/tests/" in file for file in files)
    assert {line.split()[1] for line in listing.splitlines()} == {"root/root"}


def test_its_program_runs(package: Path, tmp_path: Path, repository: Path) -> None:
    subprocess.run(["dpkg-deb", "--extract", package, tmp_path], check=True)
    script = (tmp_path / "usr/bin/metergate").read_text()
    assert script.startswith("#!/usr/lib/metergate/bin/python -I\n")
    # Not installed, so not at its place: the interpreter of the package is called by the path it has here.
    done = subprocess.run(
        [
            tmp_path / "usr/lib/metergate/bin/python",
            "-I",
            tmp_path / "usr/bin/metergate",
            "check",
            "-c",
            tmp_path / "etc/metergate/metergate.toml",
        ],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "good; " in done.stdout


def test_nothing_of_the_building_machine_is_in_it(package: Path, tmp_path: Path, repository: Path) -> None:
    subprocess.run(["dpkg-deb", "--extract", package, tmp_path], check=True)
    place = str(repository).encode()
    assert not [file for file in tmp_path.rglob("*") if file.is_file() and place in file.read_bytes()]
