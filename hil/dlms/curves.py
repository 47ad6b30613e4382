"""ECDSA and key agreement of suites 1 and 2 (IEC 62056-5-3, 5.3.4.6): P-256 with SHA-256, P-384 with SHA-384.

Public keys are the two coordinates without a prefix, signatures r and s, each as long as the curve's order.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

#: Content of the object identifiers of AES-GCM-128 and -256.
_ALGORITHM = {1: bytes.fromhex("60857405080300"), 2: bytes.fromhex("60857405080301")}


@dataclass(frozen=True, slots=True)
class Suite:
    """The curve of a suite."""

    number: int

    @property
    def _curve(self) -> ec.EllipticCurve:
        return ec.SECP256R1() if self.number == 1 else ec.SECP384R1()

    @property
    def size(self) -> int:
        """Bytes of a coordinate."""
        return 32 if self.number == 1 else 48

    @property
    def _hash(self) -> hashes.HashAlgorithm:
        return hashes.SHA256() if self.number == 1 else hashes.SHA384()

    def private(self, scalar: bytes) -> ec.EllipticCurvePrivateKey:
        return ec.derive_private_key(int.from_bytes(scalar, "big"), self._curve)

    def public(self, coordinates: bytes) -> ec.EllipticCurvePublicKey:
        """Raises ValueError for what is no point of the curve."""
        return ec.EllipticCurvePublicKey.from_encoded_point(self._curve, b"\x04" + coordinates)

    def coordinates(self, scalar: bytes) -> bytes:
        """The public key that belongs to a private one."""
        numbers = self.private(scalar).public_key().public_numbers()
        return numbers.x.to_bytes(self.size, "big") + numbers.y.to_bytes(self.size, "big")

    def sign(self, scalar: bytes, message: bytes) -> bytes:
        r, s = decode_dss_signature(self.private(scalar).sign(message, ec.ECDSA(self._hash)))
        return r.to_bytes(self.size, "big") + s.to_bytes(self.size, "big")

    def verify(self, coordinates: bytes, message: bytes, signature: bytes) -> bool:
        if len(signature) != 2 * self.size:
            return False
        r, s = int.from_bytes(signature[: self.size], "big"), int.from_bytes(signature[self.size :], "big")
        try:
            self.public(coordinates).verify(encode_dss_signature(r, s), message, ec.ECDSA(self._hash))
        except InvalidSignature:
            return False
        return True

    def agree(self, scalar: bytes, coordinates: bytes, other_information: bytes) -> bytes:
        """The key of a message: Diffie-Hellman, then the concatenation KDF of NIST SP 800-56A, one round."""
        secret = self.private(scalar).exchange(ec.ECDH(), self.public(coordinates))
        digest = hashlib.sha256 if self.number == 1 else hashlib.sha384
        made = digest(b"\0\0\0\1" + secret + _ALGORITHM[self.number] + other_information).digest()
        return made[: 16 if self.number == 1 else 32]
