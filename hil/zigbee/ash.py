"""ASH, the serial protocol of an EZSP stick: the stick's end of it, without a port and without a clock.

Frames end with a flag byte, carry a CRC-CCITT and, around their data, a pseudo-random sequence against long runs of equal
bits. Data frames are numbered 0 to 7 and acknowledged; a frame that is not acknowledged in time is sent again. Bytes go in
with ``receive``, what came out of them is returned; bytes to send gather in ``outgoing``; ``due`` is when ``tick`` has work.

Sources: Silicon Labs' UART gateway protocol as the facts of the protocol are known, checked against frames captured from
sticks (tests/hil/zigbee/test_ash.py).
"""

from __future__ import annotations

from collections import Counter, deque
from enum import Enum, auto

FLAG, ESCAPE, XON, XOFF, SUBSTITUTE, CANCEL = 0x7E, 0x7D, 0x11, 0x13, 0x18, 0x1A
_STUFFED = frozenset((FLAG, ESCAPE, XON, XOFF, SUBSTITUTE, CANCEL))
_STUFF_BIT = 0x20

RST, RSTACK, ERROR = 0xC0, 0xC1, 0xC2
_ACK, _NAK = 0x80, 0xA0
_RETRANSMITTED = 0x08
_VERSION = 2
#: Reset codes of RSTACK and ERROR.
RESET_POWER_ON, RESET_SOFTWARE, ERROR_NO_ACK = 0x02, 0x0B, 0x51

#: The time to wait for an acknowledgement: at the start, and between which bounds it adapts. Seconds.
_ACK_WAIT_S, _ACK_WAIT_MIN_S, _ACK_WAIT_MAX_S = 1.6, 0.4, 3.2
#: After so many of them in a row the stick gives up.
_ACK_TIMEOUTS = 4
#: The longest frame: control byte, 128 bytes of data, CRC.
_LONGEST = 131


class AshEvent(Enum):
    """What ``receive`` may give beside data."""

    RESET = auto()


def crc(data: bytes) -> bytes:
    """CRC-CCITT, initial value FFFF, high byte first."""
    value = 0xFFFF
    for octet in data:
        value ^= octet << 8
        for _ in range(8):
            value = (value << 1 ^ 0x1021) & 0xFFFF if value & 0x8000 else value << 1
    return value.to_bytes(2, "big")


def randomised(data: bytes) -> bytes:
    """``data`` with the sequence of ASH's shift register laid over it; the same again takes it off."""
    register, done = 0x42, bytearray()
    for octet in data:
        done.append(octet ^ register)
        register = register >> 1 ^ (0xB8 if register & 1 else 0)
    return bytes(done)


def stuffed(frame: bytes) -> bytes:
    """``frame`` with its CRC, reserved bytes escaped, and the flag that ends it."""
    done = bytearray()
    for octet in frame + crc(frame):
        done += bytes((ESCAPE, octet ^ _STUFF_BIT)) if octet in _STUFFED else bytes((octet,))
    return bytes(done) + bytes((FLAG,))


