"""Faults of emulated meters: a table of names, and what was asked for, checked against it."""

from __future__ import annotations

import difflib
from collections.abc import Mapping

#: Faults of the wire that every emulator on a pty knows: name -> (default value, what it does).
WIRE_FAULTS: dict[str, tuple[str, str]] = {
    "echo": ("", "the probe gives the client's own bytes back"),
    "partial-echo": ("3", "as echo, but every so-many-th byte is missing"),
    "chunk": ("16", "a USB chip's latency timer: bytes come in bundles this many ms apart"),
    "lenient": ("", "bytes at a wrong speed are understood all the same"),
}


class Faults:
    """The faults asked for, by name. Raises ValueError, naming the nearest, for one that is not in ``known``.

    A value is a number; durations are milliseconds. A fault that strikes once is taken with ``once``.
    """

    def __init__(self, asked: Mapping[str, str], known: Mapping[str, tuple[str, str]]) -> None:
        for name in asked:
            if name not in known:
                near = difflib.get_close_matches(name, known, 1)
                hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(sorted(known))}"
                raise ValueError(f"no fault {name!r}; {hint}")
        self._values = {name: value or known[name][0] for name, value in asked.items()}
        for name, value in self._values.items():
            if value and not value.replace(".", "", 1).isdigit():
                raise ValueError(f"fault {name}={value}: the value is not a number")
        self._struck: set[str] = set()

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def number(self, name: str) -> int:
        return int(float(self._values[name]))

    def seconds(self, name: str) -> float:
        """A duration given in milliseconds, as seconds."""
        return float(self._values[name]) / 1000

    def once(self, name: str) -> bool:
        """Whether the fault was asked for and has not struck yet; it has now."""
        if name not in self._values or name in self._struck:
            return False
        self._struck.add(name)
        return True
