"""AES-GCM as DLMS uses it (IEC 62056-5-3, 5.3.4): a tag of 12 bytes, an IV of system title and invocation counter.

Security control: the suite in the low bits, 10 authenticated, 20 encrypted. What is only authenticated travels plain and
counts as additional data; what is only encrypted has no tag at all.
"""

from __future__ import annotations

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

AUTHENTICATED, ENCRYPTED = 0x10, 0x20
_TAG = 12


class NotDeciphered(Exception):
    """A wrong tag, a wrong key, or a counter that was there before; ``counter`` is the least that would be taken."""

    def __init__(self, counter: int | None = None) -> None:
        super().__init__("not deciphered")
        self.counter = counter


def seal(key: bytes, ak: bytes, title: bytes, control: int, counter: int, plain: bytes, more: bytes = b"") -> bytes:
    """Security control, counter, content, tag. ``more`` is additional data of general-ciphering."""
    head = bytes([control]) + counter.to_bytes(4, "big")
    encrypted, tag = _gcm(key, ak, title, control, counter, plain, more)
    content = encrypted if control & ENCRYPTED else plain
    return head + content + (tag if control & AUTHENTICATED else b"")


def gmac(key: bytes, ak: bytes, title: bytes, control: int, counter: int, challenge: bytes) -> bytes:
    """The tag over a challenge alone."""
    return _gcm(key, ak, title, control, counter, challenge, b"")[1]


def unseal(key: bytes, ak: bytes, title: bytes, sealed: bytes, more: bytes = b"") -> tuple[int, int, bytes]:
    """Security control, counter and plain content. Raises NotDeciphered."""
    if len(sealed) < 5:
        raise NotDeciphered
    control, counter, content = sealed[0], int.from_bytes(sealed[1:5], "big"), sealed[5:]
    tag = b""
    if control & AUTHENTICATED:
        if len(content) < _TAG:
            raise NotDeciphered
        content, tag = content[:-_TAG], content[-_TAG:]
    if not control & ENCRYPTED:
        if tag and _gcm(key, ak, title, control, counter, content, more)[1] != tag:
            raise NotDeciphered
        return control, counter, content
    iv = title + sealed[1:5]
    if not tag:
        # GCM's content is counter mode from 2 on.
        counter_mode = Cipher(algorithms.AES(key), modes.CTR(iv + b"\0\0\0\2")).decryptor()
        return control, counter, counter_mode.update(content)
    gcm = Cipher(algorithms.AES(key), modes.GCM(iv, tag, min_tag_length=_TAG)).decryptor()
    gcm.authenticate_additional_data(bytes([control]) + ak + more)
    try:
        return control, counter, gcm.update(content) + gcm.finalize()
    except InvalidTag:
        raise NotDeciphered from None


def _gcm(
    key: bytes, ak: bytes, title: bytes, control: int, counter: int, plain: bytes, more: bytes
) -> tuple[bytes, bytes]:
    gcm = Cipher(algorithms.AES(key), modes.GCM(title + counter.to_bytes(4, "big"))).encryptor()
    encrypted = b""
    additional = bytes([control]) + ak + more
    if control & ENCRYPTED:
        gcm.authenticate_additional_data(additional if control & AUTHENTICATED else b"")
        encrypted = gcm.update(plain)
    else:
        gcm.authenticate_additional_data(additional + plain)
    encrypted += gcm.finalize()
    return encrypted, gcm.tag[:_TAG]
