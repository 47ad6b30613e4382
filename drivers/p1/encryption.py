"""Encrypted P1 (Luxembourg's Smarty and its relatives): frames around telegrams, AES-128-GCM, security suite 0.

    DB 08 <system title, 8> 82 <length, 2> <30> <counter, 4> <ciphertext> <tag, 12>

The security control byte is 30 where the telegram is authenticated and encrypted, 20 where it is encrypted only (then no
tag stands behind it, and the telegram's own CRC is all there is). The initialisation vector is title and counter.
"""

from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass

from drivers.driver import KeySource
from drivers.errors import KeyRejected

_HEAD = re.compile(rb"\xdb\x08(.{8})\x82(..)([\x20\x30])(....)", re.DOTALL)
_START = b"\xdb\x08"
_HEAD_BYTES, _INSIDE_BYTES, _TAG_BYTES = 13, 5, 12
_AUTHENTICATED = 0x30
#: The same for all meters of the country (Smarty P1 specification, E-Meter): it authenticates nothing by itself.
LUXEMBOURG_AUTHENTICATION_KEY = bytes.fromhex("00112233445566778899AABBCCDDEEFF")
_TELEGRAM = re.compile(rb"/[A-Za-z]{3}[ -~]+\r?\n")
_LONGEST = 1 << 15


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame. ``title`` names the meter, ``counter`` goes up with every frame."""

    title: bytes
    security: int
    counter: int
    sealed: bytes

    @property
    def name(self) -> str:
        """The name under which the meter's keys are kept: its system title in hexadecimal."""
        return self.title.hex().upper()


class FrameFinder:
    """Feed it what is received; it gives the frames that have become whole. What stands between them is left out."""

    def __init__(self) -> None:
        self._data = bytearray()

    def feed(self, data: bytes) -> list[Frame]:
        self._data += data
        found: list[Frame] = []
        while (frame := self._next()) is not None:
            found.append(frame)
        return found

    @property
    def began(self) -> bool:
        """Whether what is left is the beginning of a frame."""
        return _HEAD.match(self._data) is not None

    def _next(self) -> Frame | None:
        while True:
            at = self._data.find(_START)
            if at < 0:
                # The last byte may be the first of a start.
                del self._data[: max(0, len(self._data) - 1)]
                return None
            del self._data[:at]
            if len(self._data) < _HEAD_BYTES + _INSIDE_BYTES:
                return None
            match = _HEAD.match(self._data)
            length = int.from_bytes(match[2], "big") if match else 0
            if match is None or not _INSIDE_BYTES + _TAG_BYTES < length < _LONGEST:
                del self._data[:1]
                continue
            end = _HEAD_BYTES + length
            if len(self._data) < end:
                return None
            sealed = bytes(self._data[_HEAD_BYTES + _INSIDE_BYTES : end])
            frame = Frame(bytes(match[1]), match[3][0], int.from_bytes(match[4], "big"), sealed)
            del self._data[:end]
            return frame


@dataclass(frozen=True, slots=True)
class Opened:
    """What was in a frame. ``complaint`` says why it is not authenticated, "" where it is."""

    telegram: bytes
    complaint: str = ""


def opened(frame: Frame, keys: KeySource | None) -> Opened:
    """The telegram in a frame. Raises KeyRejected when there is no key, or the key (or the frame) is not right.

    Keys are ``<system title>/ek``, 16 bytes, and ``<system title>/ak``. Without the latter Luxembourg's is tried, and none;
    real meters are known whose tag fits neither. Such a telegram is opened by its key alone, and that is said: its own
    CRC is then the only check.
    """
    key = keys.get(f"{frame.name}/ek") if keys else None
    if key is None:
        raise KeyRejected(
            "the telegram is encrypted and there is no key", do=f'put "{frame.name}/ek" into the key file'
        )
    if len(key) != 16:
        raise KeyRejected(f"the key {frame.name}/ek has {len(key)} bytes", do="a P1 key has 16")
    from cryptography.exceptions import InvalidTag  # here: most ports are not encrypted
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    nonce = frame.title + frame.counter.to_bytes(4, "big")
    if frame.security != _AUTHENTICATED:
        return Opened(_without_tag(key, nonce, frame.sealed), "encrypted and not authenticated")
    body, tag = frame.sealed[:-_TAG_BYTES], frame.sealed[-_TAG_BYTES:]
    control = bytes([frame.security])
    told = keys.get(f"{frame.name}/ak") if keys else None
    # A tag of 96 bits fits or does not: to try a second associated text weakens nothing.
    for associated in (control + told,) if told else (control + LUXEMBOURG_AUTHENTICATION_KEY, b""):
        opening = Cipher(algorithms.AES(key), modes.GCM(nonce, tag, min_tag_length=_TAG_BYTES)).decryptor()
        opening.authenticate_additional_data(associated)
        with contextlib.suppress(InvalidTag):
            return Opened(opening.update(body) + opening.finalize())
    telegram = _without_tag(key, nonce, body)
    if told or not _TELEGRAM.match(telegram):
        raise KeyRejected(
            f"the telegram of {frame.name} does not open",
            do="the key is wrong, or this telegram was damaged: read again, then correct the key file",
        )
    return Opened(telegram, f"not authenticated: the tag fits no known key; give {frame.name}/ak")


def _without_tag(key: bytes, nonce: bytes, sealed: bytes) -> bytes:
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    # The counter of GCM's first block is 2 (NIST SP 800-38D, 7.1).
    stream = Cipher(algorithms.AES(key), modes.CTR(nonce + (2).to_bytes(4, "big"))).decryptor()
    return stream.update(sealed) + stream.finalize()
