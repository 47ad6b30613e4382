"""Key establishment of the bench: the published vectors of both suites, certificates of its own, install codes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hil.zigbee.binary_curve import SECT163K1, SECT283K1, Curve
from hil.zigbee.cbke import SUITES, Credentials, Keys, ephemeral_public, keys, secret
from hil.zigbee.certificates import issue
from hil.zigbee.mmo import crc_x25, installation_key


@pytest.fixture(scope="module")
def vectors(repository: Path) -> dict[str, Any]:
    return json.loads((repository / "tests/vectors/zigbee_se/cbke_vectors.json").read_text())


@pytest.mark.parametrize("curve", [SECT163K1, SECT283K1], ids=lambda curve: curve.name)
def test_the_generator_is_on_the_curve_and_of_order_n(curve: Curve) -> None:
    assert curve.holds(curve.generator)
    assert curve.times(curve.n, curve.generator) is None
    assert curve.decompress(curve.compress(curve.generator)) == curve.generator


@pytest.mark.parametrize("number", [1, 2])
def test_the_published_exchange(number: int, vectors: dict[str, Any]) -> None:
    suite, published = SUITES[number], vectors[f"CS{number}"]
    authority = bytes.fromhex(published["ca_pub"])
    responder, initiator = (
        {name: bytes.fromhex(value) for name, value in published[role].items()} for role in ("responder", "initiator")
    )
    for end in (responder, initiator):
        assert suite.subject(end["cert"]) == end["eui64"]
        assert suite.curve.compress(suite.public_key(end["cert"], authority)) == end["pub"]
        assert ephemeral_public(suite, int.from_bytes(end["eph_priv"], "big")) == end["eph_pub"]
    for own, their in ((responder, initiator), (initiator, responder)):
        credentials = Credentials(suite, own["cert"], int.from_bytes(own["priv"], "big"), authority)
        ephemeral = int.from_bytes(own["eph_priv"], "big")
        assert (
            secret(credentials, ephemeral, own["eph_pub"], their["cert"], their["eph_pub"]).hex()
            == published["z"].lower()
        )
    made = keys(
        bytes.fromhex(published["z"]),
        (initiator["eui64"], initiator["eph_pub"]),
        (responder["eui64"], responder["eph_pub"]),
    )
    expected = published if "macu" in published else published["derived_here"]
    assert made == Keys(*(bytes.fromhex(expected[name]) for name in ("keydata_linkkey", "macu", "macv")))


@pytest.mark.parametrize("number", [1, 2])
def test_a_certificate_of_the_bench_holds_the_public_key(number: int) -> None:
    suite = SUITES[number]
    issued = issue("00124b00deadbe01", suite)
    assert len(issued.certificate) == suite.certificate_length
    assert suite.subject(issued.certificate).hex() == "00124b00deadbe01"
    public = suite.public_key(issued.certificate, issued.authority)
    assert public == suite.curve.times(issued.private_key, suite.curve.generator)


def test_what_is_no_point_is_refused() -> None:
    with pytest.raises(ValueError, match="not a compressed point"):
        SECT163K1.decompress(bytes(22))
    # Of x = 1 to 19 about every second one is on the curve.
    assert 0 < sum(_refused(b"\x02" + x.to_bytes(21, "big")) for x in range(1, 20)) < 19


def _refused(data: bytes) -> bool:
    try:
        return not SECT163K1.holds(SECT163K1.decompress(data))
    except ValueError:
        return True


def test_the_example_of_the_specification_makes_the_key_of_an_install_code() -> None:
    code = bytes.fromhex("83FED3407A939723A5C639B26916D505")
    assert crc_x25(code).hex().upper() == "C3B5"
    assert installation_key(code).hex().upper() == "66B6900981E1EE3CA4206B6B861C02BB"
    with pytest.raises(ValueError, match="6, 8, 12 or 16"):
        installation_key(code[:5])
