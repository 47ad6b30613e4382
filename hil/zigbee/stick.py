"""The stick on its pty: ASH, the co-processor and the network behind it, run by the clock of the loop."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable

from hil.faults import Faults
from hil.pty_line import PtyLine
from hil.zigbee import commands  # noqa: F401  - registers the commands
from hil.zigbee.ash import RESET_POWER_ON, RESET_SOFTWARE, Ash, AshEvent
from hil.zigbee.ncp import Ncp
from hil.zigbee.pan import Pan

#: Reset code of ERROR and RSTACK after an assertion of the firmware failed.
RESET_ASSERT = 0x06
#: Seconds that a stick needs to start.
_BOOT_S = 0.02


class Stick:
    """One stick. Made inside a running loop; ``run`` serves until cancelled.

    ``answering`` False makes it hang: it acknowledges and says no more. ``talking`` False makes it dead silent.
    """

    def __init__(self, line: PtyLine, ncp: Ncp, faults: Faults) -> None:
        self.line = line
        self.ncp = ncp
        self.pan: Pan = ncp.pan
        self.ash = Ash()
        self.faults = faults
        self.answering = True
        self.talking = True
        self._loop = asyncio.get_running_loop()
        self._noise = faults.number("noise") / 100 if "noise" in faults else 0.0
        self._random = random.Random(faults.number("seed") if "seed" in faults else 1)
        self._to_send: asyncio.Queue[bytes] = asyncio.Queue()
        self._timer: asyncio.TimerHandle | None = None
        self._started = False
        self.pan.timeline.run(self._loop.time())

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self._listen())
            group.create_task(self._talk())

    async def _listen(self) -> None:
        tail = b""
        while True:
            data = tail + await self.line.receive(float("inf"))
            # Noise takes whole frames, so they are cut here as ASH will cut them.
            end = data.rfind(b"\x7e") + 1 if self._noise else len(data)
            whole, tail = data[:end], data[end:]
            for frame in self._frames(whole):
                self._take(frame)
            self.work()

    def _frames(self, data: bytes) -> list[bytes]:
        if not self._noise:
            return [data]
        frames = [frame + b"\x7e" for frame in data.split(b"\x7e")[:-1]]
        return [spoilt for frame in frames for spoilt in self._spoilt(frame)]

    def _spoilt(self, frame: bytes) -> list[bytes]:
        """A frame as it comes through the noise: mostly as it is. Resets are spared, as a link that is up is meant."""
        if b"\xc0\x38\xbc" in frame or b"\xc1\x02" in frame or self._random.random() >= self._noise:
            return [frame]
        kind = self._random.choice(("spoilt", "lost", "doubled"))
        self.pan.counts[f"frames {kind} by noise"] += 1
        if kind == "lost":
            return []
        if kind == "doubled":
            return [frame, frame]
        place = self._random.randrange(len(frame) - 1) if len(frame) > 1 else 0
        return [frame[:place] + bytes((frame[place] ^ 1 << self._random.randrange(8),)) + frame[place + 1 :]]

    def _take(self, data: bytes) -> None:
        now = self._loop.time()
        for event in self.ash.receive(data, now):
            if event is AshEvent.RESET:
                self.restart(RESET_SOFTWARE)
            elif isinstance(event, bytes) and self.answering:
                self._begin_faults()
                self.pan.timeline.run(now)
                self.ncp.receive(event)

    def work(self) -> None:
        """Do what is due, and see to it that what is due later is done."""
        now = self._loop.time()
        self.pan.timeline.run(now)
        while self.ncp.outgoing:
            frame = self.ncp.outgoing.popleft()
            if self.answering:
                self.ash.send(frame, now)
        self.ash.tick(now)
        while self.ash.outgoing:
            frame = self.ash.outgoing.popleft()
            if self.talking:
                self._to_send.put_nowait(frame)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        due = [moment for moment in (self.pan.timeline.due, self.ash.due) if moment is not None]
        if due:
            self._timer = self._loop.call_at(min(due), self.work)

    async def _talk(self) -> None:
        while True:
            frame = await self._to_send.get()
            for each in self._spoilt(frame) if self._noise else [frame]:
                await self.line.send(each)

    # What happens to a stick.

    def restart(self, code: int = RESET_POWER_ON) -> None:
        """It starts over, and tells the host why."""
        self.ncp.restart()
        self.answering = self.talking = True
        self.ash.reset(code)

    def crash(self) -> None:
        """An assertion of its firmware fails: it starts over without having been asked."""
        self.restart(RESET_ASSERT)
        self.work()

    def fail(self) -> None:
        """It reports an error, and waits for a reset."""
        self.ash.fail(RESET_ASSERT)
        self.work()

    def hang(self) -> None:
        self.answering = False

    def go_silent(self) -> None:
        self.talking = False

    def unplug(self) -> None:
        self.line.unplug()
        self.ncp.restart()
        self.ash = Ash()

    def plug(self) -> None:
        self.line.plug()

    def _begin_faults(self) -> None:
        """Faults strike a while after the host has first spoken, so that it is known where they find it."""
        if self._started:
            return
        self._started = True
        strikes: dict[str, Callable[[], None]] = {
            "hang": self.hang,
            "dead": self.go_silent,
            "reset": self.crash,
            "fatal": self.fail,
            "unplug": self._pull_out,
        }
        for name, strike in strikes.items():
            if name in self.faults:
                self._loop.call_later(self.faults.seconds(name), strike)

    def _pull_out(self) -> None:
        self.unplug()
        if "replug" in self.faults:
            self._loop.call_later(self.faults.seconds("replug"), self.plug)
