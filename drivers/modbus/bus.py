"""One line, however many meters hang on it: who may talk when, and whose answer is whose.

Theory of operation. An exchange (``exchange.py``) knows what an answer looks like; the bus knows the time. One exchange at a
time. Before each the line has been silent for 3.5 characters, and what was heard meanwhile is thrown away: a late answer
dies there. A device that did not answer in time is not asked again before its late answer would be through; a device that
keeps silent is left alone for longer and longer. Both are waits of the device and not of the bus: the others are asked
meanwhile. An exchange that was begun is ended, even when the one who asked has gone: its answer would be the next one's.

A port that goes away is opened again at the next request.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from enum import Enum

from drivers.errors import BadFrame, LinkLost, MeterError, NoAnswer
from drivers.link.link import LineSettings, Link
from drivers.modbus.exchange import Exchange, MbapExchange, Refusal, RtuExchange
from drivers.modbus.memory import Conduct, forget
from drivers.modbus.pdu import Request
from drivers.modbus.plan import silence_s
from drivers.modbus.registers import Timing

#: A frame that has begun and pauses longer is damaged: characters follow within 1.5 of them (2.5.1.1 of the serial line
#: specification), but USB chips hand them over in bundles 16 ms apart, and networks as they please.
_PAUSE_SERIAL_S, _PAUSE_TCP_S = 0.2, 0.5
#: An answer may come this much later than the timeout at least: the late ones that were seen were below (libmodbus #776).
_LATE_S = 1.0
#: A line that will not fall silent is given up on.
_NEVER_SILENT_S = 3.0
#: A device that is busy (exception 5, 6) is asked again after this.
_BUSY_S = 0.2
#: After so many requests in a row without an answer a connection is taken for dead: a gateway that was restarted says nothing.
_DEAF = 3
#: With fewer characters to come it is not worth while to look away.
_WORTH_SLEEPING = 4
_BUSY, _GATEWAY = (5, 6), (10, 11)


class Framing(Enum):
    """RTU on a line or on TCP; MBAP is the header of Modbus TCP, with a transaction number."""

    RTU = "rtu"
    MBAP = "mbap"


class Bus:
    """Made by ``drivers.modbus.buses``, shared by all who talk on the same line."""

    def __init__(
        self,
        name: str,
        framing: Framing,
        line: LineSettings,
        connect: Callable[[LineSettings], Awaitable[Link]],
        *,
        paced: bool = False,
    ) -> None:
        self.name = name
        self.framing = framing
        self.line = line
        self.serial = framing is Framing.RTU
        self._connect = connect
        self._paced = paced  #: bytes come at the speed of ``line``
        self._link: Link | None = None
        self._lock = asyncio.Lock()
        self._conduct: dict[int, Conduct] = {}
        self._running: set[asyncio.Task[bytes]] = set()
        self._abandoned: set[asyncio.Task[bytes]] = set()
        self._silent_since = 0.0
        self._transaction = 0
        self._echo = False
        self._unanswered = 0

    async def open(self) -> None:
        """Open the line now, so that a wrong port is told before anything is asked. Raises LinkLost."""
        async with self._lock:
            await self._opened()

    async def close(self) -> None:
        """Let what runs end, then close the line."""
        if self._running:
            await asyncio.wait(self._running)
        await self._drop()

    async def set_line(self, settings: LineSettings) -> None:
        """Another speed or parity, for all on the line."""
        async with self._lock:
            self.line = settings
            if self._link is not None:
                await self._link.set_line(settings)

    def conduct(self, unit: int) -> Conduct:
        return self._conduct.setdefault(unit, Conduct())

    async def ask(self, request: Request, timing: Timing, *, patient: bool = False) -> bytes:
        """The answer's PDU, after as many tries as ``timing`` allows.

        Raises Refusal (the device's exception), NoAnswer (silent, resting or busy), BadFrame (damaged each time), LinkLost.
        ``patient``: ask even a device that is being left alone.
        """
        where = f"{self.name}, unit {request.unit}"
        conduct = self.conduct(request.unit)
        loop = asyncio.get_running_loop()
        rest = conduct.rest_until - loop.time()
        if rest > 0 and not patient:
            raise NoAnswer(
                f"has not answered {conduct.failures} times and is left alone for {rest:.0f} s more", where=where
            )
        task = loop.create_task(self._tries(request, timing, conduct, where))
        self._running.add(task)
        task.add_done_callback(self._ended)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            self._abandoned.add(task)  # what runs is ended; nothing is tried again for nobody
            raise

    def _ended(self, task: asyncio.Task[bytes]) -> None:
        self._running.discard(task)
        self._abandoned.discard(task)
        if not task.cancelled():
            task.exception()  # the one who asked may have gone

    async def _tries(self, request: Request, timing: Timing, conduct: Conduct, where: str) -> bytes:
        loop = asyncio.get_running_loop()
        left = timing.retries
        while True:
            was_answering = conduct.answering
            if asyncio.current_task() in self._abandoned:
                left = 0
            try:
                answer = await self._exchange(request, timing, conduct)
                if answer[0] & 0x80:
                    raise Refusal(answer[1])
                return answer
            except Refusal as refusal:
                if refusal.code in _BUSY and left > 0:
                    conduct.quiet_until = loop.time() + _BUSY_S
                elif refusal.code in (*_BUSY, *_GATEWAY):
                    conduct.failed(loop.time(), timing.quiet_s)
                    raise NoAnswer(refusal.what, where=where, do="ask again later") from None
                else:
                    raise refusal.at(where) from None
            except NoAnswer as error:
                conduct.failed(loop.time(), max(_LATE_S, 2 * timing.timeout_s) if self.serial else 0.0)
                if left <= 0 or not was_answering:  # a unit that is not there is not waited for twice
                    raise error.at(where) from None
            except BadFrame as error:
                if left <= 0:
                    raise error.at(where) from None
            except MeterError as error:
                raise error.at(self.name) from error.__cause__
            left -= 1

    async def _exchange(self, request: Request, timing: Timing, conduct: Conduct) -> bytes:
        loop = asyncio.get_running_loop()
        while (wait := conduct.quiet_until - loop.time()) > 0:
            await asyncio.sleep(wait)  # not holding the line: others talk meanwhile
        async with self._lock:
            link = await self._opened()
            try:
                if self.serial:
                    await self._silence(link)
                answer = await self._ask_now(link, request, timing)
            except LinkLost:
                forget(self.name)
                await self._drop()
                raise
            except NoAnswer:
                self._unanswered += 1
                if not self._paced and self._unanswered >= _DEAF:
                    await self._drop()
                raise
            except BadFrame:
                if not self.serial:
                    await self._drop()  # a stream that is out of step stays so
                raise
            self._unanswered = 0
            conduct.answered(loop.time(), timing.quiet_s)
            return answer

    async def _ask_now(self, link: Link, request: Request, timing: Timing) -> bytes:
        exchange = self._begin(request)
        sent = await link.send(exchange.frame)
        whole = sent + timing.timeout_s + self._longest_s()
        loop = asyncio.get_running_loop()
        pause = _PAUSE_SERIAL_S if self.serial else _PAUSE_TCP_S
        deadline = whole
        try:
            while data := await link.receive(deadline):
                self._silent_since = loop.time()
                answer = exchange.received(data)
                if answer is not None:
                    if isinstance(exchange, RtuExchange):
                        self._echo = exchange.echoed
                    return answer
                deadline = min(whole, loop.time() + pause) if exchange.begun else whole
                if self._paced and exchange.missing > _WORTH_SLEEPING:
                    # Characters trickle in one by one; looking at each would cost more than all else together.
                    await asyncio.sleep((exchange.missing - 1) * self.line.character_s)
                    deadline = max(deadline, loop.time() + pause)
        finally:
            self._silent_since = max(self._silent_since, sent)
        heard = exchange.heard()
        if exchange.begun:
            raise BadFrame(f"the answer came damaged: {heard}", do="look at wiring, termination, speed and parity")
        if heard:
            raise NoAnswer(f"no answer within {timing.timeout_s:g} s; what was heard is none: {heard}")
        raise NoAnswer(f"no answer within {timing.timeout_s:g} s", do="check the unit id, the speed, A and B")

    def _begin(self, request: Request) -> Exchange:
        if self.framing is Framing.RTU:
            return RtuExchange(request, echo=self._echo)
        self._transaction = self._transaction % 0xFFFF + 1
        return MbapExchange(request, self._transaction)

    def _longest_s(self) -> float:
        """How long the longest answer takes on the wire: the timeout is about its beginning."""
        return 256 * self.line.character_s if self.serial else 0.0

    async def _silence(self, link: Link) -> None:
        """Wait until the line has been silent for 3.5 characters. What is heard meanwhile is nobody's."""
        loop = asyncio.get_running_loop()
        gap = silence_s(self.line)
        give_up = loop.time() + _NEVER_SILENT_S
        if link.discard_input():
            self._silent_since = loop.time()
        while await link.receive(self._silent_since + gap):
            self._silent_since = loop.time()
            if self._silent_since > give_up:
                raise BadFrame(
                    "the line does not fall silent", do="is there another master on it, or is it not terminated?"
                )

    async def _opened(self) -> Link:
        if self._link is None:
            self._link = await self._connect(self.line)
            self._silent_since = asyncio.get_running_loop().time()
        return self._link

    async def _drop(self) -> None:
        self._unanswered = 0
        if self._link is not None:
            link, self._link = self._link, None
            await link.close()
