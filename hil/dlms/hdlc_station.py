"""The secondary station of HDLC: link negotiation, numbered frames, segments, repeats (IEC 62056-46). No line, no clock.

Bytes in, bytes out: ``feed`` gives the frames that the meter sends for what it heard. Frames with a wrong check are not
answered; one that came before is answered again, so that a lost answer costs a repeat and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from hil.dlms import hdlc_frame as hdlc
from hil.dlms.faults import DlmsFaults
from hil.dlms.frame_faults import FrameFaults, cut_for_7e
from hil.dlms.hdlc_frame import Frame

_LLC_COMMAND = bytes.fromhex("E6E600")
_LLC_RESPONSE = bytes.fromhex("E6E700")
#: Broadcast addresses of the upper part: one and two bytes' worth.
_ALL_STATIONS = (0x7F, 0x3FFF)
#: What a station may send and receive when SNRM says nothing (IEC 62056-46, 6.4.4.4.3.2).
_DEFAULT_INFO, _DEFAULT_WINDOW = 128, 1

#: Gives the APDUs that answer one of a client SAP; none for silence.
Application = Callable[[int, bytes], list[bytes]]


@dataclass(frozen=True, slots=True)
class StationRule:
    """``logical`` and ``physical`` (None: any) are the station's address; the others what it is able to."""

    logical: int = 1
    physical: int | None = None
    max_info_transmit: int = 128
    max_info_receive: int = 128
    window_transmit: int = 1
    window_receive: int = 1


