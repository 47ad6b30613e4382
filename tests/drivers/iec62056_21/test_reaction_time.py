"""The pause before the option select runs from the last character of the identification, whichever ends it (6.4.3.1)."""

from __future__ import annotations

import pytest

from drivers.iec62056_21 import parity
from drivers.iec62056_21.actions import Receive, Send
from drivers.iec62056_21.sign_on import SignOn

CHARACTER_S = 10 / 300


@pytest.mark.parametrize(("ident", "reaction_s"), [("/ABC5TWIN", 0.2), ("/ABc5TWIN", 0.02)])
@pytest.mark.parametrize("end", ["\r\n", "\n", "\r"])
def test_when_the_option_select_is_sent(ident: str, reaction_s: float, end: str) -> None:
    sign_on = SignOn()
    assert isinstance(sign_on.next_action(0.0), Send)
    now = 0.2
    sign_on.sent(now)
    for character in parity.add((ident + end).encode()):
        now += CHARACTER_S
        sign_on.received(bytes([character]), now)
    last = now
    while isinstance(action := sign_on.next_action(now), Receive):
        now = action.until
        sign_on.received(b"", now)
    pause = now - last
    assert pause >= reaction_s - 1e-9
    assert pause <= reaction_s + (0.06 if end == "\r" else 0) + 1e-9
