"""An APDU out, an APDU in, over a link: HDLC or the wrapper, with the times that the protocols themselves do not keep.

A channel is connected once, exchanges one APDU at a time, and is always disconnected: also after an error, and also when
nobody is there any more.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import Protocol

from drivers.dlms import wrapper
from drivers.dlms.bytes_reader import Damaged
from drivers.dlms.hdlc import Apdu, Connected, Disconnected, Event, HdlcSession, State, Unnumbered
from drivers.errors import BadFrame, LinkLost, MeterError, NoAnswer
from drivers.link.link import Link

#: Until the first octet of an answer: a meter under load needs seconds for a profile (seen: 4 s); the standard names none.
RESPONSE_S = 5.0
#: Between the octets of one frame: 20 to 6000 ms in the HDLC setup class; USB probes and radios pause so long.
GAP_S = 0.5
#: A meter that answers at once is still given this long before it is asked again.
_QUICK_S = 1.0
#: How often an unanswered frame is asked for again.
REPEATS = 3
#: A meter that says it is busy is asked again after this.
_BUSY_S = 0.2
#: Ending must not cost long when nobody is there any more.
_END_S = 2.0


class Channel(Protocol):
    """What a client needs: APDUs both ways by a deadline (a time of the loop)."""

    async def connect(self, deadline: float) -> None: ...

    async def exchange(self, apdu: bytes, deadline: float, hidden: bytes = b"") -> bytes:
        """Send ``apdu`` (nothing when empty) and return the next one that comes. Raises NoAnswer, BadFrame, LinkLost."""
        ...

    async def disconnect(self) -> None:
        """End it, whatever state it is in. Raises nothing: there is nothing to do about a failed farewell."""
        ...

    @property
    def unasked(self) -> list[bytes]:
        """APDUs that came in UI frames, taken by the caller."""
        ...


class HdlcChannel:
    """HDLC on a serial line or a stream."""

    def __init__(
        self, link: Link, session: HdlcSession, *, response_s: float = RESPONSE_S, gap_s: float = GAP_S,
        repeats: int = REPEATS,
    ) -> None:  # fmt: skip
        self._link = link
        self.session = session
        self._response_s = response_s
        self._gap_s = gap_s
        self._repeats = repeats
        self._loop = asyncio.get_running_loop()
        self._ready: list[bytes] = []
        #: The longest that an answer has taken; -1 before the first.
        self._slowest = -1.0
        self.unasked: list[bytes] = []

    async def connect(self, deadline: float) -> None:
        """SNRM until the meter accepts. When it says it is not connected, or nothing, DISC first: a stale connection."""
        self._link.discard_input()
        self.session.connect()
        try:
            await self._until(Connected, min(deadline, self._loop.time() + 2 * self._response_s + 1), repeats=1)
        except (NoAnswer, LinkLost) as error:
            if isinstance(error, LinkLost) and not isinstance(error, _Disconnected):
                raise
            self.session.disconnect()
            with contextlib.suppress(NoAnswer):  # also meters that are simply slow come by here
                await self._until(Disconnected, min(deadline, self._loop.time() + self._response_s), repeats=0)
            self.session.connect()
            await self._until(Connected, deadline, repeats=self._repeats)

    async def exchange(self, apdu: bytes, deadline: float, hidden: bytes = b"") -> bytes:
        if apdu:
            self._ready.clear()
            if self.session.state is not State.CONNECTED:
                raise LinkLost("the HDLC connection is gone", where=self._link.name, do="connect again")
            self.session.send(apdu)
        elif self._ready:
            return self._ready.pop(0)
        await self._until(Apdu, deadline, hidden=hidden)
        return self._ready.pop(0)

    async def disconnect(self) -> None:
        if self.session.state is State.DISCONNECTED:
            return
        try:
            self.session.outgoing()
            self.session.disconnect()
            await self._until(Disconnected, self._loop.time() + _END_S, repeats=1)
        except MeterError:
            pass  # it does not matter any more whether the meter heard it
        self.session.state = State.DISCONNECTED

    async def _until(
        self, wanted: type[Event], deadline: float, *, hidden: bytes = b"", repeats: int | None = None
    ) -> None:
        """Send and receive until there is a ``wanted`` event. Raises NoAnswer, BadFrame, LinkLost."""
        most = self._repeats if repeats is None else repeats
        session, loop = self.session, self._loop
        asked = 0
        last = heard = loop.time()
        damaged = False
        while True:
            if data := session.outgoing():
                last = await self._link.send(data, _hidden_in(data, hidden))
            wait = self._gap_s if session.waiting or session.damaged else self._patience(asked)
            if session.busy:
                wait = _BUSY_S
            received = await self._link.receive(min(deadline, last + wait))
            now = loop.time()
            if received:
                self._slowest = max(self._slowest, now - last) if asked == 0 else self._slowest
                last = heard = now
                if self._take(session.receive(received), wanted):
                    return
                damaged = damaged or session.damaged
            elif now < deadline and now < last + wait:
                continue
            elif now >= deadline or (now >= heard + self._response_s * (most + 1) and asked >= most):
                raise self._silent(damaged or session.damaged or session.waiting)
            else:
                asked += not session.busy
                session.repeat()

    def _patience(self, asked: int) -> float:
        """How long an answer is waited for: a meter that has been quick is asked again soon, then ever later. The whole
        patience is the same: asking by RR costs nothing where the meter is only slow."""
        if self._slowest < 0:
            return self._response_s
        return min(self._response_s, max(_QUICK_S, 4 * self._slowest) * (1 << asked))

    def _take(self, events: list[Event], wanted: type[Event]) -> bool:
        found = False
        for event in events:
            if isinstance(event, Unnumbered):
                self.unasked.append(event.data)
            elif isinstance(event, Apdu):
                self._ready.append(event.data)
            if isinstance(event, wanted):
                found = True
            elif isinstance(event, Disconnected):
                raise _Disconnected(event.why or "the meter disconnected", where=self._link.name, do="connect again")
        return found

    def _silent(self, damaged: bool) -> MeterError:
        if damaged:
            return BadFrame(
                "only damaged HDLC frames came", where=self._link.name, do="check wiring, baud rate and parity"
            )
        if self.session.state is State.CONNECTING:
            return NoAnswer(
                "the meter does not answer to SNRM",
                where=self._link.name,
                do="check client=, server= and physical= of the URL, the baud rate, and whether it wants dlms+optical:",
            )
        return NoAnswer("the meter stopped answering", where=self._link.name, do="read again, with a longer --timeout")


class _Disconnected(LinkLost):
    """The meter ended the HDLC connection, or says there is none; the line itself is well."""


class WrapperChannel:
    """The wrapper over TCP or UDP. ``client`` and ``server`` are wPorts."""

    def __init__(self, link: Link, client: int, server: int, *, response_s: float = 4 * RESPONSE_S) -> None:
        self._link = link
        self._client = client
        self._server = server
        self._response_s = response_s
        self._reader = wrapper.WrapperReader()
        self._loop = asyncio.get_running_loop()
        self._ready: list[bytes] = []
        self.unasked: list[bytes] = []

    async def connect(self, deadline: float) -> None:
        self._link.discard_input()

    async def exchange(self, apdu: bytes, deadline: float, hidden: bytes = b"") -> bytes:
        if apdu:
            self._ready.clear()
            await self._link.send(wrapper.build(wrapper.Wrapped(self._client, self._server, apdu)), hidden)
        until = min(deadline, self._loop.time() + self._response_s)
        while not self._ready:
            data = await self._link.receive(until)
            if not data:
                raise self._late()
            try:
                for wrapped in self._reader.feed(data):
                    self._take(wrapped)
            except Damaged as error:
                raise error.at(self._link.name) from None
        return self._ready.pop(0)

    def _take(self, wrapped: wrapper.Wrapped) -> None:
        if wrapped.destination == self._client and wrapped.source == self._server:
            self._ready.append(wrapped.apdu)
        elif wrapped.source == self._server:
            self.unasked.append(wrapped.apdu)  # pushed to another client than this one

    def _late(self) -> MeterError:
        if self._reader.waiting:
            return BadFrame("the answer stopped in the middle", where=self._link.name, do="read again")
        return NoAnswer("the meter does not answer", where=self._link.name, do="check client= and server= of the URL")

    async def disconnect(self) -> None:
        """The wrapper has no farewell; the client closes the link."""


def _hidden_in(data: bytes, hidden: bytes) -> bytes:
    """What of ``data`` no trace may show. A secret that segmentation cut in two hides everything."""
    if not hidden or hidden in data:
        return hidden
    return data if hidden[:4] in data or hidden[-4:] in data else b""
