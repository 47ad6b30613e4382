"""AES-MMO, the hash of ZigBee, and what is made with it: keyed hash, key derivation, link keys of install codes."""

from __future__ import annotations

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB

BLOCK = 16
_INNER, _OUTER = 0x36, 0x5C
#: An install code's own octets, without its CRC.
INSTALL_CODE_LENGTHS = (6, 8, 12, 16)


def mmo(data: bytes) -> bytes:
    """Matyas-Meyer-Oseas over AES-128 (ZigBee specification, annex B.6); for data shorter than 2^16 bits."""
    if len(data) >= 1 << 13:
        raise ValueError("AES-MMO with a short length field takes less than 8192 octets")
    padded = data + b"\x80"
    padded += bytes((-len(padded) - 2) % BLOCK) + (8 * len(data)).to_bytes(2, "big")
    state = bytes(BLOCK)
    for start in range(0, len(padded), BLOCK):
        block = padded[start : start + BLOCK]
        encrypted = Cipher(AES(state), ECB()).encryptor().update(block)  # noqa: S305  - the hash's building block
        state = bytes(a ^ b for a, b in zip(encrypted, block, strict=True))
    return state


def keyed(key: bytes, data: bytes) -> bytes:
    """HMAC over AES-MMO, with a key of one block."""
    inner = mmo(bytes(octet ^ _INNER for octet in key) + data)
    return mmo(bytes(octet ^ _OUTER for octet in key) + inner)


def derived(secret: bytes, number: int) -> bytes:
    """The key of this number from a shared secret (ANSI X9.63 key derivation)."""
    return mmo(secret + number.to_bytes(4, "big"))


def crc_x25(data: bytes) -> bytes:
    """The check of an install code, low octet first as it is printed behind the code."""
    value = 0xFFFF
    for octet in data:
        value ^= octet
        for _ in range(8):
            value = value >> 1 ^ (0x8408 if value & 1 else 0)
    return (value ^ 0xFFFF).to_bytes(2, "little")


def installation_key(code: bytes) -> bytes:
    """The link key of an install code, which is given without its CRC. Raises ValueError for a wrong length."""
    if len(code) not in INSTALL_CODE_LENGTHS:
        raise ValueError(f"an install code has 6, 8, 12 or 16 octets, not {len(code)}")
    return mmo(code + crc_x25(code))
