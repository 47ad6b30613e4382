"""Devices behind the stick: who is let in, by which key, and what they answer before and after they have theirs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from hil.zigbee.fields import u16
from hil.zigbee.zcl import Frame

METER_CODE = "83FED3407A939723A5C639B26916D505"
READ_SUMMATION = Frame(7, 0x00, u16(0x0000), cluster_specific=False, from_server=False)


@pytest.mark.parametrize(
    "version", [8, 13, pytest.param(14, marks=pytest.mark.slow), pytest.param(18, marks=pytest.mark.slow)]
)
def test_a_meter_joins_by_its_install_code_and_answers_under_its_own_key(
    version: int, gateway: Callable[..., Any]
) -> None:
    bench = gateway("house", version)
    bench.admit("meter", METER_CODE)
    assert bench.joins[0] == (0x1A01, 1, 0)
    refused = bench.ask("meter", 0x0702, READ_SUMMATION, encrypted=False)
    assert (refused.frame.command, refused.frame.body) == (0x0B, b"\x00\x01")
    still = bench.ask("meter", 0x0702, READ_SUMMATION, encrypted=True)
    assert still.frame.command == 0x0B  # the key of the install code is not enough

    key = bench.take_key("meter")
    meter = bench.house.devices["meter"]
    assert meter.established
    assert meter.link_key == key == bench.ncp.key_for(meter.eui64)
    read = bench.ask("meter", 0x0702, READ_SUMMATION)
    assert read.encrypted
    assert read.frame.body[:4] == bytes.fromhex("00000025")
    assert int.from_bytes(read.frame.body[4:], "little") == 25873421


def test_suite_2_too(gateway: Callable[..., Any]) -> None:
    bench = gateway("house")
    bench.admit("water", "0102030405060708090A0B0C")
    bench.take_key("water", 2)
    assert bench.ask("water", 0x0702, READ_SUMMATION).frame.body[4:] == bytes.fromhex("563412000000")


def test_only_the_device_that_was_named_comes_in(gateway: Callable[..., Any]) -> None:
    bench = gateway("house")
    bench.admit("meter", METER_CODE)
    joined = {name for name, device in bench.house.devices.items() if device.joined}
    assert joined == {"meter"}
    assert {(node, decision) for node, _, decision in bench.joins} >= {(0x1A01, 0), (0x1A03, 2)}


def test_a_wrong_install_code_lets_nobody_in(gateway: Callable[..., Any]) -> None:
    bench = gateway("house")
    bench.admit("meter", "83FED3407A939723A5C639B26916D506")
    assert not bench.house.devices["meter"].joined
    assert bench.house.pan.counts["wrong installation key"] == 1
    assert not bench.heard


def test_a_frame_under_another_key_is_not_acknowledged(gateway: Callable[..., Any]) -> None:
    bench = gateway("house")
    bench.admit("meter", METER_CODE)
    bench.take_key("meter")
    bench.house.devices["meter"].link_key = bytes(16)
    bench.sent.clear()
    bench.send("meter", 0x0702, READ_SUMMATION)
    bench.run(1.0)
    assert bench.sent == [0x66]


def test_a_spoilt_confirmation_ends_the_exchange(gateway: Callable[..., Any]) -> None:
    bench = gateway("house")
    meter = bench.house.devices["meter"]
    meter.endpoints[1].clusters[0x0800, False].spoils = True
    bench.admit("meter", METER_CODE)
    with pytest.raises(AssertionError):
        bench.take_key("meter")
    assert not meter.established


def test_it_leaves_and_comes_back_with_its_keys(gateway: Callable[..., Any]) -> None:
    bench = gateway("house")
    bench.admit("meter", METER_CODE)
    bench.take_key("meter")
    meter = bench.house.devices["meter"]
    bench.house.pan.leave(meter)
    bench.run(0.1)
    bench.house.pan.rejoin(meter)
    bench.run(0.5)
    assert [status for node, status, _ in bench.joins if node == 0x1A01] == [1, 2, 0]
    assert bench.ask("meter", 0x0702, READ_SUMMATION).frame.command == 0x01
