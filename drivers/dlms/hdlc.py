"""The client's side of an HDLC connection (IEC 62056-46, 6.2 and 6.4): bytes in, events out, what to send in between.

Theory of operation. ``connect``, ``send`` and ``disconnect`` put frames into the outgoing bytes, which the caller takes
with ``outgoing()``; received bytes go into ``receive``, which gives events and may put more frames there. The caller
keeps the time: when an answer is late it calls ``repeat()``; when the meter says it is busy (``busy``) it waits a little
and calls ``repeat()`` too. Nothing here sleeps or opens anything.

    DISCONNECTED --connect: SNRM--> CONNECTING --UA--> CONNECTED --disconnect: DISC--> DISCONNECTING --UA, DM--> DISCONNECTED

Sequence numbers are 0..7, one frame at a time may carry the poll bit, and the meter answers only when polled. A lost
frame is recovered by an RR that says which one is expected next; a repeated frame is recognised by its number. So a
request that was received is never carried out twice. An echo of what was sent is addressed to the meter and ignored.
"""

from __future__ import annotations

from collections import deque
from enum import Enum, auto
from typing import NamedTuple

from drivers.dlms.hdlc_frame import POLL, Control, Frame, FrameReader, Lost, build
from drivers.dlms.hdlc_parameters import (
    DEFAULT_INFORMATION,
    DEFAULT_WINDOW,
    MOST_INFORMATION,
    MOST_WINDOW,
    agreed,
    parameters,
)
from drivers.dlms.hdlc_segments import LLC_COMMAND, Segments


class State(Enum):
    DISCONNECTED = auto()
    CONNECTING = auto()
    CONNECTED = auto()
    DISCONNECTING = auto()


class Connected(NamedTuple):
    """The meter accepted the connection (UA)."""


class Apdu(NamedTuple):
    """A whole APDU from the meter, its LLC addresses taken off."""

    data: bytes


class Unnumbered(NamedTuple):
    """An APDU that came in UI frames: the meter speaks without having been asked."""

    data: bytes


class Disconnected(NamedTuple):
    """There is no connection now. ``why`` is empty when it was we who ended it."""

    why: str = ""


Event = Connected | Apdu | Unnumbered | Disconnected


class _Outstanding(NamedTuple):
    number: int
    information: bytes
    segmented: bool


