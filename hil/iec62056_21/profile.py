"""An emulated meter as data: what stands in hil/profiles/iec62056-21/<name>.toml."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Programming:
    """Programming mode. ``refusal`` is what the meter does: ``error``, ``break`` or ``nak``.

    ``commands`` are those it knows; ``unknown`` what it says to others: ``nak``, ``error`` or ``ack``. ``block_bytes`` is
    the size of a partial block. After ``tries`` wrong passwords it stays locked. With ``p2`` the password is said by P2, in
    an algorithm of the bench's own and no maker's: digits of password and operand added, without carry.
    """

    operand: str = ""
    password: str = "00000000"  # noqa: S105 - what meters leave the works with
    tries: int = 3
    refusal: str = "error"
    commands: tuple[str, ...] = ("P1", "R1", "R3", "R5", "R6", "W1", "W5", "B0")
    unknown: str = "error"
    block_bytes: int = 256
    writable: tuple[str, ...] = ("0.9.1", "0.9.2")
    read_needs_password: bool = False
    p2: bool = False
    #: A lock that is a register, as LIS-200 has it: it takes the password as its code, and 0 in the other closes it.
    lock_opens: str = ""
    lock_closes: str = ""


@dataclass(frozen=True)
class MeterProfile:
    """``identification`` is the line without its CR LF; ``tables`` are the data sets by the digit that asks for them."""

    what: str
    mode: str
    identification: str
    tables: dict[str, str]
    address: str = ""
    reaction_ms: float = 200.0
    line_end: str = "\r\n"
    terminator: str = "\r\n!\r\n"
    wake_up: bool = False
    binary_acknowledged: bool = True
    programming: Programming | None = None
    load_profiles: tuple[dict[str, Any], ...] = ()
    logs: tuple[dict[str, Any], ...] = ()
    archives: tuple[dict[str, Any], ...] = ()

    @property
    def baud_character(self) -> str:
        """The fifth character of the identification message."""
        return self.identification[4]


def load(file: Path) -> MeterProfile:
    """Read a profile. Raises KeyError or TypeError where it is not complete: the profiles' own test finds that."""
    data = tomllib.loads(file.read_text())
    meter = data["meter"]
    programming = data.get("programming")
    return MeterProfile(
        what=data["what"],
        tables={digit: text.strip("\n") for digit, text in data["tables"].items()},
        programming=Programming(**{name: _frozen(value) for name, value in programming.items()})
        if programming is not None
        else None,
        load_profiles=tuple(data.get("load_profile", ())),
        logs=tuple(data.get("log", ())),
        archives=tuple(data.get("archive", ())),
        **meter,
    )


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