class Ash:
    """The stick's end. ``counts`` tells what was seen on the line."""

    def __init__(self) -> None:
        self.outgoing: deque[bytes] = deque()
        self.counts: Counter[str] = Counter()
        self.failed = False
        self._raw = bytearray()
        self._dropping = False
        self._connected = False
        self._start_over()

    def _start_over(self) -> None:
        self._sent_number = 0  # of the next data frame
        self._expected = 0
        self._rejecting = False
        self._waiting: bytes | None = None  # the data of the frame that is not acknowledged yet
        self._sent_at = 0.0
        self._timeouts = 0
        self._ack_wait_s = _ACK_WAIT_S
        self._queue: deque[bytes] = deque()

    @property
    def due(self) -> float | None:
        """When the frame on its way is late, if there is one."""
        return None if self._waiting is None else self._sent_at + self._ack_wait_s

    @property
    def idle(self) -> bool:
        """Whether everything that was sent is acknowledged."""
        return self._waiting is None and not self._queue

    def reset(self, code: int) -> None:
        """Start over, and tell the host so."""
        self._start_over()
        self.failed = False
        self._connected = True
        self.outgoing.append(stuffed(bytes((RSTACK, _VERSION, code))))

    def fail(self, code: int) -> None:
        """Stop, and tell the host so until it resets the stick."""
        self._start_over()
        self.failed = True
        self.outgoing.append(stuffed(bytes((ERROR, _VERSION, code))))
        self._failure = code

    def send(self, data: bytes, now: float) -> None:
        """Send ``data`` when its turn comes. Nothing is sent before the host has reset the stick."""
        if self._connected and not self.failed:
            self._queue.append(data)
            self._next(now)

    def tick(self, now: float) -> None:
        """Repeat a frame that was not acknowledged in time, or give up."""
        if self._waiting is None or now < self._sent_at + self._ack_wait_s:
            return
        self._timeouts += 1
        self.counts["ack timeouts"] += 1
        self._ack_wait_s = min(2 * self._ack_wait_s, _ACK_WAIT_MAX_S)
        if self._timeouts >= _ACK_TIMEOUTS:
            self.fail(ERROR_NO_ACK)
        else:
            self._transmit(now, again=True)

    def receive(self, data: bytes, now: float) -> list[bytes | AshEvent]:
        """The data frames, and the resets, that ``data`` completes."""
        found: list[bytes | AshEvent] = []
        for octet in data:
            if octet == FLAG:
                frame, dropped = self._take()
                if frame and not dropped:
                    found += self._frame(frame, now)
            elif octet == CANCEL:
                self._take()
            elif octet == SUBSTITUTE:
                self._dropping = True
            elif octet not in (XON, XOFF):
                self._raw.append(octet)
                if len(self._raw) > 2 * _LONGEST:
                    self._raw.clear()
                    self._dropping = True
        return found

    def _take(self) -> tuple[bytes, bool]:
        raw, dropped = bytes(self._raw), self._dropping
        self._raw.clear()
        self._dropping = False
        return raw, dropped

    def _frame(self, raw: bytes, now: float) -> list[bytes | AshEvent]:
        frame = _unstuffed(raw)
        if frame is None or len(frame) < 3 or crc(frame[:-2]) != frame[-2:]:
            self.counts["bad frames"] += 1
            self._reject()
            return []
        control, body = frame[0], frame[1:-2]
        if control == RST:
            self._start_over()
            return [AshEvent.RESET]
        if self.failed:
            self.outgoing.append(stuffed(bytes((ERROR, _VERSION, self._failure))))
            return []
        if not self._connected:
            return []
        if control & 0x80 == 0:
            self._acknowledged(control & 7, now)
            return self._data(control, body)
        if control & 0xE0 == _ACK:
            self._acknowledged(control & 7, now)
        elif control & 0xE0 == _NAK:
            self._acknowledged(control & 7, now)
            self.counts["naks"] += 1
            if self._waiting is not None:
                self._transmit(now, again=True)
        return []

    def _data(self, control: int, body: bytes) -> list[bytes | AshEvent]:
        number = control >> 4 & 7
        if number != self._expected:
            if control & _RETRANSMITTED:
                self.counts["repeated"] += 1
                self._acknowledge()
            else:
                self._reject()
            return []
        self._expected = (self._expected + 1) % 8
        self._rejecting = False
        self._acknowledge()
        return [randomised(body)]

    def _acknowledge(self) -> None:
        self.outgoing.append(stuffed(bytes((_ACK | self._expected,))))

    def _reject(self) -> None:
        """Ask for the frame again; once, until it comes."""
        if self._connected and not self._rejecting and not self.failed:
            self._rejecting = True
            self.counts["rejects"] += 1
            self.outgoing.append(stuffed(bytes((_NAK | self._expected,))))

    def _acknowledged(self, number: int, now: float) -> None:
        if self._waiting is None or number != (self._sent_number + 1) % 8:
            return
        self._sent_number = number
        self._waiting = None
        self._timeouts = 0
        adapted = 7 / 8 * self._ack_wait_s + (now - self._sent_at) / 2
        self._ack_wait_s = min(max(adapted, _ACK_WAIT_MIN_S), _ACK_WAIT_MAX_S)
        self._next(now)

    def _next(self, now: float) -> None:
        if self._waiting is None and self._queue:
            self._waiting = self._queue.popleft()
            self._transmit(now, again=False)

    def _transmit(self, now: float, *, again: bool) -> None:
        assert self._waiting is not None  # noqa: S101  - callers have looked
        control = self._sent_number << 4 | (_RETRANSMITTED if again else 0) | self._expected
        self._sent_at = now
        self.outgoing.append(stuffed(bytes((control,)) + randomised(self._waiting)))


def _unstuffed(raw: bytes) -> bytes | None:
    """The frame without its escapes; None when it ends in one."""
    done, escaped = bytearray(), False
    for octet in raw:
        if escaped:
            done.append(octet ^ _STUFF_BIT)
            escaped = False
        elif octet == ESCAPE:
            escaped = True
        else:
            done.append(octet)
    return None if escaped else bytes(done)
