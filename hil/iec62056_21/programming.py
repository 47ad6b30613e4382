"""Programming mode: the password, reading and writing registers, profiles and logs, partial blocks (IEC 62056-21, 6.5).

``SOH P0 STX (operand) ETX BCC`` opens it; then the client's commands, each answered with a block, ACK, NAK or an error.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial

from hil.iec62056_21.frames import (
    ACK,
    BREAK,
    CRLF,
    EOT,
    ETX,
    GAP_MAX_S,
    INACTIVITY_S,
    NAK,
    SOH,
    bcc,
    command,
)
from hil.iec62056_21.load_profile import LoadProfile, log_answer
from hil.iec62056_21.meter import EmulatedMeter, Silence
from hil.iec62056_21.profile import MeterProfile, Programming

_SET = re.compile(r"([^()\r\n]*)((?:\([^()]*\))+)")
_COMMAND = re.compile(r"([^()]*)\(([^()]*)\)(?:\(([^()]*)\))?\Z")
#: A client's message is short; what is longer is no message.
_LONGEST_COMMAND = 512
_ERROR = "(ERROR)"
_PARTIAL = ("R3", "R4", "R6")


class Memory:
    """What the meter remembers between sessions: written registers, and how often a wrong password came."""

    def __init__(self, profile: MeterProfile) -> None:
        self.registers: dict[str, str] = {}
        for text in profile.tables.values():
            address = ""
            for found, values in _SET.findall(text):
                # A set without an address belongs to the one before it.
                address = found or address
                self.registers.setdefault(address, "")
                self.registers[address] += values
        self.load_profiles = {data["address"]: LoadProfile.of(data) for data in profile.load_profiles}
        self.logs = {data["address"]: list(data["entries"]) for data in profile.logs}
        self.archives = {data["address"]: list(data["rows"]) for data in profile.archives}
        self.wrong_passwords = 0


async def programming(memory: Memory, meter: EmulatedMeter) -> None:
    """Serve one session until a break, a silence, or the client's leaving."""
    settings = meter.profile.programming or Programming()
    await meter.say(command("P0", f"({settings.operand})".encode()))
    await _Session(memory, meter, settings).run()


