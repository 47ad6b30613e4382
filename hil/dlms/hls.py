"""High level security: what proves that both sides know the secret (IEC 62056-5-3, 5.3.5; mechanisms 2 to 7)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from hil.dlms import gcm
from hil.dlms.curves import Suite
from hil.dlms.security import Keys

COMMON, MD5, SHA1, GMAC, SHA256, ECDSA = 2, 3, 4, 5, 6, 7


@dataclass(frozen=True, slots=True)
class Handshake:
    """The challenges of one association, and both system titles."""

    mechanism: int
    secret: bytes
    keys: Keys
    client_title: bytes
    server_title: bytes
    client_challenge: bytes
    server_challenge: bytes
    #: The counter that a GMAC must be above: of the APDU it comes in a client may have taken the next.
    floor: int = -1

    def accepts(self, proof: bytes) -> bool:
        """Whether the client's f(StoC) is right."""
        if self.mechanism == GMAC:
            control, counter = proof[0], int.from_bytes(proof[1:5], "big")
            if control != self._control or counter <= self.floor:
                return False
            self.keys.heard = max(self.keys.heard, counter)
            return proof[5:] == self._gmac(self.client_title, counter, self.server_challenge)
        if self.mechanism == ECDSA:
            message = self.client_title + self.server_title + self.server_challenge + self.client_challenge
            return Suite(self.keys.suite).verify(self.keys.client_signing, message, proof)
        return proof == self._digest(
            self.server_challenge, self.client_title + self.server_title, self.client_challenge
        )

    def proof(self) -> bytes:
        """The meter's f(CtoS)."""
        if self.mechanism == GMAC:
            counter = self.keys.next()
            tag = self._gmac(self.server_title, counter, self.client_challenge)
            return bytes([self._control]) + counter.to_bytes(4, "big") + tag
        if self.mechanism == ECDSA:
            message = self.server_title + self.client_title + self.client_challenge + self.server_challenge
            return Suite(self.keys.suite).sign(self.keys.signing_private, message)
        return self._digest(self.client_challenge, self.server_title + self.client_title, self.server_challenge)

    @property
    def _control(self) -> int:
        return gcm.AUTHENTICATED | self.keys.suite

    def _gmac(self, title: bytes, counter: int, challenge: bytes) -> bytes:
        return gcm.gmac(self.keys.ek, self.keys.ak, title, self._control, counter, challenge)

    def _digest(self, challenge: bytes, titles: bytes, other_challenge: bytes) -> bytes:
        if self.mechanism == COMMON:
            # Maker-specific by the standard; AES-128 in ECB over the challenge is what the field has.
            padded = challenge + bytes(-len(challenge) % 16)
            ecb = Cipher(algorithms.AES(self.secret.ljust(16, b"\0")[:16]), modes.ECB()).encryptor()  # noqa: S305
            return ecb.update(padded)
        if self.mechanism == MD5:
            return hashlib.md5(challenge + self.secret).digest()  # noqa: S324 - the mechanism's name
        if self.mechanism == SHA1:
            return hashlib.sha1(challenge + self.secret).digest()  # noqa: S324 - the mechanism's name
        return hashlib.sha256(self.secret + titles + challenge + other_challenge).digest()
