"""Damaged bits: with parity and BCC together none of one, two or three is accepted as good; what is repaired says so."""

from __future__ import annotations

import random
from itertools import combinations

import pytest

from drivers.errors import MeterError
from drivers.iec62056_21 import parity, repair
from drivers.iec62056_21.block import frame
from drivers.iec62056_21.exchange import Answer, Exchange, Kind

_READOUT = (
    "F.F(00000000)\r\n0.0.0(41002288)\r\nC.1.0(41002288)\r\n0.9.1(1101502)\r\n22.7.0(0.412*kW)\r\n"
    "1.8.0(0088120.407*kWh)\r\n1.8.1(0051007.118*kWh)\r\n1.6.0(061.24*kW)(1260409111500)\r\n!\r\n"
)
_PROFILE = "P.01(0260318140000)(00000000)(15)(2)(1.5)(kW)(2.5)(kW)\r\n(16.260)(0.154)\r\n(09.630)(0.011)\r\n(48.210)(0.060)\r\n"
#: name -> the block on the wire, whether it is a readout, and what may stand behind it.
BLOCKS = {
    "readout": (parity.add(frame(_READOUT.encode())), True),
    "profile": (parity.add(frame(_PROFILE.encode())), False),
    "partial": (parity.add(frame(_PROFILE.encode(), end=b"\x04")), False),
    "one value": (parity.add(frame(b"22.8.0(0088122.22*kWh)")), False),
}


def outcome(wire: bytes, readout: bool, mend: bool = False, pieces: int = 1) -> Answer | None:
    """What an exchange makes of these bytes, the same again at the repeat, and silence: None when it takes nothing."""
    exchange = Exchange(
        b"" if readout else b"\x01R5\x02\x03?",
        readout=readout, reaction_s=0.2, baud=9600, now=0.0, parity_bits=True, mend=mend,
    )  # fmt: skip
    now = 0.0
    if not readout:
        exchange.sent(now)
    try:
        for _ in range(2):
            step = -(-len(wire) // pieces)
            for at in range(0, len(wire), step):
                exchange.received(wire[at : at + step], now)
            exchange.received(b"", now + 3)
            if exchange.answer is not None:
                return exchange.answer
            if exchange.repeated == 0:
                return None  # a partial block was taken, and the next is asked for
            exchange.sent(now)
    except MeterError:
        return None
    return None


def flipped(wire: bytes, bits: tuple[int, ...]) -> bytes:
    made = bytearray(wire)
    for bit in bits:
        made[bit // 8] ^= 1 << bit % 8
    return bytes(made)


def trials(name: str, bits: int, count: int) -> int:
    """How many of ``count`` blocks with so many bits flipped were accepted as good."""
    wire, readout = BLOCKS[name]
    chance = random.Random(f"{name} {bits}")
    accepted = 0
    for _ in range(count):
        answer = outcome(flipped(wire, tuple(chance.sample(range(8 * len(wire)), bits))), readout)
        accepted += answer is not None and answer.kind is Kind.DATA and answer.checked
    return accepted


def test_a_sound_block_is_accepted() -> None:
    for name in ("readout", "profile", "one value"):
        wire, readout = BLOCKS[name]
        for pieces in (1, 7, len(wire)):
            answer = outcome(wire, readout, pieces=pieces)
            assert answer is not None
            assert (answer.kind, answer.checked, answer.repaired) == (Kind.DATA, True, False)


@pytest.mark.parametrize("bits", [1, 2, 3])
def test_damaged_blocks_are_not_accepted(bits: int) -> None:
    for name in ("readout", "profile"):
        assert trials(name, bits, 300) == 0


@pytest.mark.slow
@pytest.mark.parametrize("bits", [1, 2, 3])
def test_none_of_a_hundred_thousand_is_accepted(bits: int) -> None:
    assert trials("readout", bits, 50_000) + trials("profile", bits, 50_000) == 0


@pytest.mark.slow
def test_no_two_bits_at_all_are_accepted() -> None:
    """Every pair: also those that make a character an ETX or STX, with a check character that fits by accident."""
    wire, readout = BLOCKS["one value"]
    pairs = combinations(range(8 * len(wire)), 2)
    assert not [pair for pair in pairs if outcome(flipped(wire, pair), readout) is not None]


@pytest.mark.parametrize("name", ["readout", "profile"])
def test_every_end_that_two_bits_can_make(name: str) -> None:
    """A character two bits from ETX or EOT, and the one behind it made the right check character: still refused."""
    wire, readout = BLOCKS[name]
    made = 0
    for at in range(1, len(wire) - 3):
        for end in (0x03, 0x84):
            if (wire[at] ^ end).bit_count() != 2:
                continue
            short = bytearray(wire)
            short[at] = end
            check = 0
            for value in parity.strip(bytes(short[1 : at + 1])):
                check ^= value
            short[at + 1] = parity.add(bytes([check]))[0]
            made += 1
            for pieces in (1, len(short)):
                answer = outcome(bytes(short), readout, pieces=pieces)
                assert answer is None or not answer.checked, at
    assert made > 5


def test_a_second_start_that_two_bits_can_make() -> None:
    """``22.7.0`` at the head of a block: the second 2 is two bits from STX, and the two 2s cancel out in the BCC."""
    wire = parity.add(frame(b"22.7.0(0.412*kW)\r\n!\r\n"))
    assert outcome(wire, True) is not None
    assert outcome(wire[:2] + b"\x82" + wire[3:], True) is None


def test_a_single_bit_is_put_right_only_when_asked_for_and_says_so() -> None:
    wire, _ = BLOCKS["readout"]
    for bit in range(8, 8 * (len(wire) - 2)):
        hurt = flipped(wire, (bit,))
        assert outcome(hurt, True) is None
        answer = outcome(hurt, True, mend=True)
        # A bit that makes another character of ETX or STX moves the block's end: that is no single damaged character.
        if answer is not None:
            assert (answer.text, answer.repaired) == (_READOUT, True)
    assert repair.single_bit(flipped(wire, (100, 120))[1:]) is None


@pytest.mark.slow
def test_a_wrong_repair_says_so_too() -> None:
    """Three corners of a rectangle look like one bit: it is mended wrongly, and never silently."""
    wire, _ = BLOCKS["readout"]
    chance = random.Random(3)
    for _ in range(20_000):
        answer = outcome(flipped(wire, tuple(chance.sample(range(8 * len(wire)), 3))), True, mend=True)
        assert answer is None or answer.repaired or not answer.checked
