"""Elliptic curves of security suites 1 and 2 (Green Book 9.2.3.4): P-256 with SHA-256, P-384 with SHA-384.

Keys and signatures on the wire are plain octets: x || y, r || s. A private key is its number, or PKCS#8 in DER or PEM; a
public key also a certificate.
"""

from __future__ import annotations

import hashlib

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from drivers.dlms.secret import Secret
from drivers.errors import KeyRejected, NotSupported, UsageError

#: Octets of one coordinate.
SIZES = {1: 32, 2: 48}
#: Algorithm ids of AES-GCM-128 and -256 in the key derivation (2.16.756.5.8.3.0 and .1, Green Book 9.2.3.4.6.5).
_ALGORITHM = {1: bytes.fromhex("60857405080300"), 2: bytes.fromhex("60857405080301")}


def _curve(suite: int) -> ec.EllipticCurve:
    if suite == 1:
        return ec.SECP256R1()
    if suite == 2:
        return ec.SECP384R1()
    raise NotSupported(f"security suite {suite} has no elliptic curve", do="suites 1 and 2 have")


def _hash(suite: int) -> hashes.HashAlgorithm:
    return hashes.SHA256() if suite == 1 else hashes.SHA384()


def load_private(suite: int, key: Secret) -> ec.EllipticCurvePrivateKey:
    """Our key. Raises UsageError, without showing it, when it is none of this suite."""
    data = key.reveal()
    curve = _curve(suite)
    try:
        if len(data) == SIZES[suite]:
            return ec.derive_private_key(int.from_bytes(data, "big"), curve)
        load = serialization.load_pem_private_key if data.startswith(b"-----") else serialization.load_der_private_key
        loaded = load(data, None)
    except (ValueError, TypeError):
        raise UsageError(f"the private key is none of {curve.name}", do="give its number, or PKCS#8") from None
    if not isinstance(loaded, ec.EllipticCurvePrivateKey) or loaded.curve.name != curve.name:
        raise UsageError(f"the private key is none of {curve.name}", do="give its number, or PKCS#8")
    return loaded


def load_public(suite: int, key: bytes) -> ec.EllipticCurvePublicKey:
    """The meter's key: x || y, a DER public key, or a DER certificate. Raises UsageError."""
    curve = _curve(suite)
    try:
        if len(key) == 2 * SIZES[suite]:
            return ec.EllipticCurvePublicKey.from_encoded_point(curve, b"\x04" + key)
        loaded = _from_der(key)
    except ValueError:
        raise UsageError(f"the meter's public key is none of {curve.name}") from None
    if not isinstance(loaded, ec.EllipticCurvePublicKey) or loaded.curve.name != curve.name:
        raise UsageError(f"the meter's public key is none of {curve.name}")
    return loaded


def _from_der(key: bytes) -> object:
    try:
        return serialization.load_der_public_key(key)
    except ValueError:
        from cryptography.x509 import load_der_x509_certificate

        return load_der_x509_certificate(key).public_key()


def octets_of(key: ec.EllipticCurvePublicKey) -> bytes:
    """x || y."""
    return key.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)[1:]


def ephemeral(suite: int) -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(_curve(suite))


def sign(suite: int, key: ec.EllipticCurvePrivateKey, data: bytes) -> bytes:
    """r || s over ``data``."""
    size = SIZES[suite]
    r, s = decode_dss_signature(key.sign(data, ec.ECDSA(_hash(suite))))
    return r.to_bytes(size, "big") + s.to_bytes(size, "big")


def verify(suite: int, key: ec.EllipticCurvePublicKey, signature: bytes, data: bytes) -> bool:
    size = SIZES[suite]
    if len(signature) != 2 * size:
        return False
    r, s = (int.from_bytes(half, "big") for half in (signature[:size], signature[size:]))
    try:
        key.verify(encode_dss_signature(r, s), data, ec.ECDSA(_hash(suite)))
    except InvalidSignature:
        return False
    return True


def agree(
    suite: int, private: ec.EllipticCurvePrivateKey, public: ec.EllipticCurvePublicKey, party_u: bytes, party_v: bytes
) -> Secret:
    """The key for AES-GCM that both sides derive: ECDH, then the concatenation KDF of NIST SP 800-56A with one round.

    ``party_u`` is the originator's system title, with the transaction id for static-static agreement behind it;
    ``party_v`` the recipient's. Raises KeyRejected when the curves differ.
    """
    try:
        z = private.exchange(ec.ECDH(), public)
    except ValueError:
        raise KeyRejected("the meter's agreement key is on another curve") from None
    name = "sha256" if suite == 1 else "sha384"
    derived = hashlib.new(name, b"\x00\x00\x00\x01" + z + _ALGORITHM[suite] + party_u + party_v).digest()
    return Secret(derived[: 16 if suite == 1 else 32])
