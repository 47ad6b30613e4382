"""An association over a channel, under asyncio: every exchange has one deadline, and every way out releases."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from drivers.dlms import services
from drivers.dlms.acse import Mechanism
from drivers.dlms.association import Association, AssociationRefused, Exchange, T
from drivers.dlms.channel import Channel
from drivers.dlms.cosem import Attribute, Method, Selection
from drivers.dlms.ln_apdus import Result
from drivers.dlms.refusals import CounterRejected, Refusal
from drivers.errors import MeterError, NoAnswer

#: One exchange: one request and its whole answer, which at 300 Bd may take long.
EXCHANGE_S = 120.0
#: A farewell must not hold anybody up.
_RELEASE_S = 3.0
#: A meter that still holds an old association forgets it at a disconnect; one that does not needs a moment.
_STALE_S = 1.0


class Client:
    """An association on a channel that the caller opened. Not for two users at a time."""

    def __init__(self, channel: Channel, association: Association, *, exchange_s: float = EXCHANGE_S) -> None:
        self.channel = channel
        self.association = association
        self._exchange_s = exchange_s
        self._loop = asyncio.get_running_loop()

    async def open(self) -> None:
        """Connect and associate. A refusal that may be an old association's, and a counter that is too low, are tried
        once more. Whatever else goes wrong, the meter is disconnected before it is raised."""
        try:
            await self._open_once()
        except AssociationRefused as error:
            if not error.for_now:
                await self.channel.disconnect()
                raise
            await self._again(_STALE_S)
        except CounterRejected as error:
            if error.expected is None or self.association.security is None:
                await self.channel.disconnect()
                raise
            self.association.security.counter.at_least(error.expected)
            await self._again(0)
        except BaseException:
            await self.channel.disconnect()
            raise

    async def _again(self, pause_s: float) -> None:
        await self.channel.disconnect()
        await asyncio.sleep(pause_s)
        try:
            await self._open_once()
        except BaseException:
            await self.channel.disconnect()
            raise

    async def _open_once(self) -> None:
        await self.channel.connect(self._loop.time() + self._exchange_s)
        credentials = self.association.credentials
        secret = credentials.secret if credentials.mechanism is Mechanism.LLS else None
        await self.run(self.association.associate(), hidden=secret.reveal() if secret is not None else b"")

    async def close(self) -> None:
        """Release and disconnect. Raises nothing of the meter's."""
        try:
            await self.run(self.association.release(), _RELEASE_S)
        except MeterError:
            pass  # the meter forgets the association at the disconnect, or after its own time
        finally:
            await self.channel.disconnect()

    async def run(self, steps: Exchange[T], seconds: float | None = None, hidden: bytes = b"") -> T:
        """Run a generator of ``association`` or ``services``; each of its exchanges has ``seconds``."""
        limit = self._exchange_s if seconds is None else seconds
        try:
            apdu = next(steps)
            while True:
                answer = await self._exchange(apdu, limit, hidden)
                self.association.unasked += self.channel.unasked
                self.channel.unasked.clear()
                apdu = steps.send(answer)
        except StopIteration as finished:
            value: T = finished.value
            return value

    async def _exchange(self, apdu: bytes, limit: float, hidden: bytes) -> bytes:
        deadline = self._loop.time() + limit
        try:
            async with asyncio.timeout(limit + 1):
                return await self.channel.exchange(apdu, deadline, hidden)
        except TimeoutError:
            raise NoAnswer(f"no whole answer within {limit:g} s", do="give it more with --timeout") from None

    # -- the services, for readability where they are used ------------------------------------------------------------

    async def get(self, attribute: Attribute, selection: Selection | None = None) -> Result:
        return await self.run(services.get(self.association, attribute, selection))

    async def get_many(self, wanted: Sequence[Attribute]) -> list[Result]:
        return await self.run(services.get_many(self.association, [(attribute, None) for attribute in wanted]))

    async def put(self, attribute: Attribute, data: bytes) -> Refusal | None:
        return await self.run(services.put(self.association, attribute, data))

    async def act(self, method: Method, data: bytes | None = None) -> Result | None:
        return await self.run(services.act(self.association, method, data))
