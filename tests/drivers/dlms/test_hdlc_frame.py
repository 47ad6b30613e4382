"""HDLC frames by their length field, whatever octets they hold and however the line cuts them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.dlms.bytes_reader import Damaged
from drivers.dlms.hdlc_frame import Frame, FrameReader, Lost, address, build, check_sequence, parse

_ADDRESS = st.one_of(
    st.integers(0, 127).map(lambda n: address(n)),
    st.tuples(st.integers(0, 127), st.integers(0, 127)).map(lambda p: address(*p, 2)),
    st.tuples(st.integers(0, 0x3FFF), st.integers(0, 0x3FFF)).map(lambda p: address(*p, 4)),
)
FRAME = st.builds(Frame, _ADDRESS, _ADDRESS, st.integers(0, 255), st.binary(max_size=300), st.booleans())


def test_the_check_sequence_of_x25() -> None:
    assert check_sequence(b"123456789") == bytes.fromhex("6e90")


@settings(max_examples=50)
@given(FRAME)
def test_a_frame_reads_back(frame: Frame) -> None:
    assert parse(build(frame)[1:-1]) == frame


@settings(max_examples=40)
@given(st.lists(FRAME, max_size=5))
def test_byte_at_a_time_gives_the_same(frames: list[Frame]) -> None:
    stream = b"".join(build(frame) for frame in frames)
    assert FrameReader().feed(stream) == frames
    reader = FrameReader()
    assert [event for byte in stream for event in reader.feed(bytes((byte,)))] == frames


def _a_frame_whose_fcs_ends_in_7e() -> Frame:
    for number in range(4096):
        frame = Frame(b"\x03", b"\x21", 0x30, number.to_bytes(2, "big"))
        if build(frame)[-2] == 0x7E:
            return frame
    raise AssertionError("1 in 256 ends so")


def test_an_fcs_that_ends_in_a_flag() -> None:
    frame = _a_frame_whose_fcs_ends_in_7e()
    reader = FrameReader()
    assert [event for byte in build(frame) * 3 for event in reader.feed(bytes((byte,)))] == [frame] * 3


def _never_a_frame(frame: Frame, place: int) -> None:
    encoded = bytearray(build(frame))
    place %= 8 * (len(encoded) - 2)
    encoded[1 + place // 8] ^= 1 << place % 8
    found = FrameReader().feed(bytes(encoded))
    assert not [event for event in found if isinstance(event, Frame)]


@settings(max_examples=40)
@given(FRAME, st.integers(0, 1 << 16))
def test_a_flipped_bit_is_never_a_frame(frame: Frame, place: int) -> None:
    _never_a_frame(frame, place)


@pytest.mark.slow
@settings(max_examples=2000)
@given(FRAME, st.integers(0, 1 << 16))
def test_a_flipped_bit_is_never_a_frame_at_length(frame: Frame, place: int) -> None:
    _never_a_frame(frame, place)


@settings(max_examples=40)
@given(FRAME, FRAME)
def test_a_frame_after_a_broken_one_is_found(first: Frame, second: Frame) -> None:
    reader = FrameReader()
    found = reader.feed(build(first)[:-4])
    found += reader.gap()
    found += reader.feed(build(second))
    assert found[-1] == second


def _any_bytes(data: bytes) -> None:
    reader, whole = FrameReader(), FrameReader()
    slowly = [event for byte in data for event in reader.feed(bytes((byte,)))]
    at_once = whole.feed(data)
    assert [e for e in slowly if isinstance(e, Frame)] == [e for e in at_once if isinstance(e, Frame)]
    assert whole.waiting == reader.waiting <= 2050
    whole.gap()
    assert whole.waiting == 0


_NOISE = st.lists(
    st.one_of(
        st.binary(max_size=8), FRAME.map(build), FRAME.map(lambda f: build(f)[:-3]), st.just(b"\x7e\xa0"),
        st.just(b"\x7e\xa0\x0d\x01\x02\x7d\x5e"),
    ),
    max_size=6,
).map(b"".join)  # fmt: skip


@settings(max_examples=40)
@given(_NOISE)
def test_any_bytes_give_the_same_frames_at_once_and_slowly(data: bytes) -> None:
    _any_bytes(data)


@pytest.mark.slow
@settings(max_examples=2000)
@given(_NOISE)
def test_noise_and_frames_at_length(data: bytes) -> None:
    _any_bytes(data)


def test_octet_stuffing_that_should_not_be_is_undone() -> None:
    plain = build(Frame(b"\x01", b"\x02\x01", 0x10, b"\x7e\x7d\x03"))[1:-1]
    stuffed = b"".join(bytes((0x7D, byte ^ 0x20)) if byte in (0x7D, 0x7E) else bytes((byte,)) for byte in plain)
    found = FrameReader().feed(b"\x7e" + stuffed + b"\x7e")
    assert found == [parse(plain)]


def test_a_loss_is_told() -> None:
    encoded = bytearray(build(Frame(b"\x03", b"\x21", 0x30, b"hello")))
    encoded[9] ^= 1
    (lost,) = FrameReader().feed(bytes(encoded))
    assert isinstance(lost, Lost)
    assert lost.checked


@pytest.mark.parametrize(
    ("upper", "lower", "size", "wire"),
    [
        (1, None, 0, "03"),
        (1, 17, 0, "0223"),
        (1, 17, 4, "00020023"),
        (1, 0x1234, 0, "00024869"),
        (0x3FFF, 0x3FFF, 4, "fefefeff"),
        (200, None, 0, "02900001"),
    ],
)
def test_addresses(upper: int, lower: int | None, size: int, wire: str) -> None:
    assert address(upper, lower, size) == bytes.fromhex(wire)


def test_an_address_that_does_not_fit() -> None:
    with pytest.raises(ValueError, match="does not fit"):
        address(1, 200, 2)
    with pytest.raises(Damaged):
        parse(bytes.fromhex("a00a0202020202021000") + check_sequence(bytes.fromhex("a00a0202020202021000")))
