"""The stick as a router in the network of a utility: it joins by its own install code and begins with the key."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from hil.zigbee.cbke import SUITES, ephemeral_public, keys, secret
from hil.zigbee.certificates import issue
from hil.zigbee.fields import u8, u16, u32
from hil.zigbee.mmo import installation_key
from hil.zigbee.zcl import Frame

KEY_ESTABLISHMENT, METERING = 0x0800, 0x0702
CODE = bytes.fromhex("966B9F3EF98AE605")


def join(bench: Any, key: bytes) -> None:
    bench.call(0x20)
    bench.run(0.1)
    bench.call(0x68, u16(0x0104) + key + bytes(16) + u8(0) + bytes(8))
    network = bytes(8) + u16(0x0B1E) + u8(8) + u8(15) + u8(0) + u16(0) + u8(0) + u32(1 << 15)
    bench.call(0x1F, u8(2) + network)
    bench.run(0.2)


@pytest.mark.parametrize(
    "version", [pytest.param(8, marks=pytest.mark.slow), 13, pytest.param(14, marks=pytest.mark.slow)]
)
def test_it_joins_establishes_a_key_and_reads(version: int, gateway: Callable[..., Any]) -> None:
    bench = gateway("utility", version)
    join(bench, installation_key(CODE))
    assert bench.ncp.up
    assert bench.call(0x27) == u16(0x2B01)
    assert bench.ncp.memory.trust_centre[::-1].hex() == "0013500100000701"

    suite = SUITES[1]
    own = issue("00124b00deadbe01", suite)
    public = ephemeral_public(suite, 0xABCDEF)

    def ask(command: int, body: bytes) -> bytes:
        request = Frame(command, command, body, True, from_server=False)
        return bench.ask("esi", KEY_ESTABLISHMENT, request, encrypted=False).frame.body

    certificate = ask(0, u16(1) + bytes((10, 10)) + own.certificate)[4:]
    theirs = ask(1, public)
    made = keys(
        secret(own, 0xABCDEF, public, certificate, theirs),
        (suite.subject(own.certificate), public),
        (suite.subject(certificate), theirs),
    )
    assert ask(2, made.initiator_mac) == made.responder_mac
    esi = bench.house.devices["esi"]
    bench.call(
        *((0x10E, u8(0) + esi.eui64 + made.link_key) if version >= 13 else (0x66, esi.eui64 + u8(1) + made.link_key))
    )
    read = Frame(1, 0x00, u16(0x0308), False, False)
    assert bench.ask("esi", METERING, read, endpoint=2).frame.body.endswith(b"BENCH000701")


def test_another_install_code_does_not_let_it_in(gateway: Callable[..., Any]) -> None:
    bench = gateway("utility")
    join(bench, bytes(16))
    assert not bench.ncp.up
    assert bench.house.pan.counts["wrong installation key"] == 1


def test_a_host_that_repairs_the_trust_centre_breaks_it(gateway: Callable[..., Any]) -> None:
    bench = gateway("utility")
    join(bench, installation_key(CODE))
    assert bench.call(0x102, u32(0x1E124) + u32(0))[:1] == b"\0"
    token = u16(0x0104) + bench.ncp.memory.eui64 + bytes(16)
    bench.call(0x103, u32(0x1E124) + u32(0) + u32(len(token)) + token)
    assert bench.ncp.memory.trust_centre == bench.ncp.memory.eui64