class _Session:
    def __init__(self, memory: Memory, meter: EmulatedMeter, settings: Programming) -> None:
        self.memory = memory
        self.meter = meter
        self.settings = settings
        self.open = False
        self.last = partial(meter.say, command("P0", f"({settings.operand})".encode()))

    async def run(self) -> None:
        idle_s = self.meter.faults.seconds("reset-300") if "reset-300" in self.meter.faults else INACTIVITY_S
        while True:
            name, content = await self._message(idle_s)
            await self.meter.react()
            if name == "NAK":
                await self.last()
            elif name == "damaged":
                await self.meter.say(NAK)
            elif name == "B0" or not await self._do(name, content):
                return

    async def _message(self, idle_s: float) -> tuple[str, str]:
        """The next command's name and content; ``NAK`` for that, ``damaged`` for one whose BCC is wrong."""
        first = await self.meter.hear(idle_s)
        while first not in (SOH, NAK):
            first = await self.meter.hear(idle_s)
        if first == NAK:
            return "NAK", ""
        heard = b""
        while not heard.endswith(ETX):
            heard += await self.meter.hear(GAP_MAX_S)
            if len(heard) > _LONGEST_COMMAND:
                return "damaged", ""
        if await self.meter.hear(GAP_MAX_S) != bcc(heard):
            return "damaged", ""
        return heard[:2].decode("latin-1"), heard[3:-1].decode("latin-1")

    async def _do(self, name: str, content: str) -> bool:
        """Answer one command. False when the session ends with it."""
        if name in ("P1", "P2"):
            return await self._password(name, content)
        match = _COMMAND.match(content)
        if name not in self.settings.commands or match is None:
            await self._unknown()
        elif name.startswith("W"):
            await self._write(match[1], match[2])
        elif name.startswith("R"):
            await self._read(name, match[1], match[2])
        elif name.startswith("E"):
            await (self._say(ACK) if self.open else self._refuse())
        else:
            await self._unknown()
        return True

    async def _password(self, name: str, content: str) -> bool:
        locked = self.memory.wrong_passwords >= self.settings.tries
        expected = _digits_added(self.settings) if self.settings.p2 else self.settings.password
        right = name == ("P2" if self.settings.p2 else "P1") and content == f"({expected})"
        if right and not locked and "b0-on-password" not in self.meter.faults:
            self.memory.wrong_passwords = 0
            self.open = True
            await self._say(ACK)
            return True
        if not right:
            self.memory.wrong_passwords += 1
        if locked or "b0-on-password" in self.meter.faults or self.settings.refusal == "break":
            await self._say(BREAK)
            return False
        if self.settings.refusal == "nak":
            await self._say(NAK)
        else:
            await self._refuse()
        return True

    async def _read(self, name: str, address: str, asked: str) -> None:
        if self.settings.read_needs_password and not self.open:
            await self._refuse()
            return
        lines = [_ERROR] if "error" in self.meter.faults else self._lines(name, address, asked)
        if name not in _PARTIAL:
            await self._say_block("\r\n".join(lines).encode() + (CRLF if len(lines) > 1 else b""), ETX)
            return
        blocks = list(_blocks(lines, self.settings.block_bytes))
        for number, content in enumerate(blocks, 1):
            last = number == len(blocks)
            await self._say_block(content, ETX if last else EOT)
            if not last and not await self._next_block():
                return

    async def _next_block(self) -> bool:
        """ACK asks for the next block, NAK for the same again; anything else ends the answer."""
        while True:
            try:
                answer = await self.meter.hear(GAP_MAX_S + 1)
            except Silence:
                return False
            await self.meter.react()
            if answer != NAK:
                return answer == ACK
            await self.last()

    def _lines(self, name: str, address: str, asked: str) -> list[str]:
        since, _, until = asked.partition(";")
        if address in self.memory.load_profiles:
            try:
                profile = self.memory.load_profiles[address]
                lines = profile.answer(since, until, "second-header" in self.meter.faults)
            except ValueError:
                lines = []
            if lines and "half-row" in self.meter.faults:
                lines[-1] = lines[-1][: len(lines[-1]) // 2]
            return lines or [f"{address}{_ERROR}"]
        if address in self.memory.logs:
            return log_answer(self.memory.logs[address], since, until) or [f"{address}{_ERROR}"]
        if address in self.memory.archives:
            return _archive(self.memory.archives[address], asked) or [_ERROR]
        values = self.memory.registers.get(address)
        if values is None:
            return [_ERROR]
        # National commands (R5, R6) name the register in the answer; R1 to R4 give its values alone.
        return [f"{address}{values}" if name in ("R5", "R6") else values]

    async def _write(self, address: str, data: str) -> None:
        if address and address in (self.settings.lock_opens, self.settings.lock_closes):
            await self._lock(address, data)
            return
        if not self.open or address not in self.settings.writable or "error" in self.meter.faults:
            await self._refuse()
            return
        self.memory.registers[address] = f"({data})"
        await self._say(ACK)

    async def _lock(self, address: str, data: str) -> None:
        if address == self.settings.lock_closes:
            self.open = self.open and data != "0"
            await self._say(ACK)
        elif data == self.settings.password:
            self.open = True
            await self._say(ACK)
        else:
            # Errors of LIS-200 are numbers.
            await self._say_block(b"(#0018)", ETX)

    async def _unknown(self) -> None:
        if self.settings.unknown == "error":
            await self._refuse()
        else:
            await self._say(ACK if self.settings.unknown == "ack" else NAK)

    async def _refuse(self) -> None:
        await self._say_block(_ERROR.encode(), ETX)

    async def _say(self, data: bytes) -> None:
        self.last = partial(self.meter.say, data)
        await self.last()

    async def _say_block(self, content: bytes, end: bytes) -> None:
        self.last = partial(self.meter.say_block, content, end)  # type: ignore[assignment]
        await self.last()


def _digits_added(settings: Programming) -> str:
    pairs = zip(settings.password, settings.operand, strict=True)
    return "".join(str((int(own) + int(given)) % 10) for own, given in pairs)


def _blocks(lines: list[str], size: int) -> Iterator[bytes]:
    """The lines in blocks of about ``size`` bytes, none cut."""
    content = b""
    for line in lines:
        text = line.encode() + (CRLF if len(lines) > 1 else b"")
        if content and len(content) + len(text) > size:
            yield content
            content = b""
        content += text
    yield content


def _archive(rows: list[str], asked: str) -> list[str]:
    """Rows of an LIS-200 archive: ``column;from;to;rows`` picks those whose ``column``-th bracket lies in the range."""
    column, since, until, _ = [*asked.split(";"), "", "", "", ""][:4]
    if not column.isdigit():
        return rows[-1:]

    def key(row: str) -> str:
        return row.split("(")[int(column)].rstrip(")")

    return [row for row in rows if (not since or key(row) >= since) and (not until or key(row) <= until)]
