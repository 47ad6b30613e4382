"""Modes A, B and E, addresses, the wake-up of battery meters, and a client's NAK after a readout."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Any

import pytest


def test_mode_a_follows_at_300(
    emulator: Callable[..., Any], connect: Callable[[str], Any], check: Callable[[bytes], bool]
) -> None:
    client = connect(emulator("iec62056-21/mode-a", "--speed", "max").path)
    client.send(b"/?!\r\n")
    heard = client.message()
    assert heard.startswith(b"/ACE0\\3k260V01.22\r\n\x02F.F(00)\r\n")
    assert check(heard)


@pytest.mark.paced
def test_mode_b_jumps_by_itself(
    emulator: Callable[..., Any], connect: Callable[[str], Any], check: Callable[[bytes], bool]
) -> None:
    client = connect(emulator("iec62056-21/mode-b-heat").path)
    assert client.sign_on() == b"/LUGCUH50\r\n"
    client.line(2400)
    message = client.message()
    assert message.startswith(b"\x026.8(0284.317*GJ)6.26(")
    assert message[-6:-1] == b")!\r\n\x03"
    assert check(message)


@pytest.mark.paced
def test_a_battery_meter_sleeps_until_it_is_woken(emulator: Callable[..., Any], connect: Callable[[str], Any]) -> None:
    client = connect(emulator("iec62056-21/mode-b-heat-asleep").path)
    client.send(b"/?!\r\n")
    assert client.raw(0.5) == b""
    client.send(bytes(66))
    time.sleep(1.5)
    assert client.sign_on() == b"/LUGCUH50\r\n"


def test_an_address_is_compared_without_leading_zeros(
    emulator: Callable[..., Any], connect: Callable[[str], Any]
) -> None:
    client = connect(emulator("iec62056-21/history-star", "--speed", "max").path)
    client.send(b"/?40817734!\r\n")
    assert client.text(0.2) == b""
    assert client.sign_on("00040817733").startswith(b"/EMH4")


def test_mode_e_serves_its_readout_in_mode_c(emulator: Callable[..., Any], connect: Callable[[str], Any]) -> None:
    client = connect(emulator("iec62056-21/mode-e", "--speed", "max").path)
    assert b"\\2" in client.sign_on()
    client.select("050", 9600)
    assert b"1.8.0(000518.22*kWh)" in client.message()


def test_a_nak_brings_the_readout_again_and_then_300_bd(
    emulator: Callable[..., Any], connect: Callable[[str], Any], check: Callable[[bytes], bool]
) -> None:
    client = connect(emulator("iec62056-21/history-star", "--speed", "max", "--fault", "wrong-bcc-once").path)
    client.sign_on()
    client.select("040", 4800)
    first = client.message()
    assert not check(first)
    client.send(b"\x15")
    again = client.message()
    assert check(again)
    assert again[:-1] == first[:-1]
    client.send(b"\x06")
    client.line(300)
    assert client.sign_on().startswith(b"/EMH4")


def test_no_option_select_brings_the_readout_at_300(
    emulator: Callable[..., Any], connect: Callable[[str], Any]
) -> None:
    client = connect(emulator("iec62056-21/history-star", "--speed", "max").path)
    client.sign_on()
    assert b"1.8.0(" in client.message(4)


def test_a_client_whose_uart_does_parity_gets_bare_characters(
    emulator: Callable[..., Any], connect: Callable[[str], Any]
) -> None:

    client = connect(emulator("iec62056-21/history-star", "--speed", "max").path)
    os.write(client.fd, b"/?!\r\n")
    assert client.raw(2, lambda data: data.endswith(b"\n")) == b"/EMH4\\@01LZQJL0014F\r\n"
