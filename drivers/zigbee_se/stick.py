"""The stick: its application is started, looked after, and built anew when it hangs, resets or goes away."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any

import zigpy.exceptions

from drivers.errors import LinkLost, MeterError, NoAnswer, NotSupported
from drivers.zigbee_se.application import SeApplication, eui64_bytes

#: Seconds: between two looks at the stick, and until it has answered. Two looks in a row fail before it is built anew:
#: 8 + 6 + 6 is seen within 30 s.
LOOK_S, LOOK_ANSWER_S = 8.0, 6.0
_START_S, _STOP_S = 60.0, 5.0
_AGAIN_S = (1.0, 2.0, 5.0, 10.0)


class Stick:
    """One stick at ``path``, whose application ``make`` makes. A supervisor sees a stick that is lost within 30 s.

    ``on_happened`` is told what happens and to which device, ``on_lost`` that nothing that is under way will be answered.
    """

    def __init__(
        self,
        path: str,
        make: Callable[[], SeApplication],
        *,
        on_happened: Callable[[str, bytes], None],
        on_lost: Callable[[], None],
        look_s: float,
        look_answer_s: float,
    ) -> None:
        self.path = path
        self.rebuilt = 0
        self._make = make
        self._on_happened = on_happened
        self._on_lost = on_lost
        self._look_s, self._look_answer_s = look_s, look_answer_s
        self._app: SeApplication | None = None
        #: Those made and not stopped yet: each has a thread and a port that end only with it, also when its start or its
        #: end is interrupted.
        self._unstopped: list[SeApplication] = []
        self._lost = asyncio.Event()
        self._supervisor: asyncio.Task[None] | None = None

    @property
    def app(self) -> SeApplication:
        """Raises LinkLost while there is none."""
        if self._app is None:
            raise LinkLost("the stick is not there", where=self.path, do="it is looked for again by itself")
        return self._app

    async def open(self) -> None:
        """Raises NotSupported where the stick has no network, LinkLost where it does not start."""
        try:
            self._app = await self._start()
        except asyncio.CancelledError:
            await self.close()
            raise
        self._supervisor = asyncio.create_task(self._supervise())

    async def close(self) -> None:
        if self._supervisor is not None:
            await end([self._supervisor])
        self._app = None
        for app in list(self._unstopped):
            await self._stop(app)

    @contextlib.asynccontextmanager
    async def talking(self, what: str) -> AsyncIterator[None]:
        """What zigpy and bellows raise, as one of our errors."""
        try:
            yield
        except MeterError:
            raise
        except TimeoutError as error:
            raise NoAnswer(f"{what}: no answer in time", where=self.path) from error
        except zigpy.exceptions.DeliveryError as error:
            raise NoAnswer(f"{what}: not delivered ({error})", where=self.path) from error
        except KeyError as error:
            raise NotSupported(f"{what}: not in this network", where=self.path) from error
        except Exception as error:
            # bellows raises whatever its state gives when a stick resets in the middle, AttributeError included.
            raise LinkLost(f"{what}: {type(error).__name__}: {error}", where=self.path) from error

    async def _start(self) -> SeApplication:
        app = self._make()
        self._unstopped.append(app)
        app.add_listener(_Listener(self._on_happened, self._lost))
        try:
            async with asyncio.timeout(_START_S):
                await app._load_db()
                await app.begin()
        except zigpy.exceptions.NetworkNotFormed as error:
            await self._stop(app)
            raise NotSupported(
                f"the stick has no network ({error})", where=self.path, do=app.without_network
            ) from error
        except Exception as error:
            # As above: whatever it is, the stick does not start.
            await self._stop(app)
            raise LinkLost(
                f"the stick does not start: {type(error).__name__}: {error}",
                where=self.path,
                do="check that it is plugged in, has EZSP firmware, and that nothing else holds it",
            ) from error
        # What was lost before is over; and one that joined has opened the stick twice, of which the first end is no loss.
        self._lost.clear()
        return app

    async def _stop(self, app: SeApplication) -> None:
        """End an application whatever state it is in, and soon."""
        with contextlib.suppress(Exception):
            async with asyncio.timeout(_STOP_S):
                await app.shutdown()
        self._unstopped.remove(app)

    async def _supervise(self) -> None:
        """Look at the stick; when it is gone or hangs, build the application anew until it is back."""
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._lost.wait(), self._look_s)
            if not self._lost.is_set() and (await self._looks() or await self._looks()):
                continue
            await self._rebuild()

    async def _looks(self) -> bool:
        try:
            async with asyncio.timeout(self._look_answer_s):
                await self.app.still_there()
        except Exception:  # noqa: BLE001 - whatever it is, the stick did not answer
            return False
        return True

    async def _rebuild(self) -> None:
        app, self._app = self._app, None
        self._on_lost()
        self._on_happened("stick lost", b"")
        if app is not None:
            await self._stop(app)
        attempt = 0
        while True:
            try:
                self._app = await self._start()
                break
            except MeterError:
                await asyncio.sleep(_AGAIN_S[min(attempt, len(_AGAIN_S) - 1)])
                attempt += 1
        self.rebuilt += 1
        self._on_happened("stick back", b"")


class _Listener:
    """zigpy's words for what happens to the network."""

    def __init__(self, happened: Callable[[str, bytes], None], lost: asyncio.Event) -> None:
        self._happened = happened
        self._lost = lost

    def device_joined(self, device: Any) -> None:
        self._happened("joined", eui64_bytes(device.ieee))

    def device_left(self, device: Any) -> None:
        self._happened("left", eui64_bytes(device.ieee))

    def connection_lost(self, reason: object) -> None:
        self._lost.set()


async def end(tasks: list[asyncio.Task[None]]) -> None:
    """Cancel tasks and wait for their end, 5 s at the most.

    They are cancelled again and again: a library that is about to open a stick that is gone may swallow one cancellation,
    and would then hold up the end of the whole process.
    """
    for _ in range(int(_STOP_S / 0.25)):
        for task in tasks:
            task.cancel()
        if not tasks:
            return
        _, left = await asyncio.wait(tasks, timeout=0.25)
        tasks = list(left)
