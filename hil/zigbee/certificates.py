"""The bench's own certificate authority. Its keys are public: nobody but a bench may trust it.

    $ python -m hil.zigbee.certificates 00124b00deadbe01

prints what a gateway with that EUI-64 needs for both suites, as JSON.
"""

from __future__ import annotations

import json
import sys
from functools import cache

from hil.zigbee.cbke import SUITE_1, SUITES, Credentials, Suite
from hil.zigbee.mmo import mmo

_ISSUER = b"BENCHCA1"
#: Of suite 2: type, serial number, curve, hash; issuer; valid from 2026-01-01 without end; subject; key usage.
_SUITE_2_HEAD = bytes.fromhex("002622a505e8938f270d08")
_SUITE_2_VALID = bytes.fromhex("006955b900ffffffff")
_SUITE_2_USAGE = bytes.fromhex("88")
_SUITE_1_ATTRIBUTES = bytes.fromhex("01090006000000000000")


def _secret(suite: Suite, purpose: str) -> int:
    """A private number of the bench, the same every time."""
    octets = b"".join(mmo(f"metergate bench {suite.number} {purpose} {part}".encode()) for part in range(3))
    return int.from_bytes(octets, "big") % (suite.curve.n - 1) + 1


@cache
def authority(suite: Suite) -> bytes:
    """The authority's public key."""
    return suite.curve.compress(suite.curve.times(_secret(suite, "authority"), suite.curve.generator))


@cache
def issue(eui64: str, suite: Suite) -> Credentials:
    """A certificate for a device, from its EUI-64 in hexadecimal, and the private key that belongs to it."""
    subject = bytes.fromhex(eui64.replace(":", ""))
    seed = _secret(suite, f"certificate {subject.hex()}")
    reconstruction = suite.curve.compress(suite.curve.times(seed, suite.curve.generator))
    if suite is SUITE_1:
        certificate = reconstruction + subject + _ISSUER + _SUITE_1_ATTRIBUTES
    else:
        certificate = _SUITE_2_HEAD + _ISSUER + _SUITE_2_VALID + subject + _SUITE_2_USAGE + reconstruction
    hashed = int.from_bytes(mmo(certificate), "big")
    private_key = (hashed * seed + _secret(suite, "authority")) % suite.curve.n
    return Credentials(suite, certificate, private_key, authority(suite))


def printed(eui64: str) -> dict[str, dict[str, str]]:
    """The credentials of both suites, in hexadecimal."""
    return {
        f"suite_{suite.number}": {
            "certificate": issued.certificate.hex(),
            "private_key": issued.private_key.to_bytes(suite.curve.octets, "big").hex(),
            "authority": issued.authority.hex(),
        }
        for suite in SUITES.values()
        for issued in [issue(eui64, suite)]
    }


if __name__ == "__main__":
    print(json.dumps(printed(sys.argv[1]), indent=1))
