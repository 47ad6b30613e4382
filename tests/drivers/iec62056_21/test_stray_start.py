"""A stray STX between the option select and the block (an echo's last character at the new speed) costs no repeat."""

from __future__ import annotations

import pytest

from drivers.iec62056_21 import parity
from drivers.iec62056_21.actions import Finished, Send
from drivers.iec62056_21.block import NAK, frame
from drivers.iec62056_21.exchange import Exchange

BLOCK = parity.add(frame(b"1.8.0(0012345.678*kWh)\r\n!\r\n"))


def listening() -> Exchange:
    return Exchange(readout=True, reaction_s=0.2, baud=9600, now=0.0)


@pytest.mark.parametrize("noise", [b"\x02", b"\x82", b"\x0a\x063060\x8d\x02", b"\x02\x02\x82", b"\x02xy"])
def test_the_block_behind_it_is_taken(noise: bytes) -> None:
    exchange = listening()
    for at, value in enumerate(noise + BLOCK):
        exchange.received(bytes([value]), at / 960)
    assert isinstance(exchange.next_action(1.0), Finished)
    assert exchange.answer is not None
    assert (exchange.answer.text, exchange.answer.checked) == ("1.8.0(0012345.678*kWh)\r\n!\r\n", True)
    assert exchange.repeated == 0


def test_a_block_with_an_stx_inside_is_asked_for_again() -> None:
    exchange = listening()
    exchange.received(BLOCK[:12] + b"\x82" + BLOCK[13:], 0.1)
    assert exchange.answer is None
    action = exchange.next_action(1.0)
    assert isinstance(action, Send)
    assert action.data == parity.add(NAK)
