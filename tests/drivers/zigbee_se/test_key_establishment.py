"""Key establishment gives the published keys, both ways round, and refuses what it must."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from drivers.errors import KeyRejected
from drivers.zigbee_se.certificate import SUITES, Certificate, OwnKeys, own_keys
from drivers.zigbee_se.curve import SECT163K1, SECT283K1, Curve, NotOnCurve
from drivers.zigbee_se.host_end import HostEnd
from drivers.zigbee_se.key_establishment import Exchange
from drivers.zigbee_se.mmo import hmac_mmo, mmo

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "zigbee_se" / "cbke_vectors.json").read_text())


def vector(suite: int) -> dict[str, Any]:
    return VECTORS[f"CS{suite}"]


def keys_of(suite: int, role: str) -> OwnKeys:
    one, chosen = vector(suite)[role], SUITES[suite]
    return OwnKeys(
        Certificate(chosen, bytes.fromhex(one["cert"])),
        chosen.curve.decode(bytes.fromhex(vector(suite)["ca_pub"])),
        int(one["priv"], 16),
    )


class Side:
    """One side of an exchange, and the link keys it gave its stick, by device."""

    def __init__(self, suite: int, role: str, partner: str, *, eui64: bytes | None = None) -> None:
        ephemeral = int(vector(suite)[role]["eph_priv"], 16)
        self.installed: dict[bytes, bytes] = {}
        end = HostEnd(keys_of(suite, role), self._install, random=lambda _: ephemeral)
        device = eui64 if eui64 is not None else bytes.fromhex(vector(suite)[partner]["eui64"])
        self.exchange = Exchange(end, device, initiator=role == "initiator")

    async def _install(self, device: bytes, key: bytes) -> None:
        self.installed[device] = key

    async def receive(self, name: str, fields: Any) -> Any:
        return await self.exchange.receive(name, fields)


def pair(suite: int) -> tuple[Side, Side]:
    return Side(suite, "initiator", "responder"), Side(suite, "responder", "initiator")


@pytest.mark.parametrize("curve", [SECT163K1, SECT283K1], ids=lambda curve: curve.name)
def test_the_generator_has_the_order_of_the_curve(curve: Curve) -> None:
    assert curve.decode(curve.encode(curve.generator)) == curve.generator
    assert curve.times(curve.order, curve.generator) is None


@pytest.mark.parametrize("suite", [1, 2])
@pytest.mark.parametrize("role", ["initiator", "responder"])
def test_a_certificate_gives_the_published_public_key(suite: int, role: str) -> None:
    own = keys_of(suite, role)
    public = own.certificate.public_key(own.authority)
    assert own.suite.curve.encode(public).hex() == vector(suite)[role]["pub"].lower()
    assert own.certificate.subject.hex() == vector(suite)[role]["eui64"]


@pytest.mark.parametrize("suite", [1, 2])
async def test_both_sides_come_to_the_published_key(suite: int) -> None:
    initiator, responder = pair(suite)
    published = {**vector(suite), **vector(suite).get("derived_here", {})} if suite == 2 else vector(suite)
    said = {}
    step = initiator.exchange.start()
    sides = [responder, initiator]
    while step is not None:
        said[step.name] = step.fields
        side = sides[0]
        step = await side.receive(step.name, step.fields)
        sides.reverse()
    assert said["EphemeralDataRequest"]["ephemeralData"].hex() == published["initiator"]["eph_pub"].lower()
    assert said["EphemeralDataResponse"]["ephemeralData"].hex() == published["responder"]["eph_pub"].lower()
    assert said["ConfirmKeyDataRequest"]["secureMessageAuthenticationCode"].hex() == published["macu"].lower()
    assert said["ConfirmKeyDataResponse"]["secureMessageAuthenticationCode"].hex() == published["macv"].lower()
    key = bytes.fromhex(published["keydata_linkkey"])
    assert initiator.installed == {bytes.fromhex(vector(suite)["responder"]["eui64"]): key}
    assert responder.installed == {bytes.fromhex(vector(suite)["initiator"]["eui64"]): key}
    assert initiator.exchange.agreed
    assert responder.exchange.agreed


async def test_a_false_confirmation_ends_it_without_a_key() -> None:
    initiator, responder = pair(1)
    first = await responder.receive(*initiator.exchange.start())
    second = await responder.receive(*await initiator.receive(*first))
    confirm = await initiator.receive(*second)
    wrong = bytes([confirm.fields["secureMessageAuthenticationCode"][0] ^ 1]) + bytes(15)
    end = await responder.receive(confirm.name, {"secureMessageAuthenticationCode": wrong})
    assert (end.name, end.fields["statusCode"]) == ("TerminateKeyEstablishment", 2)
    assert await initiator.receive(*end) is None
    for side in (initiator, responder):
        assert side.exchange.failed
        assert not side.installed


async def test_a_certificate_of_another_device_is_refused() -> None:
    initiator, _ = pair(1)
    stranger = Side(1, "responder", "initiator", eui64=bytes(8))
    end = await stranger.receive(*initiator.exchange.start())
    assert end.fields["statusCode"] == 6
    assert "not of the sender" in stranger.exchange.failed


@pytest.mark.parametrize(("at", "octets", "status"), [(30, b"NOTSECA1", 1), (0, bytes(22), 6)])
async def test_another_issuer_and_a_certificate_without_a_point_are_refused(
    at: int, octets: bytes, status: int
) -> None:
    initiator, responder = pair(1)
    start = initiator.exchange.start()
    identity = bytearray(start.fields["identity"])
    identity[at : at + len(octets)] = octets
    end = await responder.receive(start.name, {**start.fields, "identity": bytes(identity)})
    assert end.fields["statusCode"] == status


async def test_a_command_out_of_order_is_refused() -> None:
    _, responder = pair(1)
    end = await responder.receive("ConfirmKeyDataRequest", {"secureMessageAuthenticationCode": bytes(16)})
    assert end.fields["statusCode"] == 3
    assert await responder.receive("ConfirmKeyDataRequest", {"secureMessageAuthenticationCode": bytes(16)}) is None


async def test_octets_off_the_curve_are_refused() -> None:
    with pytest.raises(NotOnCurve):
        SECT163K1.decode(b"\x04" + bytes(21))
    initiator, responder = pair(1)
    await responder.receive(*initiator.exchange.start())
    assert (await responder.receive("EphemeralDataRequest", {"ephemeralData": bytes(22)})).fields["statusCode"] == 3


class Store:
    def __init__(self, secrets: dict[str, str]) -> None:
        self.secrets = secrets

    def get(self, name: str) -> bytes | None:
        return bytes.fromhex(self.secrets[name]) if name in self.secrets else None


def test_own_keys_come_from_the_credential_store_whole_or_not_at_all() -> None:
    one = vector(1)["responder"]
    secrets = {
        f"{one['eui64']}/cs1-certificate": one["cert"],
        f"{one['eui64']}/cs1-private": one["priv"],
        f"{one['eui64']}/cs1-authority": vector(1)["ca_pub"],
    }
    eui64 = bytes.fromhex(one["eui64"])
    found = own_keys(Store(secrets), eui64, 1)
    assert found is not None
    assert str(found.private) not in repr(found)
    assert own_keys(Store(secrets), eui64, 2) is None
    with pytest.raises(KeyRejected, match="cs1-private is missing"):
        own_keys(Store({name: value for name, value in secrets.items() if "private" not in name}), eui64, 1)
    with pytest.raises(KeyRejected, match="does not belong"):
        own_keys(Store({**secrets, f"{one['eui64']}/cs1-private": vector(1)["initiator"]["priv"]}), eui64, 1)


def test_the_hashes_of_the_specification() -> None:
    # Zigbee specification, C.5.1 and C.6.1.
    assert mmo(bytes([0xC0])).hex() == "ae3a102a28d43ee0d4a09e22788b206c"
    assert hmac_mmo(bytes(range(0x40, 0x50)), bytes([0xC0])).hex() == "4512807bf94cb3400f0e2c25fb76e999"
