"""Telegrams are found in whatever comes: in any pieces, from the middle of one, with noise between, cut, with parity."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.iec62056_21.telegram import LONGEST, Finder, Telegram
from hil import catalogue
from hil.parity import with_even_parity
from hil.push.text import TextMeter


def meter(profile: str) -> TextMeter:
    return TextMeter(tomllib.loads(catalogue.data_file(profile).read_text()))


P1, D0 = meter("p1/dsmr-5"), meter("d0/easymeter")
STREAM = (
    P1.telegram(0)[300:] + P1.telegram(1) + b"\x00noise/!\r\n" + P1.telegram(2)[:200] + P1.telegram(3) + D0.telegram(0)
)


def all_at_once(data: bytes) -> list[Telegram]:
    finder = Finder()
    return finder.feed(data) + finder.finish()


@given(st.lists(st.integers(0, len(STREAM)), max_size=12))
def test_pieces_of_any_size_give_the_same(cuts: list[int]) -> None:
    finder, found, at = Finder(), [], 0
    for cut in [*sorted(cuts), len(STREAM)]:
        found += finder.feed(STREAM[at:cut])
        at = cut
    assert found + finder.finish() == all_at_once(STREAM)


def test_a_byte_at_a_time_gives_the_same() -> None:
    finder = Finder()
    found = [telegram for byte in STREAM for telegram in finder.feed(bytes([byte]))]
    assert found + finder.finish() == all_at_once(STREAM)


def test_what_is_found_in_the_stream() -> None:
    found = all_at_once(STREAM)
    assert [telegram.whole for telegram in found] == [True, False, True, True]
    assert found[0].data + found[0].check + b"\r\n" == P1.telegram(1)
    assert b"0-1:24.2.1" in found[0].before
    assert b"noise" in found[1].before
    assert found[1].data == P1.telegram(2)[:200]
    assert found[3].check == b""


def test_parity_bits_are_taken_off_and_counted() -> None:
    wire = bytearray(with_even_parity(D0.telegram(0)))
    assert all_at_once(bytes(wire)) == all_at_once(D0.telegram(0))
    wire[100] ^= 0x80
    wire[110] ^= 0x02
    (telegram,) = all_at_once(bytes(wire))
    assert telegram.damaged == 2


def test_a_check_that_lost_its_line_end_is_taken_at_the_end_of_a_capture() -> None:
    (telegram,) = all_at_once(P1.telegram(0).rstrip())
    assert telegram.whole
    assert len(telegram.check) == 4


@pytest.mark.parametrize("noise", [b"/", b"\xaf", b"/ABC5\r\n", b"!", b"(", b"\n!\n"])
def test_noise_without_end_is_not_kept(noise: bytes) -> None:
    finder = Finder()
    longest = 0
    for _ in range(300):
        for telegram in finder.feed(noise * 1000):
            longest = max(longest, len(telegram.data))
    assert longest <= 2 * LONGEST
    assert len(finder._plain) <= 2 * LONGEST


def test_a_text_with_slashes_is_no_new_telegram() -> None:
    text = P1.telegram(0).replace(b"0-0:96.13.0()", b"0-0:96.13.0(see /abc5 today)")
    assert [telegram.whole for telegram in all_at_once(text)] == [True]
