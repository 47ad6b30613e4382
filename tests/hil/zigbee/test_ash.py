"""ASH octet by octet: what the stick says to a reset, to frames in and out of order, and when nobody acknowledges."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hil.zigbee.ash import ERROR_NO_ACK, Ash, AshEvent, randomised, stuffed

RESET = bytes.fromhex("1ac038bc7e")
FRAME_0 = stuffed(b"\x00" + randomised(b"abc"))
ACK_1 = bytes.fromhex("8160597e")


def connected() -> Ash:
    ash = Ash()
    assert ash.receive(RESET, 0.0) == [AshEvent.RESET]
    ash.reset(0x0B)
    assert ash.outgoing.popleft() == bytes.fromhex("c1020b0a527e")
    return ash


def test_data_are_acknowledged_once_they_are_whole() -> None:
    ash = connected()
    assert ash.receive(FRAME_0, 0.0) == [b"abc"]
    assert list(ash.outgoing) == [ACK_1]


def test_a_frame_that_was_spoilt_is_asked_for_once() -> None:
    ash = connected()
    spoilt = FRAME_0[:2] + bytes((FRAME_0[2] ^ 1,)) + FRAME_0[3:]
    assert ash.receive(spoilt + spoilt, 0.0) == []
    assert list(ash.outgoing) == [stuffed(b"\xa0")]
    assert ash.receive(FRAME_0, 0.0) == [b"abc"]


def test_a_repeated_frame_is_acknowledged_and_not_taken_twice() -> None:
    ash = connected()
    ash.receive(FRAME_0, 0.0)
    ash.outgoing.clear()
    assert ash.receive(stuffed(b"\x08" + randomised(b"abc")), 0.0) == []
    assert list(ash.outgoing) == [ACK_1]


def test_a_frame_is_sent_again_until_the_stick_gives_up() -> None:
    ash = connected()
    ash.send(b"xyz", 0.0)
    assert list(ash.outgoing) == [stuffed(b"\x00" + randomised(b"xyz"))]
    ash.outgoing.clear()
    assert ash.due == pytest.approx(1.6)
    for _ in range(3):
        assert ash.due is not None
        ash.tick(ash.due)
        assert ash.outgoing.popleft() == stuffed(b"\x08" + randomised(b"xyz"))
    assert ash.due is not None
    ash.tick(ash.due)
    assert ash.failed
    assert ash.outgoing.popleft() == stuffed(bytes((0xC2, 0x02, ERROR_NO_ACK)))
    # And says so to whatever comes, until it is reset.
    ash.receive(FRAME_0, 99.0)
    assert ash.outgoing.popleft() == stuffed(bytes((0xC2, 0x02, ERROR_NO_ACK)))
    assert ash.receive(RESET, 99.0) == [AshEvent.RESET]


def test_the_next_frame_waits_for_the_acknowledgement() -> None:
    ash = connected()
    ash.send(b"1", 0.0)
    ash.send(b"2", 0.0)
    assert len(ash.outgoing) == 1
    ash.outgoing.clear()
    ash.receive(ACK_1, 0.1)
    assert list(ash.outgoing) == [stuffed(b"\x10" + randomised(b"2"))]


@given(st.binary(max_size=128), st.data())
def test_any_data_come_through_whole_or_in_pieces(data: bytes, draw: st.DataObject) -> None:
    ash, wire = connected(), stuffed(b"\x00" + randomised(data))
    assert not set(wire[:-1]) & {0x11, 0x13, 0x18, 0x1A, 0x7E}
    cut = draw.draw(st.integers(0, len(wire)))
    assert ash.receive(wire[:cut], 0.0) + ash.receive(wire[cut:], 0.0) == [data]


@given(st.binary(max_size=300))
def test_any_octets_are_borne(data: bytes) -> None:
    ash = connected()
    ash.receive(data, 0.0)
    assert ash.receive(RESET, 0.0) == [AshEvent.RESET]
