"""One request and its answer, byte by byte, in noise, and fed with anything at all."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.errors import BadFrame
from drivers.modbus import pdu
from drivers.modbus.exchange import MbapExchange, RtuExchange
from drivers.modbus.registers import Table
from hil.modbus.frames import mbap, rtu

ASKED = pdu.read(1, Table.HOLDING, 100, 5)
ANSWER = bytes([3, 10]) + bytes(range(10))
FRAME = rtu(1, ANSWER)


def in_pieces(exchange: RtuExchange | MbapExchange, data: bytes, cuts: list[int]) -> bytes | None:
    """Feed ``data`` in the pieces that ``cuts`` make of it; what the exchange gave first."""
    edges = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    for start, end in itertools.pairwise(edges):
        if (answer := exchange.received(data[start:end])) is not None:
            return answer
    return None


@given(st.binary(max_size=12), st.binary(max_size=12), st.lists(st.integers(0, 60), max_size=6))
def test_an_answer_is_found_in_noise_however_it_is_cut(before: bytes, after: bytes, cuts: list[int]) -> None:
    assert in_pieces(RtuExchange(ASKED), before + FRAME + after, cuts) == ANSWER


@given(st.binary(max_size=300), st.lists(st.integers(0, 300), max_size=6))
def test_no_bytes_are_an_answer_that_are_none(data: bytes, cuts: list[int]) -> None:
    answer = in_pieces(RtuExchange(ASKED), data, cuts)
    assert answer is None or rtu(1, answer) in data


@given(st.integers(0, len(FRAME) - 1), st.integers(1, 255))
def test_one_changed_byte_is_no_answer(at: int, change: int) -> None:
    spoilt = bytearray(FRAME)
    spoilt[at] ^= change
    assert RtuExchange(ASKED).received(bytes(spoilt)) is None


@pytest.mark.parametrize(
    "other",
    [
        rtu(2, ANSWER),
        rtu(1, bytes([4, 10]) + bytes(10)),
        rtu(1, bytes([3, 8]) + bytes(8)),
        rtu(1, bytes([3, 12]) + bytes(12)),
        rtu(1, bytes([0x84, 2])),
        FRAME[:-1],
    ],
)
def test_what_does_not_fit_is_passed_over(other: bytes) -> None:
    exchange = RtuExchange(ASKED)
    assert exchange.received(other) is None
    assert exchange.heard()
    assert RtuExchange(ASKED).received(other + FRAME) == ANSWER


def test_an_exception_is_an_answer() -> None:
    assert RtuExchange(ASKED).received(rtu(1, bytes([0x83, 2]))) == bytes([0x83, 2])


def test_data_that_looks_like_an_exception_is_data() -> None:
    hidden = rtu(1, bytes([0x83, 2]))
    frame = rtu(1, bytes([3, 10]) + hidden + bytes(5))
    exchange = RtuExchange(ASKED)
    for byte in frame[:-1]:
        assert exchange.received(bytes([byte])) is None
    assert exchange.received(frame[-1:]) == bytes([3, 10]) + hidden + bytes(5)


def test_an_echo_is_skipped_and_a_write_needs_more_than_its_echo() -> None:
    read = RtuExchange(ASKED)
    assert read.received(read.frame) is None
    assert read.echoed
    assert read.received(FRAME) == ANSWER
    write = RtuExchange(pdu.write_register(1, 5, 7), echo=True)
    assert write.received(write.frame) is None
    assert write.received(write.frame) is not None


@given(st.lists(st.integers(1, 9), max_size=4), st.lists(st.integers(0, 90), max_size=6))
def test_answers_of_other_numbers_are_late_ones(others: list[int], cuts: list[int]) -> None:
    late = b"".join(mbap(number.to_bytes(2, "big"), 1, ANSWER[:-1] + b"!") for number in others if number != 7)
    assert in_pieces(MbapExchange(ASKED, 7), late + mbap(b"\0\7", 1, ANSWER), cuts) == ANSWER


@given(st.binary(max_size=80), st.lists(st.integers(0, 80), max_size=6))
def test_any_stream_gives_an_answer_nothing_or_one_error(data: bytes, cuts: list[int]) -> None:
    try:
        answer = in_pieces(MbapExchange(ASKED, 7), data, cuts)
    except BadFrame:
        return
    assert answer is None or mbap(b"\0\7", 1, answer) in data


@pytest.mark.parametrize(
    "wrong", [(2, ANSWER), (1, bytes([4, 10]) + bytes(10)), (1, ANSWER[:-2]), (1, bytes([0x84, 2]))]
)
def test_an_answer_of_the_right_number_that_does_not_fit_is_said(wrong: tuple[int, bytes]) -> None:
    with pytest.raises(BadFrame, match="does not fit"):
        MbapExchange(ASKED, 7).received(mbap(b"\0\7", *wrong))


def test_rtu_on_a_tcp_port_is_recognised() -> None:
    with pytest.raises(BadFrame, match="no header of Modbus TCP") as error:
        MbapExchange(ASKED, 7).received(FRAME)
    assert "modbus+rtu" in error.value.do
