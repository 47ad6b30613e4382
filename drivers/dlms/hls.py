"""High level security: what each side answers to the other's challenge (Green Book 9.2.7.4, table 'HLS mechanisms')."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass

from drivers.dlms.acse import Mechanism
from drivers.dlms.ciphering import Cipher
from drivers.dlms.secret import Secret
from drivers.errors import NotSupported, UsageError

#: Challenges have 8 to 64 octets, 32 to 64 for ECDSA; some meters refuse more than 16 with GMAC (seen).
CHALLENGE, CHALLENGE_ECDSA = 16, 32


@dataclass(frozen=True, slots=True)
class Party:
    """One side: its system title and the challenge it sent."""

    title: bytes
    challenge: bytes


class Signer:
    """ECDSA keys of mechanism 7: ours to sign, the meter's to verify. ``suite`` 1 is P-256 with SHA-256, 2 P-384 with SHA-384."""

    def __init__(self, suite: int, private: Secret, peer: bytes) -> None:
        from drivers.dlms.elliptic import load_private, load_public

        self._suite = suite
        self._private = load_private(suite, private)
        self._peer = load_public(suite, peer)

    def sign(self, data: bytes) -> bytes:
        from drivers.dlms.elliptic import sign

        return sign(self._suite, self._private, data)

    def holds(self, signature: bytes, data: bytes) -> bool:
        from drivers.dlms.elliptic import verify

        return verify(self._suite, self._peer, signature, data)


def answer(
    mechanism: Mechanism,
    us: Party,
    meter: Party,
    *,
    secret: Secret | None = None,
    cipher: Cipher | None = None,
    counter: int = 0,
    signer: Signer | None = None,
) -> bytes:
    """What we answer to the meter's challenge (pass 3). Raises UsageError when the key for it is missing."""
    match mechanism:
        case Mechanism.HLS:
            return _aes_ecb(_needed(secret), meter.challenge)
        case Mechanism.HLS_GMAC:
            return _cipher(cipher).mac(us.title, counter, meter.challenge)
        case Mechanism.HLS_ECDSA:
            return _signer(signer).sign(us.title + meter.title + meter.challenge + us.challenge)
    return _digest(mechanism, _needed(secret), us, meter, meter.challenge, us.challenge)


def holds(
    mechanism: Mechanism,
    said: bytes,
    us: Party,
    meter: Party,
    *,
    secret: Secret | None = None,
    cipher: Cipher | None = None,
    signer: Signer | None = None,
) -> bool:
    """Whether the meter's answer to our challenge (pass 4) is right: only then it knows the secret too."""
    match mechanism:
        case Mechanism.HLS:
            wanted = _aes_ecb(_needed(secret), us.challenge)
        case Mechanism.HLS_GMAC:
            return _cipher(cipher).mac_holds(meter.title, said, us.challenge)
        case Mechanism.HLS_ECDSA:
            return _signer(signer).holds(said, meter.title + us.title + us.challenge + meter.challenge)
        case _:
            wanted = _digest(mechanism, _needed(secret), meter, us, us.challenge, meter.challenge)
    return hmac.compare_digest(wanted, said)


def _digest(mechanism: Mechanism, secret: Secret, by: Party, to: Party, challenge: bytes, own: bytes) -> bytes:
    """f(challenge) as ``by`` computes it for ``to``."""
    match mechanism:
        case Mechanism.HLS_MD5:
            return hashlib.md5(challenge + secret.reveal()).digest()  # noqa: S324 - the standard's
        case Mechanism.HLS_SHA1:
            return hashlib.sha1(challenge + secret.reveal()).digest()  # noqa: S324 - the standard's
        case Mechanism.HLS_SHA256:
            return hashlib.sha256(secret.reveal() + by.title + to.title + challenge + own).digest()
    raise NotSupported(f"mechanism {mechanism} answers no challenge")


def _aes_ecb(secret: Secret, challenge: bytes) -> bytes:
    """Mechanism 2 is the manufacturer's own; what most of them do is AES-128 in ECB over the padded challenge."""
    from cryptography.hazmat.primitives.ciphers import Cipher as BlockCipher
    from cryptography.hazmat.primitives.ciphers import algorithms, modes

    key = secret.reveal().ljust(16, b"\x00")[:16]
    padded = challenge.ljust(-(-len(challenge) // 16) * 16, b"\x00")
    encryptor = BlockCipher(algorithms.AES(key), modes.ECB()).encryptor()  # noqa: S305 - the makers' choice
    return encryptor.update(padded) + encryptor.finalize()


def _needed(secret: Secret | None) -> Secret:
    if secret is None:
        raise UsageError("this authentication needs its secret", do="give <meter>/hls in the key file")
    return secret


def _cipher(cipher: Cipher | None) -> Cipher:
    if cipher is None:
        raise UsageError("GMAC needs the encryption and authentication keys", do="give <meter>/ek and <meter>/ak")
    return cipher


def _signer(signer: Signer | None) -> Signer:
    if signer is None:
        raise UsageError(
            "ECDSA needs our private key and the meter's public key", do="give <meter>/sign and <meter>/verify"
        )
    return signer