class Station:
    """One station. ``on_down`` is called when the link is taken down or set up anew, with the client's SAP."""

    def __init__(
        self, rule: StationRule, application: Application, on_down: Callable[[int], None], faults: DlmsFaults
    ) -> None:
        self.rule = rule
        self._faults = faults
        self._frames = FrameFaults(faults)
        self._commands = 0
        self._application = application
        self._on_down = on_down
        self._splitter = hdlc.Splitter()
        self._client = b""
        self._own = b""
        self._connected = False
        self._reset()

    @property
    def connected(self) -> bool:
        return self._connected

    @property
    def client(self) -> int:
        return hdlc.logical_physical(self._client)[0] if self._client else 0

    def _reset(self) -> None:
        self._expected = 0  # V(R)
        self._next = 0  # V(S) of the next new frame
        self._received = bytearray()
        self._waiting: list[Frame] = []  # not yet sent
        self._unacknowledged: list[Frame] = []
        self.max_info = _DEFAULT_INFO
        self.window = _DEFAULT_WINDOW

    def feed(self, data: bytes) -> bytes:
        """The bytes to send for what was heard."""
        answers = b""
        for frame in self._splitter.feed(data):
            if self._is_mine(frame) and not self._frames.deaf():
                answers += self._frames.outgoing(self._answer(frame))
        return answers

    def _is_mine(self, frame: Frame) -> bool:
        logical, physical = hdlc.logical_physical(frame.destination)
        if physical is None:
            return logical in (self.rule.logical, 0x7F)
        right = self.rule.physical is None or physical in (self.rule.physical, *_ALL_STATIONS)
        return logical in (self.rule.logical, *_ALL_STATIONS) and right

    def _answer(self, frame: Frame) -> list[Frame]:
        if frame.kind == "U":
            return self._unnumbered(frame)
        if not self._connected or frame.source != self._client:
            return [self._frame(hdlc.DM | hdlc.POLL_FINAL, frame)]
        self._acknowledge(frame.nr)
        if frame.kind == "RR":
            return self._send_window(repeat=True)
        if frame.kind in ("RNR", "REJ"):
            return self._send_window(repeat=True) if frame.kind == "REJ" else []
        return self._information(frame)

    # Setting up and taking down

    def _unnumbered(self, frame: Frame) -> list[Frame]:
        if frame.unnumbered == hdlc.SNRM:
            if "snrm-parameters" in self._faults and not frame.information:
                return []
            self._down()
            self._reset()
            self._client, self._own, self._connected = frame.source, self._address(frame.destination), True
            return [self._frame(hdlc.UA | hdlc.POLL_FINAL, frame, self._negotiate(frame.information))]
        if frame.unnumbered == hdlc.DISC:
            kind = hdlc.UA if self._connected else hdlc.DM
            self._down()
            return [self._frame(kind | hdlc.POLL_FINAL, frame)]
        if frame.unnumbered == hdlc.UI:
            return []
        return [self._frame(hdlc.FRMR | hdlc.POLL_FINAL, frame, bytes([frame.control, 0, 1]))]

    def _down(self) -> None:
        if self._connected:
            self._on_down(self.client)
        self._connected = False

    def drop(self) -> None:
        """The carrier is gone."""
        self._down()
        self._splitter = hdlc.Splitter()

    def _negotiate(self, asked: bytes) -> bytes:
        """The parameters of SNRM, each taken down to what the station is able to; its answer for UA."""
        wanted = negotiation(asked) if "no-negotiation" not in self._faults else {}
        # The client's receive is this station's transmit, and the other way round.
        self.max_info = min(wanted.get(6, _DEFAULT_INFO), self.rule.max_info_transmit)
        self.window = min(wanted.get(8, _DEFAULT_WINDOW), self.rule.window_transmit)
        receive = min(wanted.get(5, _DEFAULT_INFO), self.rule.max_info_receive)
        window = min(wanted.get(7, _DEFAULT_WINDOW), self.rule.window_receive)
        if "no-negotiation" in self._faults:
            return b""
        return negotiation_field(self.max_info, receive, self.window, window)

    def _address(self, called: bytes) -> bytes:
        """The station's own address in the form in which it was called."""
        logical, physical = hdlc.logical_physical(called)
        if logical in _ALL_STATIONS or physical in _ALL_STATIONS:
            return hdlc.address(self.rule.logical, self.rule.physical or 0x10, len(called))
        return called

    # Numbered frames

    def _acknowledge(self, nr: int) -> None:
        while self._unacknowledged and self._unacknowledged[0].ns != nr:
            if nr not in {(frame.ns + 1) % 8 for frame in self._unacknowledged}:
                return
            self._unacknowledged.pop(0)

    def _information(self, frame: Frame) -> list[Frame]:
        self._commands += 1
        if "dm" in self._faults and self._commands == self._faults.number("dm"):
            self._down()
            return [self._frame(hdlc.DM | hdlc.POLL_FINAL, frame)]
        if "frmr" in self._faults and self._commands == self._faults.number("frmr"):
            # The control field rejected, then N(S), N(R), and which rule it broke.
            reason = bytes([frame.control, self._next << 1 | self._expected << 5, 0x01])
            return [self._frame(hdlc.FRMR | hdlc.POLL_FINAL, frame, reason)]
        if frame.ns != self._expected:
            # A repeat: its answer was lost. What is not acknowledged is sent again, with a fresh N(R).
            return self._send_window(repeat=True)
        self._expected = (self._expected + 1) % 8
        self._received += frame.information
        if frame.segmented:
            return [self._frame(hdlc.receive_ready(self._expected), frame)] if frame.poll else []
        message = bytes(self._received)
        self._received.clear()
        self._waiting.clear()
        self._unacknowledged.clear()
        if message[:3] == _LLC_COMMAND:
            for apdu in self._application(self.client, message[3:]):
                self._queue(apdu)
        if "rnr" in self._faults and self._commands >= self._faults.number("rnr") and self._faults.once("rnr"):
            return [Frame(self._client, self._own, hdlc.receive_not_ready(self._expected))]
        return self._send_window(repeat=False)

    def _queue(self, apdu: bytes) -> None:
        whole = apdu if "exception-no-llc" in self._faults and apdu[:1] == b"\xd8" else _LLC_RESPONSE + apdu
        head = Frame(self._client, self._own, hdlc.information(self._next, self._expected, final=True))
        full = "fcs-7e" not in self._faults or self.window > 1
        pieces = cut_full(whole, self.max_info) if full else cut_for_7e(whole, self.max_info, head)
        for number, piece in enumerate(pieces):
            control = hdlc.information(self._next, self._expected, final=False)
            self._waiting.append(Frame(self._client, self._own, control, piece, number < len(pieces) - 1))
            self._next = (self._next + 1) % 8

    def _send_window(self, *, repeat: bool) -> list[Frame]:
        """As many frames as the window allows, the last with the final bit; a bare RR when there is nothing to say."""
        fresh = self._waiting[: self.window - len(self._unacknowledged)]
        del self._waiting[: len(fresh)]
        frames = (self._unacknowledged if repeat else []) + fresh
        self._unacknowledged += fresh
        if not frames:
            return [Frame(self._client, self._own, hdlc.receive_ready(self._expected))]
        return [
            Frame(
                each.destination,
                each.source,
                hdlc.information(each.ns, self._acknowledgement(), final=number == len(frames) - 1),
                each.information,
                each.segmented,
            )
            for number, each in enumerate(frames)
        ]

    def _acknowledgement(self) -> int:
        """N(R) of an information frame."""
        return 0 if "nr-0" in self._faults and self._faults.once("nr-0") else self._expected

    def _frame(self, control: int, heard: Frame, information: bytes = b"") -> Frame:
        return Frame(heard.source, self._address(heard.destination), control, information)


def cut_full(message: bytes, size: int) -> list[bytes]:
    """Information fields as long as allowed."""
    return [message[at : at + size] for at in range(0, len(message), size)]


def negotiation(field: bytes) -> dict[int, int]:
    """Parameter id -> value of an SNRM or UA information field: 81 80 length, then id, length, value of each."""
    found: dict[int, int] = {}
    at = 3
    while field[:2] == b"\x81\x80" and at + 2 <= len(field):
        size = field[at + 1]
        found[field[at]] = int.from_bytes(field[at + 2 : at + 2 + size], "big")
        at += 2 + size
    return found


def negotiation_field(info_transmit: int, info_receive: int, window_transmit: int, window_receive: int) -> bytes:
    """Parameters 5 to 8: maximum information field transmit and receive, window transmit and receive."""
    body = b""
    for number, value in ((5, info_transmit), (6, info_receive)):
        body += bytes([number]) + (bytes([1, value]) if value < 0x100 else b"\x02" + value.to_bytes(2, "big"))
    for number, value in ((7, window_transmit), (8, window_receive)):
        body += bytes([number, 4]) + value.to_bytes(4, "big")
    return b"\x81\x80" + bytes([len(body)]) + body
