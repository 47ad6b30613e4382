"""Peers stay outside: what is installed for them, where, and what the product itself depends on."""

from __future__ import annotations

import subprocess
import tomllib
from pathlib import Path

import pytest

from hil.peers import environment


def test_every_peer_is_named_by_its_package() -> None:
    assert {"gurux", "dlms-cosem", "dsmr-parser", "smllib", "iec62056-21", "xsdata"} <= set(environment.PEERS)


def test_no_peer_is_a_dependency_of_the_product(repository: Path) -> None:
    project = tomllib.loads((repository / "pyproject.toml").read_text())["project"]
    wanted = project["dependencies"] + [item for extra in project["optional-dependencies"].values() for item in extra]
    pins = {pin for peer in environment.PEERS.values() for pin in peer}
    assert not pins & set(wanted)
    assert not [item for item in wanted if item.lower().startswith(("gurux", "dsmr-parser", "smllib", "xsdata"))]


def test_an_unknown_peer_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert environment.main(["guru"]) == 2
    assert "gurux" in capsys.readouterr().err


@pytest.mark.slow
def test_a_package_that_is_not_to_be_had_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "FOLDER", tmp_path)
    monkeypatch.setitem(environment.PEERS, "absent", (str(tmp_path / "no-such-package.whl"),))
    with pytest.raises(environment.PeerUnavailable, match="no-such-package"):
        environment.python("absent")
    assert not (tmp_path / "absent" / "installed").exists()


@pytest.mark.peer
def test_a_peer_is_installed_once_and_apart(repository: Path) -> None:
    try:
        interpreter = environment.python("gurux")
    except environment.PeerUnavailable as error:
        pytest.skip(str(error))
    stamp = interpreter.parent.parent / "installed"
    made = stamp.stat().st_mtime
    assert environment.python("gurux") == interpreter
    assert stamp.stat().st_mtime == made
    program = "import gurux_dlms, sys; print(gurux_dlms.__file__)"
    found = subprocess.run([interpreter, "-c", program], capture_output=True, text=True, check=True, cwd="/")
    assert Path(found.stdout.strip()).is_relative_to(environment.FOLDER)
