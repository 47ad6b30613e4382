"""One exchange of messages: what is sent, and the answer to it, asked for again when it arrives damaged.

Theory of operation (IEC 62056-21, 6.3.4 to 6.3.9 and 6.5). With nothing to send an exchange begins by listening: for the
data block of a readout, or for the ``P0`` with which programming mode opens. An answer is a block (``STX`` ... ``ETX
BCC``), several partial ones (``EOT``; each asked for with ACK), a command of the meter's own (``SOH``), or a bare ACK or
NAK.

    SPEAKING ──message──► LISTENING ──whole, check right──► DONE
        ▲                    │  └─ partial block: ACK asks for the next
        └──ACK, NAK, again───┘  └─ damaged: NAK asks for the same again

What is accepted. Each character's parity and the BCC make a product code of distance 4: every error of one, two or three
bits inside a block shows. What can slip through such a check is an error that moves the block's ends: two bits turn a
character into ETX or STX, parity stays right, and one time in 128 the BCC of what is left is too. Therefore nothing may
follow a check character, and a block that does not say its own end (``!``) is taken only when the line has fallen silent.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto

from drivers.errors import BadFrame, NoAnswer
from drivers.iec62056_21 import echo, parity, repair
from drivers.iec62056_21.actions import Action, Finished, Receive, Send
from drivers.iec62056_21.block import ACK, NAK, check_character
from drivers.iec62056_21.timing import FIRST_BYTE_S, GAP_S, MOST_BYTES, REPEATS

# An STX behind which another stands before any data is noise: the last character of an echo, heard at the new speed. With
# characters of an address between them the second is a damaged character of the block.
_STX = rb"\x02(?![^\x02-\x040-9CFLP.(]*\x02)"
_MESSAGE = re.compile(rb"(\x01|" + _STX + rb")([^\x03\x04]*)([\x03\x04])(.)", re.DOTALL)
_BLOCK = re.compile(rb"(" + _STX + rb")([^\x03\x04]*)([\x03\x04])(.)", re.DOTALL)
#: ETX and EOT as they stand on the wire, with and without parity bit.
_ENDS = re.compile(rb"[\x03\x04\x83\x84]")
#: The end of a data block that has no STX: ``!`` and a line end.
_BARE_END = re.compile(rb"!\r?\n")
#: And nothing behind it: with an ETX there the STX was lost on the way.
_BARE_REST = re.compile(rb"[\x00\x7f\r\n]*\Z")
#: A data block says its own end, and a break may follow any: nothing else comes behind a check character (6.3.4, field).
_SAID_END = (b"!\r\n", b"!\n", b"!")
_MAY_FOLLOW = re.compile(rb"[\x00\x7f\r\n]*(?:\x01(?:B(?:0(?:\x03q?)?)?)?)?[\x00\x7f\r\n]*\Z")
#: Silence that shows that a check character was the last: so much, and three characters (USB chips hold some back 16 ms).
_QUIET_S, _QUIET_BITS = 0.03, 30
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
    stands in ``command``. ``checked`` says whether a BCC vouched for it, ``repaired`` that a bit of it was put right."""

    kind: Kind
    text: str = ""
    command: str = ""
    checked: bool = True
    repaired: bool = False


class State(Enum):
    SPEAKING = auto()
    LISTENING = auto()
    DONE = auto()


class Exchange:
    """Sends ``message`` (empty: listens only) and finds the answer.

    ``reaction_s`` is the pause kept before every message; ``readout`` says that a data block is awaited, and nothing else
    is an answer; ``hidden`` is the part of ``message`` that no trace may show; ``left`` what came before there was an
    exchange. ``parity_bits``: the sign-on showed that characters arrive with theirs, so each is held to it. ``mend``: put a
    single damaged bit right when a repeat came damaged as well. Out of ``received``: NoAnswer, BadFrame.
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
        parity_bits: bool = False,
        mend: bool = False,
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
        self._damaged = parity.errors if parity_bits else parity.damaged
        self._mend = mend
        self._repeats = REPEATS
        self._parts: list[str] = []
        self._ignored = 0
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
            # The meter waits for us: this is an echo or noise. Or it is still sending, and hears us only when it is done.
            if data:
                self._speak_at = max(self._speak_at, now + self._reaction_s)
                self._ignored += len(data)
                self._bounded(self._ignored)
            return
        if data:
            may_end = len(self._wire) < _SHORT or _ENDS.search(data) or _ENDS.match(self._wire, len(self._wire) - 1)
            self._wire += data
            self._deadline = now + GAP_S
            self._bounded(len(self._wire))
            if not may_end:
                return
        self._look(now, not data)

    def _bounded(self, size: int) -> None:
        if size > MOST_BYTES:
            raise BadFrame(f"more than {MOST_BYTES} bytes and no end of a block", do="listen to the line with --trace")

    def _look(self, now: float, late: bool) -> None:
        wire = bytes(self._wire)
        if self._sent:
            rest = echo.without(parity.strip(wire), self._sent)
            wire = wire[len(wire) - len(rest) :] if rest is not None else b""
        plain = parity.strip(wire)
        match = (_BLOCK if self._readout else _MESSAGE).search(plain)
        # Before anything was sent, an ACK is the echo of the option select message.
        if self._sent and not self._readout and plain[:1] in (ACK, NAK):
            self._bare_came(wire, plain, now, late)
        elif match is not None:
            self._message_came(wire, match, now, late)
        elif late:
            self._broke_off(wire, plain, now)

    def _bare_came(self, wire: bytes, plain: bytes, now: float, late: bool) -> None:
        """ACK or NAK. With characters behind it, it was the STX of a block."""
        if self._damaged(wire[:1]) or not _MAY_FOLLOW.match(plain, 1):
            self._again("characters behind an ACK or NAK", now)
        elif late:
            self._done(Answer(Kind.ACKNOWLEDGED if plain[:1] == ACK else Kind.REFUSED))
        else:
            self._await_quiet(now)

    def _await_quiet(self, now: float) -> None:
        self._deadline = now + _QUIET_S + _QUIET_BITS / self._baud

    def _message_came(self, wire: bytes, match: re.Match[bytes], now: float, late: bool) -> None:
        damaged = self._damaged(wire[match.start() : match.end()])
        start, body, end, received = match.groups()
        calculated = check_character(body + end)
        if damaged or calculated != received[0]:
            why = f"block check character {calculated:02x} calculated, {received[0]:02x} received"
            self._again(
                f"{damaged} characters with wrong parity" if damaged else why, now, wire[match.end(1) : match.end()]
            )
        elif not _MAY_FOLLOW.match(match.string, match.end()):
            self._again("characters behind the block check character", now)
        elif not (late or body.endswith(_SAID_END)):
            self._await_quiet(now)
        elif start == b"\x01" and body[:2] not in (b"P0", b"B0"):
            self._again(f"the meter says {body[:2]!r}, which is no meter's message", now)
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
        if (
            self._readout
            and start < 0
            and bare is not None
            and _BARE_REST.match(plain, bare.end())
            and not self._damaged(wire)
        ):
            self._done(Answer(Kind.DATA, plain[: bare.start()].decode("ascii"), checked=False))
        elif start >= 0 or (bare is not None and b"\x03" in plain):
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

    def _again(self, why: str, now: float, block: bytes = b"") -> None:
        """NAK, and the meter repeats its last message (6.3.6). ``block`` is what came damaged, from after its STX."""
        if self._repeats == 0:
            right = repair.single_bit(block) if self._mend and self._readout and block else None
            if right is not None:
                self._done(Answer(Kind.DATA, right[:-2].decode("ascii"), repaired=True))
                return
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
