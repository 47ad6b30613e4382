"""The identification message ``/XXXZ[\\W]Ident CR LF`` (IEC 62056-21, 6.3.2), and what it says of the session to come."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

#: Baud character Z of modes C, D and E. 7 to 9 are reserved; SATEC's manual gives them these speeds.
_MODE_C = dict(zip("0123456789", (300, 600, 1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200), strict=True))
#: Baud character Z of mode B.
_MODE_B = dict(zip("ABCDEF", (600, 1200, 2400, 4800, 9600, 19200), strict=True))

#: Reaction time T_r that both sides keep at the least, in seconds: the third letter in lower case says the shorter one.
REACTION_S, SHORT_REACTION_S = 0.200, 0.020

_MESSAGE = re.compile(rb"/([A-Za-z]{2})([A-Za-z])([\x20-\x7e])((?:\\[\x20-\x7e])*)([^\r\n]*)\Z")
#: A longer line is no identification: 16 characters of the standard, and room for what makers add.
LONGEST = 80


class Mode(StrEnum):
    """How the meter goes on after its identification."""

    A = "A"
    B = "B"
    C = "C"


@dataclass(frozen=True, slots=True)
class Identification:
    """One identification message. ``baud`` is what Z offers (bits a second), ``options`` the characters W."""

    raw: str
    manufacturer: str
    baud_character: str
    options: str
    ident: str
    mode: Mode
    baud: int
    reaction_s: float

    @property
    def offers_mode_e(self) -> bool:
        """Whether ``\\2`` says that binary mode (HDLC) is there as well."""
        return "2" in self.options


def parse(line: bytes) -> Identification:
    """Read one line, without its CR LF. Raises ValueError when it is no identification message.

    A request that came back as an echo (``/?...!``) is none. Z of no table means mode A, 300 Bd throughout (6.4.1).
    """
    match = _MESSAGE.match(line) if len(line) <= LONGEST else None
    if match is None:
        raise ValueError("no identification message")
    first, third, z, options, ident = (part.decode("ascii", "replace") for part in match.groups())
    if z in _MODE_C:
        mode, baud = Mode.C, _MODE_C[z]
    elif z in _MODE_B:
        mode, baud = Mode.B, _MODE_B[z]
    else:
        mode, baud = Mode.A, 300
    return Identification(
        raw=line.decode("ascii", "replace"),
        manufacturer=(first + third).upper(),
        baud_character=z,
        options=options[1::2],
        ident=ident.strip(),
        mode=mode,
        baud=baud,
        reaction_s=SHORT_REACTION_S if third.islower() else REACTION_S,
    )


def baud_character(baud: int) -> str:
    """Z for a speed of mode C. Raises ValueError for one that has none."""
    for character, speed in _MODE_C.items():
        if speed == baud:
            return character
    raise ValueError(f"{baud} Bd has no baud character in mode C")
