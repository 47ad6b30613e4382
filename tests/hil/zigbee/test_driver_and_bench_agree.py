"""The driver's key establishment and the bench's, written apart, come to the same link key over the emulated air."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from drivers.zigbee_se.certificate import own_keys
from drivers.zigbee_se.definitions import definitions
from drivers.zigbee_se.host_end import HostEnd
from drivers.zigbee_se.key_establishment import Exchange
from drivers.zigbee_se.payload import command, decode, encode
from hil.zigbee.certificates import printed
from hil.zigbee.zcl import Frame

KEY_ESTABLISHMENT = 0x0800
STICK = "00124b00deadbe01"
CODES = {"meter": "83FED3407A939723A5C639B26916D505", "water": "0102030405060708090A0B0C"}


class Store:
    """A credential store with what the bench's authority gave the stick."""

    def __init__(self) -> None:
        self.given = {
            f"{STICK}/cs{suite[-1]}-{name}": bytes.fromhex(each[field])
            for suite, each in printed(STICK).items()
            for name, field in (("certificate", "certificate"), ("private", "private_key"), ("authority", "authority"))
        }

    def get(self, name: str) -> bytes | None:
        return self.given.get(name)


@pytest.mark.parametrize(("name", "suite"), [("meter", 1), pytest.param("water", 2, marks=pytest.mark.slow)])
async def test_they_come_to_the_same_link_key(name: str, suite: int, gateway: Callable[..., Any]) -> None:
    bench = gateway("house")
    device = bench.house.devices[name]
    own = own_keys(Store(), bytes.fromhex(STICK), suite)
    assert own is not None
    installed: dict[bytes, bytes] = {}

    async def install(eui64: bytes, key: bytes) -> None:
        installed[eui64] = key

    exchange = Exchange(HostEnd(own, install), device.eui64[::-1], initiator=False)
    bench.admit(name, CODES[name])
    done = 0
    while not exchange.done:
        frames = [each.frame for each in bench.heard if each.cluster == KEY_ESTABLISHMENT]
        assert len(frames) == done + 1, "the device said nothing more"
        request, done = frames[done], done + 1
        defined = command(KEY_ESTABLISHMENT, "client", request.command)
        assert defined is not None
        answer = await exchange.receive(defined.name, decode(defined, request.body))
        assert answer is not None
        _, response = definitions().clusters[KEY_ESTABLISHMENT].command(answer.name)
        body = encode(response, answer.fields)
        frame = Frame(request.sequence, response.code, body, True, from_server=True)
        bench.send(name, KEY_ESTABLISHMENT, frame, encrypted=False)
        bench.run(0.1)
    assert installed == {device.eui64[::-1]: device.link_key}
    assert device.established
