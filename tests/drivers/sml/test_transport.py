"""Frames are found in whatever comes: in any pieces, from the middle of one, with noise between, however escaped."""

from __future__ import annotations

import tomllib

from hypothesis import given
from hypothesis import strategies as st

from drivers.crc16 import x25
from drivers.sml.transport import LONGEST, Frame, FrameFinder
from hil import catalogue
from hil.push.sml import SmlMeter

ESCAPE = bytes.fromhex("1b1b1b1b")


def meter(profile: str) -> SmlMeter:
    return SmlMeter(tomllib.loads(catalogue.data_file(f"sml/{profile}").read_text()))


TWO_WAY, KERMIT = meter("two-way"), meter("kermit")
STREAM = (
    TWO_WAY.telegram(0)[50:]
    + TWO_WAY.telegram(1)
    + b"\x1b" * 7
    + KERMIT.telegram(0)
    + KERMIT.telegram(1)[:90]
    + TWO_WAY.telegram(2, True)
    + KERMIT.telegram(2)
)


def all_at_once(data: bytes) -> list[Frame]:
    finder = FrameFinder()
    return finder.feed(data) + finder.finish()


@given(st.lists(st.integers(0, len(STREAM)), max_size=12))
def test_pieces_of_any_size_give_the_same(cuts: list[int]) -> None:
    finder, found, at = FrameFinder(), [], 0
    for cut in [*sorted(cuts), len(STREAM)]:
        found += finder.feed(STREAM[at:cut])
        at = cut
    assert found + finder.finish() == all_at_once(STREAM)


def test_a_byte_at_a_time_gives_the_same() -> None:
    finder = FrameFinder()
    found = [frame for byte in STREAM for frame in finder.feed(bytes([byte]))]
    assert found + finder.finish() == all_at_once(STREAM)


def test_what_is_found_in_the_stream() -> None:
    found = all_at_once(STREAM)
    assert [(frame.kind, frame.whole) for frame in found] == [
        ("x25", True),
        ("kermit", True),
        ("", False),
        ("", True),
        ("kermit", True),
    ]


@given(
    st.lists(st.sampled_from([b"\x1b", b"\x1a", b"\x00", b"\x1b\x1b\x1b", b"\x76\x05", ESCAPE]), max_size=20),
    st.booleans(),
)
def test_escapes_at_any_place_are_taken_off(parts: list[bytes], aligned: bool) -> None:
    body = b"".join(parts)
    body += bytes(-len(body) % 4)
    if aligned:
        words = [body[at : at + 4] for at in range(0, len(body), 4)]
        sent = b"".join(word * 2 if word == ESCAPE else word for word in words)
        if ESCAPE in sent.replace(ESCAPE * 2, b""):
            return  # four bytes across two words: an aligned sender leaves them, and only its own reader could tell
    else:
        sent = body.replace(ESCAPE, ESCAPE * 2)
    framed = ESCAPE + b"\x01" * 4 + sent + ESCAPE + b"\x1a\x00"
    framed += x25(framed).to_bytes(2, "little")
    assert all_at_once(framed) == [Frame(body, "x25")]


def test_noise_without_end_is_not_kept() -> None:
    for noise in (
        b"\x1b" * 1000,
        b"\x00" * 1000,
        (ESCAPE + b"\x01" * 4 + b"\x76" * 100) * 10,
        ESCAPE + b"\x1a\x00ab" * 100,
    ):
        finder = FrameFinder()
        for _ in range(200):
            finder.feed(noise)
        assert len(finder._data) <= 2 * LONGEST
