"""The emulated meter: sign-on, identification, option select, data readout, and back to 300 Bd.

One coroutine, written as the standard's flow reads (IEC 62056-21, 6.4 and the mode diagrams). It hears bytes of the line
one at a time and computes every reaction from the last stop bit it heard.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable

from hil.faults import Faults
from hil.iec62056_21.frames import (
    ACK,
    BREAK,
    CRLF,
    ETX,
    GAP_MAX_S,
    MODE_B_BAUDS,
    MODE_C_BAUDS,
    NAK,
    REPEAT_AFTER_S,
    SOH,
    START_BAUD,
    bcc,
    block,
)
from hil.iec62056_21.profile import MeterProfile
from hil.parity import with_even_parity, without_parity
from hil.pty_line import PtyLine

#: A sign-on is at most `/?` + 32 characters of address + `!` CR LF.
_LONGEST_SIGN_ON = 40
#: How long a meter keeps its speed after a readout, waiting for a NAK, before it is at 300 Bd again.
_AFTER_READOUT_S = GAP_MAX_S

#: A wake-up is NULs for 2.1 to 2.3 s, back to back; a gap of two characters at 300 Bd is forgiven.
_WAKE_UP_S = 2.0
_WAKE_UP_GAP_S = 0.08

#: What follows option select ``V Z Y`` when it is no readout: gets the meter, and returns when the session is over.
After = Callable[["EmulatedMeter"], Awaitable[None]]


class Silence(Exception):
    """The client stopped talking in the middle of something."""


class EmulatedMeter:
    """One meter on one line. ``run`` serves until it is cancelled.

    ``programming`` and ``binary`` take over after an option select with Y = 1, or V = 2 and Y = 2; a meter without them
    answers with its readout.
    """

    def __init__(
        self,
        profile: MeterProfile,
        line: PtyLine,
        faults: Faults,
        programming: After | None = None,
        binary: After | None = None,
    ) -> None:
        self.profile = profile
        self.line = line
        self.faults = faults
        self._programming = programming
        self._binary = binary
        self._random = random.Random(1)
        self._loop = asyncio.get_running_loop()
        #: Whether the client's characters carry a parity bit: 7E1 on a pty comes without, 8N1 with software parity with.
        self._client_parity = True
        self.sessions = 0

    @property
    def reaction_s(self) -> float:
        if "late-tr" in self.faults:
            return self.faults.seconds("late-tr")
        if "tr" in self.faults:
            return self.faults.seconds("tr")
        return self.profile.reaction_ms / 1000

    async def run(self) -> None:
        while True:
            self.line.baud = START_BAUD
            table = await self._sign_on()
            if table is None or "silent" in self.faults:
                continue
            self.sessions += 1
            try:
                await self._session(table)
            except Silence:
                continue

    # Hearing and saying

    async def hear(self, within_s: float) -> bytes:
        """One character, parity removed. Raises Silence when none comes."""
        heard = await self.line.receive(self._loop.time() + within_s, 1)
        if not heard:
            raise Silence
        return without_parity(heard)

    async def react(self) -> None:
        """Wait until T_r after the last stop bit heard."""
        await self.line.until(self.line.heard_at + self.reaction_s)

    async def say(self, data: bytes) -> None:
        """Send characters with their parity; whatever came in meanwhile was not heard."""
        await self.line.send(self._characters(data))
        self.line.discard_heard()

    def _characters(self, data: bytes) -> bytes:
        with_bit = self._client_parity and "no-parity" not in self.faults
        return with_even_parity(data) if with_bit else data

    # The flow

    async def _sign_on(self) -> str | None:
        """Hear ``/?address!`` CR LF at 300 Bd. Gives the table asked for, None when another meter is meant."""
        heard, woken_since, last_nul = b"", 0.0, 0.0
        awake = not self.profile.wake_up
        while True:
            raw = await self.line.receive(float("inf"), 1)
            character = without_parity(raw)
            at = self.line.heard_at
            if character == b"\0":
                # NULs for 2.1 s or more, with no gap, wake a meter that sleeps to save its battery.
                woken_since = at if at - last_nul > _WAKE_UP_GAP_S else woken_since
                last_nul = at
                awake = awake or at - woken_since >= _WAKE_UP_S or not self.line.wire.real
                continue
            if character == b"/":
                heard = b""
                self._client_parity = raw != b"/"
            heard += character
            if len(heard) > _LONGEST_SIGN_ON:
                heard = b""
            if heard.endswith(b"!" + CRLF) and heard.startswith(b"/") and awake:
                break
        table, address = heard[1:2].decode(), heard[2:-3].decode()
        if address and address.lstrip("0") != self.profile.address.lstrip("0"):
            return None
        return {"?": "0"}.get(table, table) if table in "?01234" else None

    async def _session(self, table: str) -> None:
        await self.react()
        await self.say(self._before_identification() + self.profile.identification.encode() + self._eol())
        mode, z = self.profile.mode, self.profile.baud_character
        if mode == "A":
            await self.line.pause(self.reaction_s)
            await self._readout(table)
        elif mode == "B" or "mode-b-jump" in self.faults:
            self.line.baud = (MODE_B_BAUDS | MODE_C_BAUDS)[z]
            await self.line.pause(self.reaction_s)
            await self._readout(table)
        else:
            await self._option_select(table)

    async def _option_select(self, table: str) -> None:
        try:
            option = await self._acknowledgement()
        except Silence:
            option = None
        if option is None:
            # No or no valid option select: the readout follows at 300 Bd.
            await self._readout(table)
            return
        v, z, y = option
        if "refuse-baud" not in self.faults:
            self.line.baud = MODE_C_BAUDS[z]
        await self.react()
        if y == "1" and self._programming:
            await self._programming(self)
            return
        if v == "2" and y == "2" and self._binary and self.profile.mode == "E":
            if self.profile.binary_acknowledged:
                await self.say(ACK + f"2{z}2".encode() + CRLF)
            await self._binary(self)
            return
        if "ack-echo" in self.faults:
            await self.say(ACK + f"{v}{z}{y}".encode() + CRLF)
        await self._readout(table)

    async def _acknowledgement(self) -> str | None:
        """``ACK V Z Y CR LF``; None when something else came. Raises Silence when nothing did within t_t."""
        heard = await self.hear(REPEAT_AFTER_S)
        while len(heard) < 6:
            heard += await self.hear(GAP_MAX_S)
        option = heard[1:4].decode("latin-1")
        offered = self.profile.baud_character
        if heard[:1] != ACK or heard[4:] != CRLF or not "0" <= option[1] <= offered:
            return None
        return option

    async def _readout(self, table: str) -> None:
        """The data set; repeated at a NAK; then 300 Bd again, at once after a break or ACK."""
        content = self._content(table)
        for _ in range(4):
            await self.say_block(content)
            if await self._answer_to_block() != NAK:
                return
            await self.react()

    async def _answer_to_block(self) -> bytes:
        try:
            character = await self.hear(_AFTER_READOUT_S)
            while character == SOH or character in BREAK[1:]:
                character = await self.hear(GAP_MAX_S)
        except Silence:
            return b""
        return character

    def _before_identification(self) -> bytes:
        before = b""
        if "noise" in self.faults:
            before += bytes(self._random.randrange(1, 47) for _ in range(self.faults.number("noise")))
        if "rubout" in self.faults:
            before += b"\x7f" * self.faults.number("rubout")
        return before

    def _eol(self) -> bytes:
        return b"\n" if "lf-only" in self.faults else CRLF

    def _content(self, table: str) -> bytes:
        """The data set from after STX to before ETX."""
        if "error" in self.faults:
            return b"(ERROR)"
        text = self.profile.tables.get(table, self.profile.tables["0"])
        if "big-block" in self.faults:
            row = "\n" + text.splitlines()[-1]
            text += row * (1 + (self.faults.number("big-block") - len(text)) // (len(row) + 1))
        eol = self._eol()
        content = text.encode().replace(b"\n", eol if "lf-only" in self.faults else self.profile.line_end.encode())
        terminator = self.profile.terminator.encode().replace(CRLF, eol)
        if "bcc-newline" in self.faults:
            return _with_bcc(content + eol, terminator, 0x0A)
        return content + terminator

    async def say_block(self, content: bytes, end: bytes = ETX) -> None:
        """Send a block, with the faults that strike blocks."""
        data = block(content, end)
        if "no-bcc" in self.faults:
            data = data[:-1]
        elif "wrong-bcc" in self.faults or self.faults.once("wrong-bcc-once"):
            data = data[:-1] + bytes([data[-1] ^ 0x15])
        if "break-after-block" in self.faults:
            data += BREAK
        characters = bytearray(self._characters(data))
        for name, flip in (("parity-error", 0x80), ("flipped-bit", 0x01)):
            if self.faults.once(name):
                characters[min(self.faults.number(name), len(characters) - 2)] ^= flip
        if self.faults.once("lost-char"):
            del characters[min(self.faults.number("lost-char"), len(characters) - 2)]
        await self._send_block(bytes(characters))

    async def _send_block(self, characters: bytes) -> None:
        if "stop-mid-block" in self.faults:
            await self.line.send(characters[: self.faults.number("stop-mid-block")])
            raise Silence
        if self.faults.once("unplug"):
            await self.line.send(characters[: self.faults.number("unplug")])
            self.line.unplug()
            if "replug" in self.faults:
                await self.line.pause(self.faults.seconds("replug"))
                self.line.plug()
            else:
                await asyncio.Event().wait()
            raise Silence
        if "gap" in self.faults:
            middle = len(characters) // 2
            await self.line.send(characters[:middle])
            await self.line.pause(self.faults.seconds("gap"))
            characters = characters[middle:]
        await self.line.send(characters)
        self.line.discard_heard()


def _with_bcc(rows: bytes, terminator: bytes, wanted: int) -> bytes:
    """``rows`` with one more set whose value makes the BCC of the block ``wanted``."""
    for first in b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ":
        for second in b"0123456789abcdefghijklmnopqrstuvwxyz":
            content = rows + b"C.90.1(" + bytes([first, second]) + b")" + terminator
            if bcc(content + ETX)[0] == wanted:
                return content
    raise ValueError("no value gives that BCC")
