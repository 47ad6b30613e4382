"""The Matyas-Meyer-Oseas hash on AES-128, and the keyed hash on it (Zigbee specification, B.6 and B.1.4)."""

from __future__ import annotations

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

_BLOCK = 16


def mmo(data: bytes) -> bytes:
    """16 octets. Raises ValueError for data of 2^16 bits or more, whose padding Smart Energy never needs."""
    bits = 8 * len(data)
    if bits >= 1 << 16:
        raise ValueError("too long for the 16-bit length of this padding")
    padded = data + b"\x80"
    padded += b"\x00" * (-(len(padded) + 2) % _BLOCK) + bits.to_bytes(2, "big")
    state = bytes(_BLOCK)
    for at in range(0, len(padded), _BLOCK):
        block = padded[at : at + _BLOCK]
        # A single block under a key that is used once: the hash is built so.
        encryptor = Cipher(algorithms.AES(state), modes.ECB()).encryptor()  # noqa: S305
        state = bytes(a ^ b for a, b in zip(encryptor.update(block), block, strict=True))
    return state


def hmac_mmo(key: bytes, data: bytes) -> bytes:
    """The keyed hash (FIPS 198) with a key of one block."""
    if len(key) != _BLOCK:
        raise ValueError(f"a key has {_BLOCK} octets, not {len(key)}")
    inner = mmo(bytes(octet ^ 0x36 for octet in key) + data)
    return mmo(bytes(octet ^ 0x5C for octet in key) + inner)
