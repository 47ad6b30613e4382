"""A serial port under asyncio: exclusive, changed in place, drained by arithmetic.

pyserial opens the port and sets its line; bytes then go past it, straight through the file descriptor and the event
loop. What was measured and why it is done so:

* the line is changed in place and never by closing and opening again: a re-open drops DTR, flushes the meter's first
  bytes and takes 0.3 to 0.5 s on USB;
* ``tcdrain`` may return before a USB chip has sent its FIFO, and returns at once on a pty. So the moment of the last
  stop bit is computed from the baud, and the kernel's queue is only asked whether it is even later;
* 7E1 on a Linux pty makes ``tcsetattr`` fail with EINVAL when nothing but CS7 or PARENB would change. Protocols here
  run 8N1 with the parity bit computed in software; hardware 7E1 is an option for real UARTs.
"""

from __future__ import annotations

import array
import asyncio
import contextlib
import errno
import fcntl
import os
import stat
import termios
from pathlib import Path

import serial

from drivers.errors import LinkLost
from drivers.link.holder import holders
from drivers.link.link import LineSettings

#: A USB chip may hold the last characters after the kernel's queue is empty; measured margin on FTDI and CP210x heads.
_FIFO_S = 0.005
#: Beyond this much unread input the port is not read further: the kernel and the sender then carry the pressure.
_INPUT_BOUND = 1 << 20
_CHUNK = 4096


class SerialPort:
    """An open serial device. Make one with ``open_serial``."""

    def __init__(self, port: serial.Serial, path: str, settings: LineSettings) -> None:
        self._port = port
        self._path = path
        self._settings = settings
        self._fd: int = port.fileno()
        self._loop = asyncio.get_running_loop()
        self._input = bytearray()
        self._lost: LinkLost | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._wire_free = 0.0
        self._reading = True
        self._loop.add_reader(self._fd, self._readable)

    @property
    def name(self) -> str:
        return self._path

    async def send(self, data: bytes, hidden: bytes = b"") -> float:
        self._check()
        start = max(self._loop.time(), self._wire_free)
        end = start + len(data) * self._settings.character_s
        self._wire_free = end
        left = memoryview(data)
        while left:
            try:
                left = left[os.write(self._fd, left) :]
            except BlockingIOError:
                # Bounded: with no flow control a UART takes bytes at its baud; a dead one is given up on below.
                if self._loop.time() > end + 5:
                    raise self._fail("the port takes no more bytes") from None
                await asyncio.sleep(self._settings.character_s)
            except OSError as error:
                raise self._fail(f"writing failed ({os.strerror(error.errno or 0)})") from error
        await asyncio.sleep(end - self._loop.time())
        while self._queued():
            if self._loop.time() > end + 5:
                raise self._fail("the port does not send what it was given")
            await asyncio.sleep(self._settings.character_s)
        left_at = max(end, self._loop.time())
        await asyncio.sleep(_FIFO_S)
        return left_at

    async def receive(self, deadline: float) -> bytes:
        while not self._input:
            self._check()
            wait = deadline - self._loop.time()
            if wait <= 0:
                return b""
            self._waiter = self._loop.create_future()
            try:
                await asyncio.wait_for(self._waiter, wait)
            except TimeoutError:
                pass
            finally:
                self._waiter = None
        data = bytes(self._input)
        self._input.clear()
        if not self._reading and self._lost is None:
            self._loop.add_reader(self._fd, self._readable)
            self._reading = True
        return data

    async def set_line(self, settings: LineSettings) -> None:
        self._check()
        try:
            _apply(self._port, settings, self._path)
        except (OSError, serial.SerialException, termios.error, ValueError) as error:
            raise LinkLost(
                f"the port refuses {settings.baud} Bd {settings.data_bits}{settings.parity}{settings.stop_bits} ({error})",
                where=self._path,
            ) from error
        self._settings = settings

    def discard_input(self) -> bytes:
        dropped = bytes(self._input)
        self._input.clear()
        return dropped

    async def close(self) -> None:
        if self._port.is_open:
            self._loop.remove_reader(self._fd)
            # The kernel keeps the exclusion while anybody has the device open, as whoever emulates a meter on a pty has: then
            # nobody but root could open it again.
            with contextlib.suppress(OSError):  # a device that is gone excludes nobody
                fcntl.ioctl(self._fd, termios.TIOCNXCL)
            self._port.close()

    def _readable(self) -> None:
        try:
            data = os.read(self._fd, _CHUNK)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if data:
            self._input += data
            if len(self._input) >= _INPUT_BOUND:
                self._loop.remove_reader(self._fd)
                self._reading = False
        else:
            self._fail("the port went away")
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _queued(self) -> int:
        """Bytes the kernel still holds for sending (TIOCOUTQ); 0 where the device cannot say."""
        count = array.array("i", [0])
        try:
            fcntl.ioctl(self._fd, termios.TIOCOUTQ, count)
        except OSError:
            return 0
        return count[0]

    def _check(self) -> None:
        if self._lost is not None:
            raise self._lost

    def _fail(self, what: str) -> LinkLost:
        self._loop.remove_reader(self._fd)
        self._lost = LinkLost(what, where=self._path, do="was the probe unplugged? check its cable, then open it again")
        return self._lost


