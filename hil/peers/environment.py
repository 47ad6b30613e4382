"""Environments for peers: one virtual environment each under ``.venv-peers/``, made with pip when first asked for.

No peer is a dependency of metergate, and none is imported by it: their licences do not all allow that, and their versions
must not bind ours. ``python -m hil.peers.environment NAME ...`` makes environments and prints their interpreters.
"""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import venv
from pathlib import Path

#: name -> what pip installs. A line is pinned, so that a figure or a disagreement can be had again.
PEERS: dict[str, tuple[str, ...]] = {
    # GPL-2.0-only: may not be combined with this program, only talked to.
    "gurux": ("gurux-dlms==1.0.203",),
    # Business Source License 1.1: run here as an oracle, never distributed with this program.
    "dlms-cosem": ("dlms-cosem==25.1.0",),
    "dsmr-parser": ("dsmr-parser==1.11.2",),
    "smllib": ("smllib==1.7",),
    "iec62056-21": ("iec62056-21==0.0.2",),
    # Apache-2.0. Carries SunSpec's models as JSON.
    "pysunspec2": ("pysunspec2==1.3.7",),
    "xsdata": ("xsdata[cli,lxml]==26.10",),
}

#: Where they are made; another place may be named, e.g. one that several checkouts share.
FOLDER = Path(os.environ.get("METERGATE_PEERS", Path(__file__).resolve().parents[2] / ".venv-peers"))
#: How long pip may take: a slow Pi compiles nothing here but may download slowly.
_INSTALL_S = 600


class PeerUnavailable(Exception):
    """The environment of a peer could not be made; the text says why (no network, no wheel)."""


def python(name: str) -> Path:
    """The interpreter of a peer's environment, made now if need be. Raises PeerUnavailable, KeyError for an unknown name.

    Safe to be called by several processes at once: the first makes it, the others wait.
    """
    wanted = "\n".join(PEERS[name])
    folder = FOLDER / name
    interpreter, stamp = folder / "bin" / "python", folder / "installed"
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (FOLDER / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if stamp.is_file() and stamp.read_text() == wanted and interpreter.exists():
            return interpreter
        venv.create(folder, clear=True, with_pip=True)
        _install(interpreter, PEERS[name])
        stamp.write_text(wanted)
    return interpreter


def _install(interpreter: Path, requirements: tuple[str, ...]) -> None:
    command = [str(interpreter), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *requirements]
    try:
        subprocess.run(command, check=True, capture_output=True, text=True, timeout=_INSTALL_S)  # noqa: S603 - fixed words
    except subprocess.CalledProcessError as error:
        last = (error.stderr.strip().splitlines() or ["pip says nothing"])[-1]
        raise PeerUnavailable(f"pip install {' '.join(requirements)}: {last}") from error
    except subprocess.TimeoutExpired as error:
        raise PeerUnavailable(f"pip install {' '.join(requirements)}: not done in {_INSTALL_S} s") from error


def main(names: list[str]) -> int:
    """Make the environments of ``names`` (all without) and print their interpreters."""
    for name in names or list(PEERS):
        if name not in PEERS:
            print(f"no peer {name!r}; known are {', '.join(PEERS)}", file=sys.stderr)
            return 2
        try:
            print(name, python(name))
        except PeerUnavailable as error:
            print(f"{name}: {error}", file=sys.stderr)
            return 3
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
