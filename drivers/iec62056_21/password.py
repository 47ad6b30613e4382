"""Passwords: P1 says one as it is, P2 answers the meter's operand by its maker's algorithm (IEC 62056-21, 6.5).

The algorithms of P2 are the makers' own and none comes with metergate. One is added by a package with an entry point of
the group ``metergate.iec62056_21.password`` whose name is what a device map or ``?algorithm=`` says, and whose object is
a function ``(operand: bytes, password: bytes) -> bytes``.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import entry_points

from drivers.errors import UsageError

GROUP = "metergate.iec62056_21.password"

#: Gets what stood in the brackets of P0 and the password; gives what goes into the brackets of P2.
Algorithm = Callable[[bytes, bytes], bytes]


def algorithm(name: str) -> Algorithm:
    """The maker's algorithm of that name. Raises UsageError when no installed package brings it."""
    found = {point.name: point for point in entry_points(group=GROUP)}
    if name not in found:
        raise UsageError(
            f"no password algorithm {name!r} is installed",
            do=f"none comes with metergate; install the package that brings it (entry points {GROUP})",
        )
    made: Algorithm = found[name].load()
    return made
