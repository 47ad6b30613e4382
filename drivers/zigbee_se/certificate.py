"""Implicit certificates (ECQV) of Smart Energy, suites 1 and 2 (SE 1.4, C.4), and a device's own keys.

A certificate holds no public key: it gives a point from which, with the authority's public key, anyone computes it. So a
false one is found when the keys that come out do not agree, and not before.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from drivers.driver import KeySource
from drivers.errors import KeyRejected
from drivers.zigbee_se.curve import SECT163K1, SECT283K1, Curve, NotOnCurve, Point
from drivers.zigbee_se.mmo import mmo


class Suite(NamedTuple):
    """A cryptographic suite. ``number`` is its bit in KeyEstablishmentSuite; the slices find a certificate's parts."""

    number: int
    curve: Curve
    certificate: int
    subject: slice
    issuer: slice
    point: slice


SUITES = {
    1: Suite(1, SECT163K1, 48, slice(22, 30), slice(30, 38), slice(0, 22)),
    2: Suite(2, SECT283K1, 74, slice(28, 36), slice(11, 19), slice(37, 74)),
}


class Certificate:
    """One certificate. ``subject`` is the device's EUI64, high octet first.

    Raises ValueError for another length, NotOnCurve where the point it gives is none.
    """

    def __init__(self, suite: Suite, data: bytes) -> None:
        if len(data) != suite.certificate:
            raise ValueError(f"a certificate of suite {suite.number} has {suite.certificate} octets, not {len(data)}")
        self.suite = suite
        self.data = data
        self.subject = data[suite.subject]
        self.issuer = data[suite.issuer]
        self._point = suite.curve.decode(data[suite.point])

    def public_key(self, authority: Point) -> Point:
        """The subject's public key: e times the certificate's point, plus the authority's. Raises NotOnCurve."""
        curve = self.suite.curve
        hashed = int.from_bytes(mmo(self.data), "big") % curve.order
        found = curve.add(curve.times(hashed, self._point), authority)
        if found is None:
            raise NotOnCurve("the certificate gives the point at infinity")
        return found


@dataclass(frozen=True, slots=True)
class OwnKeys:
    """Certificate, private key and the authority's public key of one suite."""

    certificate: Certificate
    authority: Point
    private: int = field(repr=False)

    @property
    def suite(self) -> Suite:
        return self.certificate.suite


def own_keys(keys: KeySource, eui64: bytes, suite: int) -> OwnKeys | None:
    """Those of this device from the credential store; None where it has none of this suite.

    The names are ``<EUI64>/cs1-certificate``, ``cs1-private`` and ``cs1-authority``, and with ``cs2``. Raises KeyRejected when
    one is missing, is of another device, or the private key is not the certificate's.
    """
    owner, chosen = eui64.hex(), SUITES[suite]
    names = [f"{owner}/cs{suite}-{what}" for what in ("certificate", "private", "authority")]
    found = [keys.get(name) for name in names]
    if not any(found):
        return None
    do = "put all three of the suite into the credential store, as the certificate authority gave them"
    if missing := [name for name, secret in zip(names, found, strict=True) if not secret]:
        raise KeyRejected(f"{', '.join(missing)} is missing", do=do)
    data, private, authority = (secret or b"" for secret in found)
    try:
        certificate, point = Certificate(chosen, data), chosen.curve.decode(authority)
        public = certificate.public_key(point)
    except ValueError as error:
        raise KeyRejected(f"the certificate of suite {suite} cannot be used: {error}", do=do) from None
    if certificate.subject != eui64:
        raise KeyRejected(f"the certificate is of {certificate.subject.hex()} and not of this stick, {owner}", do=do)
    secret = int.from_bytes(private, "big")
    if not 0 < secret < chosen.curve.order or chosen.curve.times(secret, chosen.curve.generator) != public:
        raise KeyRejected(f"the private key of suite {suite} does not belong to its certificate", do=do)
    return OwnKeys(certificate, point, secret)
