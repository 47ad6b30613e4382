"""A serial line with a meter at its end: a pty whose master side is paced, and garbled, as a wire would be.

A pty moves bytes at once and shows neither drain nor framing errors. So this module computes the wire: when the last
stop bit of every byte of the client is through, and when every byte of the meter is. The master side can read the
client's line speed, which is what makes *strict* possible:

* a client's byte sent at another speed than the meter's is heard as noise (``counts["noise"]``);
* a byte whose speed the client changes before its last stop bit is lost (``counts["early"]``);
* a meter's byte sent while the client listens at another speed comes as noise (``counts["garbled"]``).

Times are seconds of the running loop's clock. An emulator that keeps times to fractions of a millisecond runs under
``run`` of this module, whose loop sleeps in microseconds; the default loop's epoll rounds up to whole milliseconds.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import fcntl
import os
import random
import select
import selectors
import struct
import tty
from collections import Counter, deque
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from hil.wire import Wire

#: ioctl and size of ``struct termios2`` of Linux (asm-generic): speed as a number, so that odd ones are exact.
_TCGETS2 = 0x802C542A
_TERMIOS2 = struct.Struct("@4I B19s 2I")

#: A pty has no time stamps: how much later than written a byte of the client may be seen. A change of speed this
#: shortly before the computed stop bit is forgiven. Bounded by a quarter of a character at high speeds.
_SLACK_S = 0.004
#: How often a line without a client looks for one: the master of a closed pty can only be polled.
_WATCH_S = 0.004
#: How long a client without real time may leave a full pty unread before bytes are lost.
_PATIENCE_S = 5.0


class PtyLine:
    """One line, one meter, one client at a time. Made inside a running loop; close it.

    ``path`` is what the client opens: the pty, or ``link`` when one was asked for. ``baud`` is the meter's own speed and
    may be set at any moment. ``heard_at`` is the end of the last stop bit of the byte that ``receive`` gave last.
    """

    def __init__(self, baud: int, wire: Wire | None = None, link: Path | None = None) -> None:
        self.baud = baud
        self.wire = wire or Wire()
        self.counts: Counter[str] = Counter()
        self.heard_at = 0.0
        self._loop = asyncio.get_running_loop()
        self._random = random.Random(self.wire.seed)
        self._on_wire: deque[tuple[int, float, int]] = deque()  # byte, end of its stop bit, the client's speed
        self._heard: deque[tuple[int, float]] = deque()
        self._wire_free = 0.0
        self._client_bytes = 0
        self._waiter: asyncio.Future[None] | None = None
        self._timers: set[asyncio.TimerHandle] = set()
        self._stop_bit_timer: asyncio.TimerHandle | None = None
        self._bundle = bytearray()
        self._master = -1
        self._link = link
        self.pty = ""
        self.plug()

    @property
    def path(self) -> str:
        return str(self._link) if self._link else self.pty

    @property
    def client_baud(self) -> int:
        """The speed that the client has set, as a number."""
        raw = fcntl.ioctl(self._master, _TCGETS2, bytes(_TERMIOS2.size))
        return int(_TERMIOS2.unpack(raw)[-1])

    @property
    def client_here(self) -> bool:
        """Whether anybody holds the line open."""
        return self._client

    def character_s(self, baud: int | None = None) -> float:
        """Seconds of one character at ``baud`` (default: the meter's); 0 on a line without real time."""
        return self.wire.character_bits / (baud or self.baud) if self.wire.real else 0.0

    async def pause(self, seconds: float) -> None:
        """Let ``seconds`` pass; at once on a line without real time."""
        await asyncio.sleep(seconds if self.wire.real else 0)

    async def until(self, moment: float) -> None:
        """Sleep to an absolute moment; at once on a line without real time."""
        await asyncio.sleep(max(0.0, moment - self._loop.time()) if self.wire.real else 0)

    async def receive(self, deadline: float, limit: int = 0) -> bytes:
        """What the meter heard, at least one byte, at most ``limit`` if given; ``b""`` when the deadline passes."""
        while not self._heard:
            wait = deadline - self._loop.time()
            if wait <= 0:
                return b""
            self._waiter = self._loop.create_future()
            try:
                await asyncio.wait_for(self._waiter, None if wait == float("inf") else wait)
            except TimeoutError:
                return b""
            finally:
                self._waiter = None
        data = bytearray()
        while self._heard and (not limit or len(data) < limit):
            value, self.heard_at = self._heard.popleft()
            data.append(value)
        return bytes(data)

    def discard_heard(self) -> None:
        """Forget what was heard and not taken: a meter that talks does not listen."""
        self._heard.clear()

    async def send(self, data: bytes, start: float | None = None) -> float:
        """Put ``data`` on the wire, its first start bit at ``start`` (default now). Returns the end of the last stop bit."""
        if not self.wire.real:
            await self._send_at_once(data)
            return self._loop.time()
        start = max(self._loop.time(), start or 0.0)
        step = self.character_s()
        sent = 0
        while sent < len(data):
            await self.until(start + (sent + 1) * step)
            due = int((self._loop.time() - start) / step + 1e-6)
            piece = data[sent : max(due, sent + 1)]
            self._give(piece)
            sent += len(piece)
        return start + len(data) * step

    async def _send_at_once(self, data: bytes) -> None:
        """Without real time the client reads as fast as it can: what a pty does not hold yet waits for it."""
        patience = self._loop.time() + _PATIENCE_S
        while data:
            await asyncio.sleep(0)
            written = self._give(data[:1024])
            data = data[written:]
            if not written:
                if self._loop.time() > patience:
                    self.counts["overrun"] += len(data)
                    return
                await asyncio.sleep(0.001)

    def plug(self) -> None:
        """Make the pty, and point the link at it. After ``unplug`` the same line comes back as another pty."""
        self._master, slave = os.openpty()
        tty.setraw(slave)
        self.pty = os.ttyname(slave)
        os.close(slave)
        os.set_blocking(self._master, False)
        self._client = False
        if self._link:
            _point(self._link, self.pty)
        self._watch()

    def unplug(self) -> None:
        """Take the device away from under its client, as a pulled USB plug does."""
        if self._master < 0:
            return
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()
        if self._stop_bit_timer:
            self._stop_bit_timer.cancel()
            self._stop_bit_timer = None
        self._loop.remove_reader(self._master)
        os.close(self._master)
        self._master = -1
        self._client = False
        self._on_wire.clear()
        self._bundle.clear()
        if self._link and self._link.is_symlink() and os.readlink(self._link) == self.pty:
            self._link.unlink()

    def close(self) -> None:
        self.unplug()

    # The client's bytes: from the pty, along the computed wire, to the meter's ear.

    def _watch(self) -> None:
        """Look whether a client has opened the line. EIO and POLLHUP mean that none has."""
        poll = select.poll()
        poll.register(self._master, select.POLLIN)
        flags = dict(poll.poll(0)).get(self._master, 0)
        if flags & select.POLLHUP and not flags & select.POLLIN:
            self._at(self._loop.time() + _WATCH_S, self._watch)
            return
        self._client = True
        self._loop.add_reader(self._master, self._readable)

    def _readable(self) -> None:
        try:
            data = os.read(self._master, 4096)
        except BlockingIOError:
            return
        except OSError as error:
            if error.errno != errno.EIO:
                raise
            self._loop.remove_reader(self._master)
            self._client = False
            self._watch()
            return
        now, baud = self._loop.time(), self.client_baud
        self._wire_free = max(now, self._wire_free)
        for value in data:
            self._wire_free += self.character_s(baud)
            self._on_wire.append((value, self._wire_free, baud))
            if self.wire.echo and self.wire.echo(self._client_bytes):
                self._echo(value)
            self._client_bytes += 1
        self._next_stop_bit()

    def _echo(self, value: int) -> None:
        """Give a byte of the client back, when its stop bit is through."""
        if self.wire.real:
            self._at(self._wire_free, lambda: self._give(bytes([value])))
        else:
            # Timers of one moment come in no order.
            self._give(bytes([value]))

    def _next_stop_bit(self) -> None:
        if self._stop_bit_timer is None and self._on_wire:
            self._stop_bit_timer = self._loop.call_at(self._look_at(self._on_wire[0]), self._stop_bit)

    def _look_at(self, on_wire: tuple[int, float, int]) -> float:
        """When to look at a byte: just before its last stop bit ends, by as much as a pty's lateness asks for."""
        _, end, baud = on_wire
        return end - min(_SLACK_S, self.character_s(baud) / 4)

    def _stop_bit(self) -> None:
        self._stop_bit_timer = None
        client_baud, now = self.client_baud, self._loop.time()
        while self._on_wire and self._look_at(self._on_wire[0]) <= now + 1e-6:
            value, end, sent_at_baud = self._on_wire.popleft()
            if self.wire.real and self.wire.strict:
                if client_baud != sent_at_baud:
                    self.counts["early"] += 1
                    continue
                if sent_at_baud != self.baud:
                    self.counts["noise"] += 1
                    value = self._noise(value)
            self._heard.append((value, end))
        if self._waiter is not None and not self._waiter.done() and self._heard:
            self._waiter.set_result(None)
        self._next_stop_bit()

    # The meter's bytes: to the client, as it would see them at its speed and through its USB chip.

    def _give(self, data: bytes) -> int:
        """Hand characters to the client, or lose them as a wire does. Returns how many are dealt with."""
        if self._master < 0 or not self._client:
            self.counts["unheard"] += len(data)
            return len(data)
        if not self.wire.real:
            return self._write(data)
        if self.wire.strict and self.client_baud != self.baud:
            self.counts["garbled"] += len(data)
            data = bytes(self._noise(value) for value in data)
        if self.wire.chunk_s:
            if not self._bundle:
                self._at(self._loop.time() + self.wire.chunk_s, self._give_bundle)
            self._bundle += data
        else:
            # A client that does not read loses bytes, as a UART's overrun does.
            self.counts["overrun"] += len(data) - self._write(data)
        return len(data)

    def _give_bundle(self) -> None:
        data = bytes(self._bundle)
        self._bundle.clear()
        self.counts["overrun"] += len(data) - self._write(data)

    def _write(self, data: bytes) -> int:
        try:
            return os.write(self._master, data)
        except BlockingIOError:
            return 0
        except OSError as error:
            if error.errno != errno.EIO:
                raise
            # The client has just closed.
            return len(data)

    def _noise(self, value: int) -> int:
        return (value + self._random.randrange(1, 256)) & 0xFF

    def _at(self, moment: float, call: Callable[[], None]) -> None:
        def once() -> None:
            self._timers.discard(timer)
            call()

        timer = self._loop.call_at(moment, once)
        self._timers.add(timer)


def _point(link: Path, target: str) -> None:
    """Make or move a symbolic link in one step. Raises FileExistsError when something else stands there."""
    if link.exists() and not link.is_symlink():
        raise FileExistsError(f"{link} exists and is no symbolic link")
    fresh = link.with_name(f".{link.name}.{os.getpid()}")
    with contextlib.suppress(FileNotFoundError):
        fresh.unlink()
    fresh.symlink_to(target)
    fresh.replace(link)


def run(main: Coroutine[Any, Any, None]) -> None:
    """Run an emulator's coroutine under a loop that sleeps in microseconds, until it ends or is cancelled."""
    with (
        contextlib.suppress(asyncio.CancelledError),
        asyncio.Runner(loop_factory=lambda: asyncio.SelectorEventLoop(selectors.SelectSelector())) as runner,
    ):
        runner.run(main)
