"""One readout session as a state machine: bytes and times in, actions out (IEC 62056-21, 6.3 and 6.4, modes A, B, C).

Theory of operation. The caller asks ``next_action(now)`` and does what it says: ``Send`` bytes (then tell ``sent`` when
their last stop bit left), ``SetBaud`` at once, ``Receive`` until a moment (then tell ``received``, with ``b""`` when
the moment passed), or ``Finished``. The session opens nothing, sleeps never and reads no clock.

    CALLING ──request──► IDENTIFYING ──mode C──► ANSWERING ──ACK──► SWITCHING ──► READING ──► DONE
                             │  └──mode B: SetBaud──────────────────────────────────►  ▲ │
                             └─────mode A────────────────────────────────────────────►─┘ └─BCC wrong─► REPEATING ─┘

Bytes go both ways as they stand on an 8N1 line: this module adds and checks the parity bit itself. An echo of what was
sent needs no care of its own: an identification message never looks like a request, and a block begins at its STX.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto

from drivers.errors import BadFrame, NoAnswer
from drivers.iec62056_21 import parity
from drivers.iec62056_21.block import ACK, NAK, check_character
from drivers.iec62056_21.identification import LONGEST, Identification, Mode, baud_character
from drivers.iec62056_21.identification import parse as parse_identification

#: The first character of an answer: T_r is 1.5 s at most (6.4.3.1); real gear is slower, modems more so (field).
FIRST_BYTE_S = 2.2
#: Between two characters: T_a is 1.5 s at most (6.4.3.1); the rest is a USB probe's and a busy gateway's.
GAP_S = 2.0
#: Longer blocks have not been seen, and a babbling line must end.
MOST_BYTES = 1 << 18
#: Every session begins at this speed (5.2).
START_BAUD = 300
#: How often a request or a block is asked for again.
REPEATS = 1

_LINE = re.compile(rb"/[^\r\n/]*[\r\n]")
_BLOCK = re.compile(rb"\x02([^\x03\x04]*[\x03\x04])(.)", re.DOTALL)
#: The end of a data block that has no STX: ``!`` and a line end.
_BARE_END = re.compile(rb"!\r?\n")


@dataclass(frozen=True, slots=True)
class Send:
    """Send these characters, parity bits included; then call ``sent``."""

    data: bytes


@dataclass(frozen=True, slots=True)
class SetBaud:
    """Change the line in place, at once: the meter may answer 20 ms after the last stop bit."""

    baud: int


@dataclass(frozen=True, slots=True)
class Receive:
    """Give what arrives by ``until`` to ``received``; ``b""`` when nothing did."""

    until: float


@dataclass(frozen=True, slots=True)
class Finished:
    """The answer is there: ``ReadoutSession.answer``."""


Action = Send | SetBaud | Receive | Finished


@dataclass(frozen=True, slots=True)
class Answer:
    """A readout: who answered and the text of the data block. ``checked`` says whether a BCC vouched for it."""

    identification: Identification
    text: str
    checked: bool
    baud: int


class State(Enum):
    CALLING = auto()
    IDENTIFYING = auto()
    ANSWERING = auto()
    SWITCHING = auto()
    READING = auto()
    REPEATING = auto()
    DONE = auto()


class ReadoutSession:
    """Signs on to ``address`` ("" for whoever is there) and reads the data block.

    ``most_baud`` bounds the speed agreed to in mode C. ``call`` is ``?``, or a table digit. Raises NoAnswer and BadFrame
    out of ``received``; ``stage`` then says how far it came.
    """

    def __init__(self, address: str = "", most_baud: int = 115200, call: str = "?") -> None:
        self._request = parity.add(f"/{call}{address}!\r\n".encode("ascii"))
        self._most_baud = most_baud
        self._state = State.CALLING
        self._wire = bytearray()
        self._deadline = 0.0
        self._speak_at = 0.0
        self._repeats = REPEATS
        self._to_send = b""
        self._switch: int | None = None
        self._identification: Identification | None = None
        self.baud = START_BAUD
        self.answer: Answer | None = None
        #: Characters of blocks that arrived with wrong parity.
        self.parity_errors = 0
        #: Blocks that were asked for again.
        self.repeated = 0

    @property
    def stage(self) -> State:
        return self._state

    @property
    def identification(self) -> Identification | None:
        """Who answered, once it has."""
        return self._identification

    def next_action(self, now: float) -> Action:
        """What the caller has to do next."""
        if self._switch is not None:
            self.baud, self._switch = self._switch, None
            return SetBaud(self.baud)
        if self._state is State.DONE:
            return Finished()
        if self._state is State.CALLING:
            return Send(self._request)
        if self._state in (State.ANSWERING, State.REPEATING):
            return Send(self._to_send) if now >= self._speak_at else Receive(self._speak_at)
        return Receive(self._deadline)

    def sent(self, at: float) -> None:
        """What ``Send`` asked for has left, its last stop bit at ``at``."""
        self._deadline = at + FIRST_BYTE_S
        self._wire.clear()
        if self._state is State.CALLING:
            self._state = State.IDENTIFYING
        else:
            if self._state is State.ANSWERING:
                self._switch = self._agreed()
            self._state = State.READING

    def received(self, data: bytes, now: float) -> None:
        """Bytes of the line, or ``b""`` when ``Receive.until`` passed. Raises NoAnswer, BadFrame."""
        if self._state in (State.ANSWERING, State.REPEATING):
            return  # the meter is waiting for us: what comes now is an echo or noise
        if data:
            self._wire += data
            self._deadline = now + GAP_S
            if len(self._wire) > MOST_BYTES:
                raise BadFrame(
                    f"more than {MOST_BYTES} bytes and no end of a block", do="listen to the line with --trace"
                )
        _LOOK[self._state](self, now, not data)

    def _agreed(self) -> int:
        assert self._identification is not None  # noqa: S101 - ANSWERING follows an identification
        return min(self._identification.baud, max(self._most_baud, START_BAUD))

    def _look_for_identification(self, now: float, late: bool) -> None:
        plain = parity.strip(bytes(self._wire))
        for match in _LINE.finditer(plain):
            try:
                self._identified(parse_identification(match.group()[:-1]), now)
            except ValueError:
                continue
            # Mode A and B begin to send at once: what has come behind the line is theirs.
            del self._wire[: match.end()]
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
        self._identification = identification
        self._deadline = now + FIRST_BYTE_S
        self._repeats = REPEATS
        if identification.mode is Mode.C:
            self._to_send = parity.add(ACK + f"0{self._option()}0\r\n".encode("ascii"))
            self._speak_at = now + identification.reaction_s
            self._state = State.ANSWERING
        else:
            self._switch = identification.baud if identification.mode is Mode.B else None
            self._state = State.READING

    def _option(self) -> str:
        """Z of the option select message: the meter's own character where its speed is taken."""
        assert self._identification is not None  # noqa: S101 - called with one
        agreed = self._agreed()
        own = self._identification
        return own.baud_character if agreed == own.baud else baud_character(_below(agreed))

    def _look_for_block(self, now: float, late: bool) -> None:
        plain = parity.strip(bytes(self._wire))
        match = _BLOCK.search(plain)
        if match is not None:
            self._block(plain, match, now)
        elif late:
            self._no_block(plain, now)

    def _block(self, plain: bytes, match: re.Match[bytes], now: float) -> None:
        damaged = parity.damaged(bytes(self._wire[match.start() : match.end()]))
        self.parity_errors += damaged
        body, received = match.groups()
        if damaged or check_character(body) != received[0]:
            why = (
                f"{damaged} characters with wrong parity"
                if damaged
                else (f"block check character {check_character(body):02x} calculated, {received[0]:02x} received")
            )
            self._again(why, now)
        else:
            self._done(body[:-1], True)

    def _no_block(self, plain: bytes, now: float) -> None:
        """The line fell silent before a block was whole."""
        start = plain.find(b"\x02")
        bare = _BARE_END.search(plain)
        if start < 0 and bare is not None and not parity.damaged(bytes(self._wire)):
            self._done(plain[: bare.start()], False)
        elif start >= 0:
            self._again(f"the block broke off after {len(plain) - start} characters", now)
        elif plain.strip(b"\x00\x7f\x06\r\n"):
            raise BadFrame(f"{len(plain)} characters and no block at {self.baud} Bd", do="try a lower speed: ?baud=300")
        else:
            raise NoAnswer(f"no data after the identification, at {self.baud} Bd", do="try a lower speed: ?baud=300")

    def _again(self, why: str, now: float) -> None:
        """NAK, and the meter repeats its last message (6.3.6)."""
        if self._repeats == 0:
            raise BadFrame(f"{why}, and again after a repeat", do="check the probe's seat, or read slower: ?baud=300")
        assert self._identification is not None  # noqa: S101 - a block follows an identification
        self._repeats -= 1
        self.repeated += 1
        self._to_send = parity.add(NAK)
        self._speak_at = now + self._identification.reaction_s
        self._state = State.REPEATING

    def _done(self, text: bytes, checked: bool) -> None:
        assert self._identification is not None  # noqa: S101 - a block follows an identification
        self.answer = Answer(self._identification, text.decode("ascii"), checked, self.baud)
        self._state = State.DONE


def _below(baud: int) -> int:
    """The fastest speed of mode C that is not above ``baud``."""
    return max(speed for speed in (300, 600, 1200, 2400, 4800, 9600, 19200) if speed <= baud)


_LOOK: dict[State, Callable[[ReadoutSession, float, bool], None]] = {
    State.IDENTIFYING: ReadoutSession._look_for_identification,
    State.READING: ReadoutSession._look_for_block,
}
