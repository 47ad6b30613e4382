"""Mode C over a paced, strict line: the emulated meter keeps the standard's times and garbles what the client deserves."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.paced


def test_a_readout_is_whole_and_never_faster_than_the_wire(
    emulator: Callable[..., Any], connect: Callable[[str], Any], check: Callable[[bytes], bool]
) -> None:
    client = connect(emulator("iec62056-21/history-star").path)
    start = time.monotonic()
    identification = client.sign_on()
    assert identification == b"/EMH4\\@01LZQJL0014F\r\n"
    after_identification = time.monotonic()
    # 5 characters of request, T_r of 200 ms, 21 characters of identification, at 300 Bd.
    assert after_identification - start >= 5 / 30 + 0.2 + 21 / 30 - 0.005
    time.sleep(0.2)
    end = client.select("040", 4800)
    message = client.message()
    assert time.monotonic() - end >= 0.2 + len(message) / 480 - 0.005
    assert message.startswith(b"\x02F.F(00000000)\r\n")
    assert b"1.8.0(0012345.678*kWh)\r\n" in message
    assert message[-5:-1] == b"!\r\n\x03"
    assert check(message)
    assert client.text(0.1) == b""


def test_a_switch_before_the_last_stop_bit_loses_the_option_select(
    emulator: Callable[..., Any], connect: Callable[[str], Any]
) -> None:
    client = connect(emulator("iec62056-21/history-star").path)
    client.sign_on()
    client.send(b"\x06040\r\n", drain=False)
    time.sleep(0.15)
    client.line(4800)
    # The meter heard no option select, so its readout comes at 300 Bd after t_t: noise at 4800.
    heard = client.raw(3.0, lambda data: len(data) > 12)
    assert heard
    assert b"F.F(" not in bytes(value & 0x7F for value in heard)


def test_a_client_that_stays_at_300_gets_noise(emulator: Callable[..., Any], connect: Callable[[str], Any]) -> None:
    client = connect(emulator("iec62056-21/history-star").path)
    client.sign_on()
    client.send(b"\x06040\r\n")
    heard = client.raw(0.6)
    assert len(heard) > 50
    assert b"F.F(" not in bytes(value & 0x7F for value in heard)


def test_every_character_has_even_parity(emulator: Callable[..., Any], connect: Callable[[str], Any]) -> None:
    client = connect(emulator("iec62056-21/history-star").path)
    client.send(b"/?!\r\n")
    heard = client.raw(4, lambda data: data.endswith(b"\n"))
    assert heard
    assert not any(value.bit_count() & 1 for value in heard)
