"""The checks have their catalogued values, and agree with the bench's own at every length."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from drivers.crc16 import CHECKS
from hil.push.checks import CRCS


def test_the_catalogued_values() -> None:
    assert {name: check(b"123456789") for name, check in CHECKS.items()} == {
        "arc": 0xBB3D,
        "x25": 0x906E,
        "kermit": 0x2189,
    }


@given(st.binary(max_size=1200))
def test_bit_by_bit_and_all_at_once_agree(data: bytes) -> None:
    assert {name: check(data) for name, check in CHECKS.items()} == {name: crc(data) for name, crc in CRCS.items()}
