"""One exchange of messages: what is sent, and the answer to it, asked for again when it arrives damaged.

Theory of operation (IEC 62056-21, 6.3.4 to 6.3.9 and 6.5). With nothing to send an exchange begins by listening: for the
data block of a readout, or for the ``P0`` with which programming mode opens. An answer is a block (``STX`` ... ``ETX
BCC``), several partial ones (``EOT``; each asked for with ACK), a command of the meter's own (``SOH``), or a bare ACK or
NAK.

    SPEAKING ──message──► LISTENING ──whole, check right──► DONE
        ▲                    │  └─ partial block: ACK asks for the next
        └──ACK, NAK, again───┘  └─ damaged: NAK asks for the same again
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto

from drivers.errors import BadFrame, NoAnswer
from drivers.iec62056_21 import echo, parity
from drivers.iec62056_21.actions import Action, Finished, Receive, Send
from drivers.iec62056_21.block import ACK, NAK, check_character
from drivers.iec62056_21.timing import FIRST_BYTE_S, GAP_S, MOST_BYTES, REPEATS

# An STX behind which another stands before any data is noise: the last character of an echo, heard at the new speed.
_STX = rb"\x02(?![^\x02-\x04(]*\x02)"
_MESSAGE = re.compile(rb"(\x01|" + _STX + rb")([^\x03\x04]*)([\x03\x04])(.)", re.DOTALL)
_BLOCK = re.compile(rb"(" + _STX + rb")([^\x03\x04]*)([\x03\x04])(.)", re.DOTALL)
#: ETX and EOT as they stand on the wire, with and without parity bit.
_ENDS = re.compile(rb"[\x03\x04\x83\x84]")
#: The end of a data block that has no STX: ``!`` and a line end.
_BARE_END = re.compile(rb"!\r?\n")
_NOISE = b"\x00\x7f\x06\r\n"
#: Answers of up to so many bytes are looked at whatever came: ACK and NAK stand alone.
_SHORT = 64
#: So many partial blocks at the most: a meter that says EOT for ever must end.
_MOST_BLOCKS = 10_000


class Kind(Enum):
    """What an answer is."""

    DATA = auto()
    COMMAND = auto()
    ACKNOWLEDGED = auto()
    REFUSED = auto()


@dataclass(frozen=True, slots=True)
class Answer:
    """``text`` is what stood between the frame's characters, partial blocks joined; of a command (``P0``, ``B0``) its name
    stands in ``command``. ``checked`` says whether a BCC vouched for it."""

    kind: Kind
    text: str = ""
    command: str = ""
    checked: bool = True


class State(Enum):
    SPEAKING = auto()
    LISTENING = auto()
    DONE = auto()


class Exchange:
    """Sends ``message`` (empty: listens only) and finds the answer.

    ``reaction_s`` is the pause kept before every message; ``readout`` says that a data block is awaited, and nothing else
    is an answer; ``hidden`` is the part of ``message`` that no trace may show; ``left`` what came before there was an
    exchange. Out of ``received``: NoAnswer, BadFrame.
    """

    def __init__(
        self,
        message: bytes = b"",
        *,
        readout: bool = False,
        reaction_s: float,
        baud: int,
        now: float,
        hidden: bytes = b"",
        left: bytes = b"",
    ) -> None:
        self._reaction_s = reaction_s
        self._baud = baud
        self._hidden = parity.add(hidden)
        self._readout = readout
        self._message = parity.add(message)
        self._sent = b""
        self._speak_at = now + reaction_s
        self._state = State.SPEAKING if message else State.LISTENING
        self._deadline = now + FIRST_BYTE_S
        self._wire = bytearray()
        self._left = left
        self._repeats = REPEATS
        self._parts: list[str] = []
        self.answer: Answer | None = None
        #: Blocks that were asked for again.
        self.repeated = 0

    @property
    def result(self) -> Answer:
        """The answer, of an exchange that is finished."""
        assert self.answer is not None  # noqa: S101 - it does not finish without one
        return self.answer

    def next_action(self, now: float) -> Action:
        if self._left:
            # It may be whole already.
            self._wire, self._left = bytearray(self._left), b""
            self._look(now, False)
        if self._state is State.DONE:
            return Finished()
        if self._state is State.SPEAKING:
            return Send(self._message, self._hidden) if now >= self._speak_at else Receive(self._speak_at)
        return Receive(self._deadline)

    def sent(self, at: float) -> None:
        self._deadline = at + FIRST_BYTE_S
        self._sent = parity.strip(self._message)
        self._hidden = b""
        self._wire.clear()
        self._state = State.LISTENING

    def received(self, data: bytes, now: float) -> None:
        if self._state is State.SPEAKING:
            return  # the meter is waiting for us: what comes now is an echo or noise
        if data:
            may_end = len(self._wire) < _SHORT or _ENDS.search(data) or _ENDS.match(self._wire, len(self._wire) - 1)
            self._wire += data
            self._deadline = now + GAP_S
            if len(self._wire) > MOST_BYTES:
                raise BadFrame(
                    f"more than {MOST_BYTES} bytes and no end of a block", do="listen to the line with --trace"
                )
            if not may_end:
                return
        self._look(now, not data)

    def _look(self, now: float, late: bool) -> None:
        wire = bytes(self._wire)
        if self._sent:
            rest = echo.without(parity.strip(wire), self._sent)
            wire = wire[len(wire) - len(rest) :] if rest is not None else b""
        plain = parity.strip(wire)
        match = (_BLOCK if self._readout else _MESSAGE).search(plain)
        # Before anything was sent, an ACK is the echo of the option select message.
        bare = plain[:1] if self._sent and not self._readout and plain[:1] in (ACK, NAK) else b""
        if bare and not parity.damaged(wire[:1]) and (match is None or match.start() > 0):
            self._done(Answer(Kind.ACKNOWLEDGED if bare == ACK else Kind.REFUSED))
        elif match is not None:
            self._message_came(wire, match, now)
        elif late:
            self._broke_off(wire, plain, now)

    def _message_came(self, wire: bytes, match: re.Match[bytes], now: float) -> None:
        damaged = parity.damaged(wire[match.start() : match.end()])
        start, body, end, received = match.groups()
        calculated = check_character(body + end)
        if damaged:
            self._again(f"{damaged} characters with wrong parity", now)
        elif calculated != received[0]:
            self._again(f"block check character {calculated:02x} calculated, {received[0]:02x} received", now)
        elif end == b"\x04":
            self._next_part(body, now)
        elif start == b"\x01":
            name, _, content = body.partition(b"\x02")
            self._done(Answer(Kind.COMMAND, content.decode("ascii"), name.decode("ascii")))
        else:
            self._done(Answer(Kind.DATA, "".join([*self._parts, body.decode("ascii")])))

    def _broke_off(self, wire: bytes, plain: bytes, now: float) -> None:
        """The line fell silent before a message was whole."""
        start = plain.find(b"\x02")
        bare = _BARE_END.search(plain)
        if self._readout and start < 0 and bare is not None and not parity.damaged(wire):
            self._done(Answer(Kind.DATA, plain[: bare.start()].decode("ascii"), checked=False))
        elif start >= 0:
            self._again(f"the block broke off after {len(plain) - start} characters", now)
        elif plain.strip(_NOISE):
            raise BadFrame(
                f"{len(plain)} characters and no block at {self._baud} Bd", do="try a lower speed: ?baud=300"
            )
        elif self._readout:
            raise NoAnswer(f"no data after the identification, at {self._baud} Bd", do="try a lower speed: ?baud=300")
        else:
            raise NoAnswer("the meter does not answer the command", do="is it still in programming mode? sign on again")

    def _next_part(self, body: bytes, now: float) -> None:
        self._parts.append(body.decode("ascii"))
        if len(self._parts) > _MOST_BLOCKS:
            raise BadFrame(f"more than {_MOST_BLOCKS} partial blocks", do="ask for a shorter span of time")
        self._repeats = REPEATS
        self._speak(ACK, now)

    def _again(self, why: str, now: float) -> None:
        """NAK, and the meter repeats its last message (6.3.6)."""
        if self._repeats == 0:
            raise BadFrame(f"{why}, and again after a repeat", do="check the probe's seat, or read slower: ?baud=300")
        self._repeats -= 1
        self.repeated += 1
        self._speak(NAK, now)

    def _speak(self, message: bytes, now: float) -> None:
        self._message = parity.add(message)
        self._speak_at = now + self._reaction_s
        self._wire.clear()
        self._state = State.SPEAKING

    def _done(self, answer: Answer) -> None:
        self.answer = answer
        self._state = State.DONE
