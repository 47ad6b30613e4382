"""Programming mode: passwords, registers read and written, commands carried out, and the break at the end (6.5).

It is entered by ``programming_mode`` and left by B0 whatever happened, so that the meter is at 300 Bd and free at once and
not after its minute of silence. One password is tried in a session and never repeated: meters lock after a few wrong
ones, some for a day, some until their maker comes.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from drivers.errors import AccessDenied, BadFrame, KeyRejected, LinkLost, NoAnswer, NotSupported, UsageError
from drivers.iec62056_21 import parity
from drivers.iec62056_21.block import BREAK, SOH, STX, frame
from drivers.iec62056_21.exchange import Answer, Exchange, Kind
from drivers.iec62056_21.learned import Learned
from drivers.iec62056_21.line import Line
from drivers.iec62056_21.password import Algorithm
from drivers.iec62056_21.sign_on import SignOn
from drivers.iec62056_21.tries import Try, signed_on

#: ASCII, formatted, ASCII in partial blocks, formatted in partial blocks, national use, partial blocks of national use.
READ = ("R1", "R2", "R3", "R4", "R5", "R6")
WRITE = ("W1", "W2", "W3", "W4", "W5", "W6")
EXECUTE = ("E2",)

#: ``(ERROR)``, ``(ERROR05)``, ``(ER23)``, LIS-200's ``(#0004)``; with an address before it or not.
_ERROR = re.compile(r"[^()]*\(\(?(ER[A-Z0-9]*|#\d+)\)?\)\s*\Z", re.IGNORECASE)
#: What may not stand in an address or value: it would end the message or begin another set (6.6).
_FORBIDDEN = re.compile(r"[^\x20-\x7e\r\n]|[()/!]")


class ProgrammingMode:
    """An open session. Made by ``programming_mode``.

    Every call raises AccessDenied when the meter refuses (KeyRejected: the password), NotSupported when it does not know
    the command, and NoAnswer, BadFrame, LinkLost as the line has it.
    """

    def __init__(self, line: Line, sign_on: SignOn, operand: str) -> None:
        self._line = line
        self._sign_on = sign_on
        self._tried = False
        self._open = True
        #: What the meter gave with P0, for a maker's algorithm.
        self.operand = operand
        self.identification = sign_on.who

    async def password(self, secret: bytes, algorithm: Algorithm | None = None) -> None:
        """Say the password: P1 as it is, or P2 by the maker's ``algorithm``. Once in a session.

        Raises KeyRejected when the meter refuses it. Do not try another without looking at the meter's manual.
        """
        name, said = "P1", secret
        if algorithm is not None:
            name, said = "P2", algorithm(self.operand.encode("ascii"), secret)
        await self._try(name, b"(" + said + b")", said)

    async def unlock(self, command: str, address: str, code: bytes) -> None:
        """Open a lock that is a register, by writing its code there (LIS-200). Once in a session, as a password.

        Raises KeyRejected when the meter refuses it.
        """
        await self._try(command, address.encode("ascii") + b"(" + code + b")", code)

    async def _try(self, name: str, content: bytes, hidden: bytes) -> None:
        """A password is sent once, whatever comes: a repeated one would count as a second try."""
        if self._tried:
            raise UsageError("one password is tried in a session", do="meters lock after a few wrong ones")
        self._tried = True
        answer = await self._ask(name, content, hidden=hidden)
        if answer.kind is Kind.ACKNOWLEDGED:
            return
        self._open = self._open and answer.command != "B0"
        raise KeyRejected(
            f"the meter refuses the password ({_said(answer)})",
            do="correct it before the next try: meters lock after a few wrong ones",
        )

    async def read(self, command: str, address: str, data: str = "") -> str:
        """The data sets that the meter answers with, partial blocks joined. ``data`` is what stands in the brackets."""
        answer = await self._command(READ, command, address, data)
        if answer.kind is Kind.ACKNOWLEDGED:
            raise NotSupported(f"the meter acknowledges {command} and gives nothing", do="try R5 or R1")
        return answer.text

    async def write(self, command: str, address: str, data: str, password: bytes = b"") -> None:
        """Set a register. Returns when the meter has acknowledged it. Some meters want the ``password`` with each value."""
        answer = await self._command(WRITE, command, address, data, password)
        if answer.kind is not Kind.ACKNOWLEDGED:
            raise AccessDenied(f"the meter does not acknowledge {command} {address} ({_said(answer)})")

    async def execute(self, command: str, address: str, data: str = "") -> str:
        """Have a command carried out (E2). Gives what the meter says to it, empty where it only acknowledges."""
        return (await self._command(EXECUTE, command, address, data)).text

    async def pause(self, seconds: float) -> None:
        """Keep silent for a while, the session open."""
        await self._line.pause(seconds)

    async def leave(self) -> None:
        """B0: the meter ends the session. It gives no answer to that."""
        if self._open:
            self._open = False
            await self._line.pause(self.identification.reaction_s)
            await self._line.send(parity.add(BREAK))
            self._line.keep_quiet(2 * self.identification.reaction_s)

    async def _command(
        self, known: tuple[str, ...], command: str, address: str, data: str, password: bytes = b""
    ) -> Answer:
        if command not in known:
            raise UsageError(f"{command} is none of {', '.join(known)}")
        if _FORBIDDEN.search(address + data):
            raise UsageError(f"{address}({data}) holds characters that no message may", do="leave out ( ) / !")
        content = f"{address}({data})".encode("ascii") + (b"(" + password + b")" if password else b"")
        try:
            answer = await self._ask(command, content, password)
        except NoAnswer:
            if password:
                raise
            # Lost on its way: asking again, or setting the same value again, does no harm.
            answer = await self._ask(command, content)
        if answer.kind is Kind.REFUSED and not password:
            # NAK asks for the message again (6.3.6); meters also refuse with it.
            answer = await self._ask(command, content)
        if answer.command == "B0":
            self._open = False
            raise AccessDenied(f"the meter breaks off at {command} {address}", do="does it want a password first?")
        if answer.kind is Kind.REFUSED:
            raise NotSupported(f"the meter takes no {command} {address} (NAK)", do="it may know another command for it")
        error = _ERROR.match(answer.text)
        if error is not None:
            raise AccessDenied(
                f"the meter answers ({error[1]}) to {command} {address}({data})",
                do="it has no such thing, not in this span of time, or wants a password first",
            )
        return answer

    async def _ask(self, name: str, content: bytes, hidden: bytes = b"") -> Answer:
        if not self._open:
            raise AccessDenied("the meter has ended the session", do="sign on again")
        exchange = Exchange(
            frame(name.encode("ascii") + STX + content, SOH),
            reaction_s=self.identification.reaction_s,
            baud=self._sign_on.baud,
            now=self._line.now(),
            hidden=hidden,
            parity_bits=self._sign_on.parity_bits,
        )
        await self._line.converse(exchange)
        return exchange.result


@asynccontextmanager
async def programming_mode(
    line: Line, make: Callable[[Try], SignOn], most_baud: int, learned: Learned
) -> AsyncIterator[ProgrammingMode]:
    """Sign on as ``make`` says, enter programming mode, and leave it by B0 at the end, also when an error ends it.

    Raises NotSupported when the meter has no programming mode, and what ``signed_on`` raises.
    """

    async def opened(sign_on: SignOn) -> ProgrammingMode:
        opening = Exchange(
            reaction_s=sign_on.who.reaction_s,
            baud=sign_on.baud,
            now=line.now(),
            left=sign_on.left,
            parity_bits=sign_on.parity_bits,
        )
        try:
            await line.converse(opening)
        except (BadFrame, NoAnswer):
            # It may be in programming mode all the same, at this speed, for a minute.
            await line.send(parity.add(BREAK))
            raise
        if opening.result.command != "P0":
            raise NotSupported("the meter answers with its readout: it has no programming mode, or not for this probe")
        return ProgrammingMode(line, sign_on, opening.result.text.strip().removeprefix("(").removesuffix(")"))

    mode = await signed_on(line, most_baud, learned, make, opened)
    try:
        yield mode
    finally:
        # Nothing can be said on a line that is gone; the meter leaves by itself after its minute.
        with contextlib.suppress(LinkLost):
            await mode.leave()


def _said(answer: Answer) -> str:
    if answer.kind is Kind.REFUSED:
        return "NAK"
    if answer.kind is Kind.COMMAND:
        return f"{answer.command} {answer.text}".strip()
    return answer.text.strip() or "an empty answer"
