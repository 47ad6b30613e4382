"""The HDLC session against an independent station, over a line that loses, garbles and repeats frames."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.dlms.hdlc import (
    Apdu,
    Connected,
    Disconnected,
    Event,
    HdlcSession,
    State,
    Unnumbered,
    agreed,
    parameters,
)
from drivers.dlms.hdlc_frame import POLL, Control, Frame, address, build
from hil.dlms import faults as known
from hil.dlms.hdlc_frame import Splitter
from hil.dlms.hdlc_station import Station, StationRule

CLIENT, SERVER = address(16), address(1)


class Line:
    """Client and station with nothing between them but ``faults``: a frame's number -> lost, garbled or repeated."""

    def __init__(self, session: HdlcSession, rule: StationRule, faults: dict[int, str] | None = None) -> None:
        self.session = session
        self.faults = faults or {}
        self.frames = 0
        self.asked: list[bytes] = []
        self.downs = 0
        self.station = Station(rule, self._application, self._down, known.DlmsFaults({}, known.FAULTS))

    def _application(self, client: int, apdu: bytes) -> list[bytes]:
        assert client == 16
        self.asked.append(apdu)
        return [apdu[::-1] * 5]

    def _down(self, client: int) -> None:
        self.downs += 1

    def _carried(self, data: bytes) -> bytes:
        self.frames += 1
        match self.faults.get(self.frames, ""):
            case "lost":
                return b""
            case "garbled":
                return data[:-3] + bytes((data[-3] ^ 0x10,)) + data[-2:]
            case "repeated":
                return data * 2
            case "cut":
                return data[: len(data) // 2]
        return data

    def until(self, wanted: type[Event], most_repeats: int = 60) -> Event:
        """Carry frames to and fro until there is an event of that kind; an answer that is late is asked for again."""
        for _ in range(most_repeats):
            while data := self.session.outgoing():
                answers = Splitter().feed(self.station.feed(self._carried(data)))
                heard = [self._carried(frame.encode()) for frame in answers]
                for event in [event for part in heard for event in self.session.receive(part)]:
                    if isinstance(event, wanted):
                        return event
                    assert not isinstance(event, Disconnected)
            self.session.repeat()
        raise AssertionError("no answer")

    def exchange(self, apdu: bytes) -> bytes:
        self.session.send(apdu)
        event = self.until(Apdu)
        assert isinstance(event, Apdu)
        return event.data


RULES = st.builds(
    StationRule,
    max_info_transmit=st.sampled_from([16, 62, 128, 256, 2030]),
    max_info_receive=st.sampled_from([16, 62, 128, 256, 2030]),
    window_transmit=st.integers(1, 7),
    window_receive=st.integers(1, 7),
)
FAULTS = st.dictionaries(st.integers(3, 60), st.sampled_from(["lost", "garbled", "repeated", "cut"]), max_size=12)


APDUS = st.lists(st.binary(min_size=1, max_size=400), min_size=1, max_size=6)


@given(RULES, FAULTS, APDUS)
@settings(max_examples=40)
def test_every_apdu_arrives_once_whatever_the_line_does(
    rule: StationRule, faults: dict[int, str], apdus: list[bytes]
) -> None:
    _arrives_once(rule, faults, apdus)


@pytest.mark.slow
@given(RULES, FAULTS, APDUS)
@settings(max_examples=1000)
def test_every_apdu_arrives_once_at_length(rule: StationRule, faults: dict[int, str], apdus: list[bytes]) -> None:
    _arrives_once(rule, faults, apdus)


def _arrives_once(rule: StationRule, faults: dict[int, str], apdus: list[bytes]) -> None:
    line = Line(HdlcSession(CLIENT, SERVER), rule, faults)
    line.session.connect()
    line.until(Connected)
    assert line.session.send_size == rule.max_info_receive
    assert line.session.send_window == rule.window_receive
    for apdu in apdus:
        assert line.exchange(apdu) == apdu[::-1] * 5
    assert line.asked == apdus  # nothing was carried out twice
    line.session.disconnect()
    line.until(Disconnected)
    assert line.session.state is State.DISCONNECTED
    assert line.downs == 1


@given(RULES, st.integers(8, 2030), st.integers(1, 7))
@settings(max_examples=10)
def test_no_more_is_agreed_than_was_proposed(rule: StationRule, information: int, window: int) -> None:
    line = Line(HdlcSession(CLIENT, SERVER, information, window), rule)
    line.session.connect()
    line.until(Connected)
    assert line.session.send_size <= information
    assert line.session.send_window <= window
    assert line.exchange(b"x" * 300) == b"x" * 1500


def test_snrm_carries_all_four_parameters() -> None:
    assert parameters(2030, 7).hex() == "818014050207ee060207ee070400000007080400000007"
    assert agreed(parameters(128, 1)) == {5: 128, 6: 128, 7: 1, 8: 1}


@pytest.mark.parametrize("information", [b"", b"\x81\x80", b"\x81\x80\x14\x05\x02\x01", bytes(40)])
def test_a_ua_that_says_little_leaves_the_defaults(information: bytes) -> None:
    session = HdlcSession(CLIENT, SERVER)
    session.connect()
    [event] = session.receive(build(Frame(CLIENT, SERVER, Control.UA | POLL, information)))
    assert event == Connected()
    assert (session.send_size, session.send_window) == (128, 1)


@pytest.mark.parametrize("server", [address(1), address(1, 17, 2), address(1, 17, 4), address(0x1000, 0x2000, 4)])
@pytest.mark.parametrize("client", [address(16), b"\xce\xff"])
def test_addresses_of_every_size(client: bytes, server: bytes) -> None:
    session = HdlcSession(client, server)
    session.connect()
    assert session.receive(build(Frame(client, server, Control.UA | POLL))) == [Connected()]


def test_an_echo_of_what_was_sent_is_ignored() -> None:
    session = HdlcSession(CLIENT, SERVER)
    session.connect()
    assert session.receive(session.outgoing()) == []
    assert session.state is State.CONNECTING


@pytest.mark.parametrize("control", [Control.DM, Control.FRMR])
def test_what_ends_a_connection(control: int) -> None:
    session = _connected()
    [event] = session.receive(build(Frame(CLIENT, SERVER, control | POLL, b"\x10\x00\x01" if control & 0x80 else b"")))
    assert isinstance(event, Disconnected)
    assert event.why
    assert session.state is State.DISCONNECTED


def test_a_meter_that_is_busy_is_asked_again() -> None:
    session = _connected()
    session.send(b"\xc0")
    session.outgoing()
    assert session.receive(build(Frame(CLIENT, SERVER, Control.RNR | POLL | 1 << 5))) == []
    assert session.busy
    session.repeat()
    assert session.outgoing() == build(Frame(SERVER, CLIENT, Control.RR | POLL))


def test_a_rejected_frame_is_sent_again() -> None:
    session = _connected()
    session.send(b"\xc0\x01")
    first = session.outgoing()
    session.receive(build(Frame(CLIENT, SERVER, Control.REJ | POLL)))
    assert session.outgoing() == first


def test_a_notification_between_request_and_answer() -> None:
    session = _connected()
    session.send(b"\xc0\x01")
    ui = build(Frame(CLIENT, SERVER, Control.UI, b"\xe6\xe7\x00\x0f\x00\x00\x00\x00\x00\x00"))
    answer = build(Frame(CLIENT, SERVER, POLL | 1 << 5, b"\xe6\xe7\x00\xc4\x01"))
    assert session.receive(ui + answer) == [Unnumbered(bytes.fromhex("0f000000000000")), Apdu(b"\xc4\x01")]


def test_an_exception_response_without_llc_addresses() -> None:
    session = _connected()
    session.send(b"\xc0\x01")
    assert session.receive(build(Frame(CLIENT, SERVER, POLL | 1 << 5, b"\xd8\x01\x01"))) == [Apdu(b"\xd8\x01\x01")]


def test_an_answer_whose_receive_number_stays_zero() -> None:
    session = _connected()
    session.send(b"\xc0\x01")
    session.outgoing()
    assert session.receive(build(Frame(CLIENT, SERVER, POLL, b"\xe6\xe7\x00\xc4"))) == [Apdu(b"\xc4")]
    session.send(b"\xc0\x02")
    assert session.outgoing() == build(Frame(SERVER, CLIENT, POLL | 1 << 5 | 1 << 1, b"\xe6\xe6\x00\xc0\x02"))


def test_a_late_answer_is_not_taken_for_the_next() -> None:
    session = _connected()
    session.send(b"\xc0\x01")
    late = build(Frame(CLIENT, SERVER, POLL | 1 << 5, b"\xe6\xe7\x00\xc4\x01"))
    assert session.receive(late) == [Apdu(b"\xc4\x01")]
    session.send(b"\xc0\x02")
    assert session.receive(late) == []
    assert session.repeated_frames == 1


def _connected() -> HdlcSession:
    session = HdlcSession(CLIENT, SERVER)
    session.connect()
    session.outgoing()
    assert session.receive(build(Frame(CLIENT, SERVER, Control.UA | POLL))) == [Connected()]
    return session


@pytest.mark.parametrize("everyone", [address(1, 0x3FFF, 4), address(1, 0x7F, 2), address(0x7F)])
def test_who_is_called_by_the_all_station_address_answers_with_its_own(everyone: bytes) -> None:
    session = HdlcSession(CLIENT, everyone)
    own = address(1, 17, 4)
    session.connect()
    session.outgoing()
    assert session.receive(build(Frame(CLIENT, own, Control.UA | POLL))) == [Connected()]
    session.send(b"\xc0\x01")
    [asked] = Splitter().feed(session.outgoing())
    assert asked.encode() == build(Frame(own, CLIENT, POLL, b"\xe6\xe6\x00\xc0\x01"))
    another = address(1, 18, 4)
    assert session.receive(build(Frame(CLIENT, another, POLL | 1 << 5, b"\xe6\xe7\x00\xc4\x01"))) == []
    assert session.receive(build(Frame(CLIENT, own, POLL | 1 << 5, b"\xe6\xe7\x00\xc4\x01"))) == [Apdu(b"\xc4\x01")]