class HdlcSession:
    """One connection. ``client`` and ``server`` are address fields (``hdlc_frame.address``); ``information`` and ``window``
    are what is proposed, the attributes ``send_size``, ``send_window`` and ``receive_size`` what was agreed."""

    def __init__(
        self, client: bytes, server: bytes, information: int = MOST_INFORMATION, window: int = MOST_WINDOW
    ) -> None:
        self._client = client
        self._server = server
        self._proposed = (information, window)
        self._reader = FrameReader()
        self._out = bytearray()
        self.state = State.DISCONNECTED
        #: True when the meter said that it cannot take or give more just now.
        self.busy = False
        #: True when bytes came that were no good frame, since the last good one.
        self.damaged = False
        #: What was lost, for a person: check sequence errors, repeated frames.
        self.bad_frames = self.repeated_frames = self.repeats = 0
        self._reset()

    def _reset(self) -> None:
        self.send_size = self.receive_size = DEFAULT_INFORMATION
        self.send_window = self.receive_window = DEFAULT_WINDOW
        self._send_number = self._receive_number = 0
        self._waiting: deque[tuple[bytes, bool]] = deque()
        self._outstanding: deque[_Outstanding] = deque()
        self._segments = Segments()
        self._unnumbered = Segments()
        self._repeated = 0
        self.busy = False

    @property
    def waiting(self) -> bool:
        """Whether a frame has begun and not ended."""
        return self._reader.waiting > 1

    def outgoing(self) -> bytes:
        """The bytes to send now; taken off."""
        data = bytes(self._out)
        self._out.clear()
        return data

    def connect(self) -> None:
        """Ask for a connection: SNRM."""
        self._reset()
        self.state = State.CONNECTING
        self._put(Control.SNRM | POLL, parameters(*self._proposed))

    def disconnect(self) -> None:
        """End the connection: DISC. Also right when there may be none."""
        self.state = State.DISCONNECTING
        self._put(Control.DISC | POLL)

    def send(self, apdu: bytes) -> None:
        """Send an APDU, in as many segments as it needs."""
        if self.state is not State.CONNECTED:
            raise RuntimeError(f"send in {self.state.name}")
        whole = LLC_COMMAND + apdu
        self._segments.clear()
        parts = [whole[at : at + self.send_size] for at in range(0, len(whole), self.send_size)]
        self._waiting.extend((part, number < len(parts)) for number, part in enumerate(parts, 1))
        self._transmit()

    def poll(self) -> None:
        """Ask the meter to go on, saying which frame is expected: RR."""
        self._put(Control.RR | POLL | self._receive_number << 5)

    def repeat(self) -> None:
        """The answer is late, or the meter was busy: ask again. First by RR, which cannot do anything twice, then by what
        was not acknowledged."""
        self.repeats += 1
        self._repeated += 1
        self._reader.gap()
        self.busy = self.damaged = False
        if self.state is State.CONNECTING:
            self._put(Control.SNRM | POLL, parameters(*self._proposed))
        elif self.state is State.DISCONNECTING:
            self._put(Control.DISC | POLL)
        elif self._outstanding and self._repeated % 2 == 0:
            self._again()
        else:
            self.poll()

    def receive(self, data: bytes) -> list[Event]:
        """Bytes from the line. Raises BadFrame for an APDU without end."""
        events: list[Event] = []
        for found in self._reader.feed(data):
            if isinstance(found, Lost):
                self.bad_frames += found.checked
                self.damaged = True
            elif self._is_for_us(found):
                self.damaged = False
                self._frame(found, events)
        return events

    def _is_for_us(self, frame: Frame) -> bool:
        if frame.destination == self._client and frame.source == self._server:
            return True
        # The same addresses may be written in fewer or more octets.
        if _value(frame.destination) not in (_value(self._client), (0x7F, 0)):
            return False
        if _value(frame.source) == _value(self._server):
            return True
        # Who is called by the all-station address answers with its own: from then on it is called by that.
        upper, lower = _value(self._server)
        if (lower in (0x7F, 0x3FFF) or (lower == 0 and upper == 0x7F)) and self.state is State.CONNECTING:
            self._server = frame.source
            return True
        return False

    def _frame(self, frame: Frame, events: list[Event]) -> None:
        if frame.is_information:
            if self.state is State.CONNECTED:
                self._information(frame, events)
            return
        kind = frame.kind
        if kind == Control.UI:
            whole = self._unnumbered.add(frame)
            if whole:
                events.append(Unnumbered(whole))
        elif kind == Control.UA:
            self._accepted(frame, events)
        elif kind == Control.DM:
            self._lost("the meter says it is not connected (DM)", events)
        elif kind == Control.FRMR:
            self._lost(f"the meter rejects a frame (FRMR {frame.information.hex()})", events)
        elif self.state is State.CONNECTED and kind in (Control.RR, Control.RNR, Control.REJ):
            self._supervisory(frame, kind)

    def _accepted(self, frame: Frame, events: list[Event]) -> None:
        if self.state is State.DISCONNECTING:
            self.state = State.DISCONNECTED
            events.append(Disconnected())
        elif self.state is State.CONNECTING:
            said = agreed(frame.information)
            most, window = self._proposed
            self.receive_size = min(most, said.get(5, DEFAULT_INFORMATION))
            self.send_size = max(8, min(most, said.get(6, DEFAULT_INFORMATION)))
            self.receive_window = min(window, said.get(7, DEFAULT_WINDOW))
            self.send_window = max(1, min(window, said.get(8, DEFAULT_WINDOW)))
            self.state = State.CONNECTED
            self._repeated = 0
            events.append(Connected())

    def _lost(self, why: str, events: list[Event]) -> None:
        ours = self.state is State.DISCONNECTING
        if self.state is not State.DISCONNECTED:
            self.state = State.DISCONNECTED
            events.append(Disconnected("" if ours else why))

    def _information(self, frame: Frame, events: list[Event]) -> None:
        self._acknowledged(frame.receive_number)
        ahead = frame.send_number - self._receive_number & 7
        if ahead:
            # Out of turn: after a lost one the meter is asked from there on, once it has said all; a repeated one was had.
            if ahead >= self.receive_window:
                self.repeated_frames += 1
            elif frame.final:
                self.poll()
            return
        self._receive_number = self._receive_number + 1 & 7
        self._repeated = 0
        self._outstanding.clear()  # an answer acknowledges the question, also where its N(R) stays 0 (seen)
        whole = self._segments.add(frame)
        if whole is not None:
            events.append(Apdu(whole))
        elif frame.final:
            self.poll()

    def _supervisory(self, frame: Frame, kind: int) -> None:
        self._acknowledged(frame.receive_number)
        if kind == Control.RNR:
            self.busy = True
        elif kind == Control.REJ or self._outstanding:
            self._again()
        elif self._waiting:
            self._transmit()
        elif frame.final:
            self.busy = True  # it is there and has nothing to say yet: ask again, a little later

    def _acknowledged(self, receive_number: int) -> None:
        """Drop what N(R) says has arrived."""
        if not self._outstanding:
            return
        count = receive_number - self._outstanding[0].number & 7
        if count <= len(self._outstanding):
            for _ in range(count):
                self._outstanding.popleft()

    def _transmit(self) -> None:
        fresh = []
        while self._waiting and len(self._outstanding) < self.send_window:
            information, more = self._waiting.popleft()
            fresh.append(_Outstanding(self._send_number, information, more))
            self._outstanding.append(fresh[-1])
            self._send_number = self._send_number + 1 & 7
        self._emit(fresh)

    def _again(self) -> None:
        if self._outstanding:
            self._emit(list(self._outstanding))

    def _emit(self, frames: list[_Outstanding]) -> None:
        for place, frame in enumerate(frames, 1):
            control = self._receive_number << 5 | frame.number << 1 | (POLL if place == len(frames) else 0)
            self._put(control, frame.information, frame.segmented)

    def _put(self, control: int, information: bytes = b"", segmented: bool = False) -> None:
        self._out += build(Frame(self._server, self._client, control, information, segmented))


def _value(address: bytes) -> tuple[int, int]:
    """An address field as (upper, lower), whatever its size; a one-octet one has the lower address 0."""
    parts = [octet >> 1 for octet in address]
    if len(parts) == 4:
        return parts[0] << 7 | parts[1], parts[2] << 7 | parts[3]
    return parts[0], parts[1] if len(parts) > 1 else 0
