"""Sign-on: from silence to a meter that has been told what is wanted of it, and the line at the speed agreed on.

Theory of operation (IEC 62056-21, 6.3.1 to 6.3.3 and 6.4, the mode diagrams). The state moves with what was sent and
what came:

    WAKING (battery meters) ──NULs, silence──► CALLING
    CALLING ──request──► IDENTIFYING ──mode C, E──► ANSWERING ──option select──► CONFIRMING (binary mode only) ──► DONE
                             └──mode B: the line changes its speed, mode A: it stays─────────────────────────────►

An identification message never looks like a request, so an echo of the request needs no care here; in binary mode the
meter's confirmation is the very line that was sent, so there it is known from the sign-on whether the probe echoes.
"""

from __future__ import annotations

import re
from enum import Enum, auto

from drivers.errors import BadFrame, NoAnswer, NotSupported
from drivers.iec62056_21 import echo, parity
from drivers.iec62056_21.actions import Action, Finished, Receive, Send, SetBaud
from drivers.iec62056_21.block import ACK
from drivers.iec62056_21.identification import LONGEST, Identification, Mode, baud_character
from drivers.iec62056_21.identification import parse as parse_identification
from drivers.iec62056_21.timing import (
    AWAKE_AFTER_S,
    FIRST_BYTE_S,
    GAP_S,
    LINE_FEED_S,
    REPEATS,
    START_BAUD,
    WAKE_UP,
)

_LINE = re.compile(rb"/[^\r\n/]*(?:\r\n|\r|\n)")
_CONFIRMED = re.compile(rb"\x062[0-9]2\r?\n")


class Want(Enum):
    """What the option select message asks for: protocol control V and mode control Y (6.3.3)."""

    READOUT = ("0", "0")
    PROGRAMMING = ("0", "1")
    BINARY = ("2", "2")


class State(Enum):
    WAKING = auto()
    CALLING = auto()
    IDENTIFYING = auto()
    ANSWERING = auto()
    CONFIRMING = auto()
    DONE = auto()