async def open_serial(
    path: str, settings: LineSettings, *, dtr: bool | None = None, rts: bool | None = None, settle_s: float = 0.0
) -> SerialPort:
    """Open a serial device for one user. ``dtr``/``rts`` set the lines that feed some probes; None leaves them up.

    ``settle_s`` is how long the probe needs after that. Raises LinkLost, saying what is wrong: not there, no permission,
    not a serial device, or held, and by whom.
    """
    _must_be_a_terminal(path)
    port = serial.Serial()
    port.port = path
    port.exclusive = True
    port.timeout = 0
    if dtr is not None:
        port.dtr = dtr
    if rts is not None:
        port.rts = rts
    _line(port, settings)
    try:
        _open(port, path)
        fcntl.ioctl(port.fileno(), termios.TIOCEXCL)
        os.set_blocking(port.fileno(), False)
    except (OSError, serial.SerialException, termios.error, ValueError) as error:
        port.close()
        raise _why(path, error) from error
    if settle_s:
        await asyncio.sleep(settle_s)
    return SerialPort(port, path, settings)


def _line(port: serial.Serial, settings: LineSettings) -> None:
    port.baudrate = settings.baud
    port.bytesize = settings.data_bits
    port.parity = settings.parity
    port.stopbits = settings.stop_bits


def _open(port: serial.Serial, path: str) -> None:
    try:
        port.open()
    except termios.error as error:
        # A pty that an earlier user left at this baud refuses to be told 7E1 or 8E1 again: nothing it can honour would change.
        if not (_is_pty(path) and error.args[0] == errno.EINVAL and (port.bytesize == 7 or port.parity != "N")):
            raise
        port.bytesize, port.parity = 8, "N"
        port.open()


def _apply(port: serial.Serial, settings: LineSettings, path: str) -> None:
    try:
        _line(port, settings)
    except termios.error as error:
        if not (_is_pty(path) and error.args[0] == errno.EINVAL):
            raise


def _is_pty(path: str) -> bool:
    return os.path.realpath(path).startswith("/dev/pts/")


def _must_be_a_terminal(path: str) -> None:
    try:
        mode = Path(path).stat().st_mode
    except OSError as error:
        raise _why(path, error) from error
    if not stat.S_ISCHR(mode):
        raise LinkLost(
            "is no serial device", where=path, do="name a device such as /dev/ttyUSB0 (metergate doctor looks)"
        )


def _why(path: str, error: Exception) -> LinkLost:
    number = getattr(error, "errno", None) or (error.args[0] if error.args and isinstance(error.args[0], int) else None)
    if number in (errno.ENOENT, errno.ENXIO, errno.ENODEV):
        return LinkLost(
            "there is no such device", where=path, do="plug the probe in, or look with: ls /dev/serial/by-id"
        )
    if number in (errno.EACCES, errno.EPERM):
        return LinkLost("no permission", where=path, do="add the user to the group of the device (Debian: dialout)")
    if number in (errno.EBUSY, errno.EAGAIN, errno.EWOULDBLOCK):
        by = holders(path)
        return LinkLost(f"held by {by or 'another process'}", where=path, do="stop that process, or use another port")
    return LinkLost(f"cannot be opened ({error})", where=path, do=f"metergate doctor {path} looks closer")
