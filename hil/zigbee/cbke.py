"""Certificate-based key establishment (ZigBee Smart Energy, annex C): suite 1 and suite 2.

Implicit certificates (ECQV) hold a public key that everyone reconstructs with the authority's; ECMQV makes a secret of two
static and two ephemeral keys; both ends prove with a keyed hash that they have the same. Checked by the vectors of ZSE
annex C.5 and the ones for suite 2 (tests/hil/zigbee/test_cbke.py).
"""

from __future__ import annotations

from dataclasses import dataclass

from hil.zigbee.binary_curve import SECT163K1, SECT283K1, Curve, Point
from hil.zigbee.mmo import derived, keyed, mmo

_MAC_KEY, _LINK_KEY = 1, 2
_INITIATOR, _RESPONDER = b"\x02", b"\x03"


@dataclass(frozen=True)
class Suite:
    """One of the suites: its number as the attribute and the messages have it, and where a certificate's fields stand."""

    number: int
    curve: Curve
    certificate_length: int
    reconstruction_at: int
    subject_at: int

    def subject(self, certificate: bytes) -> bytes:
        """The EUI-64 a certificate is for, as printed: most significant octet first."""
        return certificate[self.subject_at : self.subject_at + 8]

    def public_key(self, certificate: bytes, authority: bytes) -> Point:
        """The public key of a certificate's owner. Raises ValueError for points that are none."""
        at, curve = self.reconstruction_at, self.curve
        reconstruction = curve.decompress(certificate[at : at + 1 + curve.octets])
        hashed = int.from_bytes(mmo(certificate), "big")
        return curve.add(curve.times(hashed, reconstruction), curve.decompress(authority))


SUITE_1 = Suite(1, SECT163K1, certificate_length=48, reconstruction_at=0, subject_at=22)
SUITE_2 = Suite(2, SECT283K1, certificate_length=74, reconstruction_at=37, subject_at=28)
SUITES = {suite.number: suite for suite in (SUITE_1, SUITE_2)}


@dataclass(frozen=True)
class Credentials:
    """What a device was given: its certificate, its private key, the authority's public key."""

    suite: Suite
    certificate: bytes
    private_key: int
    authority: bytes


@dataclass(frozen=True)
class Keys:
    """What both ends have in the end. ``initiator_mac`` and ``responder_mac`` go over the air, the link key never."""

    link_key: bytes
    initiator_mac: bytes
    responder_mac: bytes


def ephemeral_public(suite: Suite, private_key: int) -> bytes:
    return suite.curve.compress(suite.curve.times(private_key, suite.curve.generator))


def secret(
    own: Credentials, ephemeral: int, own_ephemeral: bytes, their_certificate: bytes, their_ephemeral: bytes
) -> bytes:
    """Z, the x of the ECMQV point. Raises ValueError for points that are none."""
    suite, curve = own.suite, own.suite.curve
    theirs = curve.decompress(their_ephemeral)
    implicit = ephemeral + _half(curve, own_ephemeral) * own.private_key
    static = suite.public_key(their_certificate, own.authority)
    point = curve.times(
        curve.h * (implicit % curve.n), curve.add(theirs, curve.times(_half(curve, their_ephemeral), static))
    )
    if point is None:
        raise ValueError("the shared point is at infinity")
    return point[0].to_bytes(curve.octets, "big")


def _half(curve: Curve, public: bytes) -> int:
    """The associate value of a public key: the lower half of its x, with a bit set above."""
    width = (curve.n.bit_length() + 1) // 2
    return int.from_bytes(public[1:], "big") % (1 << width) | 1 << width


def keys(shared: bytes, initiator: tuple[bytes, bytes], responder: tuple[bytes, bytes]) -> Keys:
    """The keys of a secret; each end by its EUI-64 (most significant octet first) and its ephemeral public key."""
    mac_key = derived(shared, _MAC_KEY)
    (id_u, ephemeral_u), (id_v, ephemeral_v) = initiator, responder
    return Keys(
        link_key=derived(shared, _LINK_KEY),
        initiator_mac=keyed(mac_key, _INITIATOR + id_u + id_v + ephemeral_u + ephemeral_v),
        responder_mac=keyed(mac_key, _RESPONDER + id_v + id_u + ephemeral_v + ephemeral_u),
    )