class SignOn:
    """Signs on to ``address`` ("" for whoever is there) and says what is wanted.

    ``most_baud`` bounds the speed agreed to in mode C and E; ``call`` is ``?``, or a table digit where a meter takes
    one; ``reaction_s`` is a longer pause before speaking than the meter's class asks for; ``confirmation_s`` is how long a
    meter's confirmation of binary mode is waited for; ``wake`` sends what wakes a battery meter first. Out of
    ``received``: NoAnswer, BadFrame, and NotSupported when the meter has not the mode that is wanted.
    """

    def __init__(
        self,
        address: str = "",
        most_baud: int = 115200,
        call: str = "?",
        want: Want = Want.READOUT,
        reaction_s: float = 0.0,
        confirmation_s: float = FIRST_BYTE_S,
        wake: bool = False,
    ) -> None:
        self._request = parity.add(f"/{call}{address}!\r\n".encode("ascii"))
        self._most_baud = max(most_baud, START_BAUD)
        self._want = want
        self._reaction_s = reaction_s
        self._confirmation_s = confirmation_s
        self._state = State.WAKING if wake else State.CALLING
        self._rest_until = 0.0
        self._wire = bytearray()
        self._deadline = 0.0
        self._speak_at = 0.0
        self._repeats = REPEATS
        self._option = b""
        self._switch: int | None = None
        #: Who answered, once it has.
        self.identification: Identification | None = None
        self.baud = START_BAUD
        #: Whether the probe gave the request back.
        self.echoes = False
        #: Whether the meter's characters arrive with their parity bits; a UART may take them off.
        self.parity_bits = False
        #: In binary mode: whether the meter said its option select line back.
        self.confirmed = False

    @property
    def state(self) -> State:
        return self._state

    @property
    def who(self) -> Identification:
        """Who answered, of a sign-on that is finished."""
        assert self.identification is not None  # noqa: S101 - it does not finish without one
        return self.identification

    @property
    def switched(self) -> bool:
        """Whether the line left 300 Bd because both sides agreed to: what fails after that may go better slower."""
        known = self.identification
        return self._state in (State.CONFIRMING, State.DONE) and known is not None and known.mode is Mode.C

    @property
    def left(self) -> bytes:
        """What has come behind the sign-on: meters of mode A and B begin with their data at once."""
        return bytes(self._wire) if self._state is State.DONE else b""

    def next_action(self, now: float) -> Action:
        if self._switch is not None:
            self.baud, self._switch = self._switch, None
            return SetBaud(self.baud)
        if self._state is State.DONE:
            return Finished()
        if self._state is State.WAKING:
            return Send(WAKE_UP)
        if self._state is State.CALLING:
            return Send(self._request) if now >= self._rest_until else Receive(self._rest_until)
        if self._state is State.ANSWERING:
            return Send(self._option) if now >= self._speak_at else Receive(self._speak_at)
        return Receive(self._deadline)

    def sent(self, at: float) -> None:
        self._deadline = at + FIRST_BYTE_S
        self._wire.clear()
        if self._state is State.WAKING:
            self._rest_until = at + AWAKE_AFTER_S
            self._state = State.CALLING
        elif self._state is State.CALLING:
            self._state = State.IDENTIFYING
        else:
            self._switch = self._agreed()
            self._deadline = at + self._confirmation_s
            self._state = State.CONFIRMING if self._want is Want.BINARY else State.DONE

    def received(self, data: bytes, now: float) -> None:
        if self._state in (State.ANSWERING, State.CALLING):
            return  # the meter is waiting for us: what comes now is an echo or noise
        if data:
            self._wire += data
            self._deadline = now + GAP_S
        if self._state is State.IDENTIFYING:
            self._look_for_identification(now, not data)
        elif self._state is State.CONFIRMING:
            self._look_for_confirmation(not data)

    def _look_for_identification(self, now: float, late: bool) -> None:
        plain = parity.strip(bytes(self._wire))
        for match in _LINE.finditer(plain):
            try:
                identification = parse_identification(match.group().rstrip(b"\r\n"))
            except ValueError:
                continue
            if match.group().endswith(b"\r") and match.end() == len(plain) and not late:
                # T_r runs from the last character, and at 300 Bd the line feed is 33 ms on its way.
                self._deadline = now + LINE_FEED_S
                return
            before = parity.strip(self._request)
            self.echoes = plain[: match.start()].lstrip(b"\x00\x7f").startswith(before[: len(before) // 2])
            self.parity_bits = not self._wire[match.start() : match.end()].isascii()
            del self._wire[: match.end()]
            self._identified(identification, now)
            return
        if len(plain) > 20 * LONGEST:
            raise BadFrame(
                "characters and no identification message", do="is this meter of IEC 62056-21, and at 300 Bd?"
            )
        if late:
            self._nobody(plain)

    def _nobody(self, plain: bytes) -> None:
        if self._repeats:
            self._repeats -= 1
            self._wire.clear()
            self._state = State.CALLING
        elif len(plain.strip(b"\x00\x7f")) > len(self._request):
            raise BadFrame(f"{len(plain)} characters and no identification message", do="check the probe's seat")
        else:
            raise NoAnswer("the meter is silent", do="check the probe's seat and, if one is given, the address")

    def _identified(self, identification: Identification, now: float) -> None:
        self.identification = identification
        self._deadline = now + FIRST_BYTE_S
        if self._want is Want.BINARY and not (identification.mode is Mode.C and identification.offers_mode_e):
            raise NotSupported(
                f"the meter ({identification.raw}) does not offer mode E", do="read it with iec62056-21: instead"
            )
        if identification.mode is Mode.C:
            v, y = self._want.value
            self._option = parity.add(ACK + f"{v}{self._baud_character()}{y}\r\n".encode("ascii"))
            self._speak_at = now + max(identification.reaction_s, self._reaction_s)
            self._state = State.ANSWERING
            return
        if identification.mode is Mode.B:
            self._switch = identification.baud
        self._state = State.DONE

    def _look_for_confirmation(self, late: bool) -> None:
        plain = parity.strip(bytes(self._wire))
        rest = echo.without(plain, parity.strip(self._option)) if self.echoes else plain
        match = _CONFIRMED.search(rest or b"")
        if match is not None:
            self.confirmed = True
            self._wire.clear()
            self._state = State.DONE
        elif len(plain) > 4 * len(self._option):
            raise BadFrame(
                f"other characters in the place of the confirmation of mode E at {self.baud} Bd",
                do="try a lower speed: ?baud=300",
            )
        elif late:
            # Some meters say nothing before they are spoken to in HDLC.
            self._wire.clear()
            self._state = State.DONE

    def _agreed(self) -> int:
        offered = self.who.baud
        return offered if offered <= self._most_baud else _below(self._most_baud)

    def _baud_character(self) -> str:
        """Z of the option select message: the meter's own character where its speed is taken."""
        agreed, own = self._agreed(), self.who
        return own.baud_character if agreed == own.baud else baud_character(agreed)


def _below(baud: int) -> int:
    """The fastest speed of mode C that is not above ``baud``."""
    return max(speed for speed in (300, 600, 1200, 2400, 4800, 9600, 19200) if speed <= baud)
