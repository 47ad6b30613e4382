"""Protection of APDUs (IEC 62056-5-3, 9.2.7.2; Green Book 9.2.7): AES-GCM with a tag of 12 octets.

A protected content is security control, invocation counter, ciphered text, tag. The nonce is the sender's system title
and the counter. What was said on the wire is honoured: the received security control, not the one we would have used.
"""

from __future__ import annotations

import hmac
from typing import NamedTuple

from drivers.dlms.bytes_reader import Damaged
from drivers.dlms.secret import Secret
from drivers.errors import KeyRejected, NotSupported, UsageError

AUTHENTICATED, ENCRYPTED = 0x10, 0x20
BROADCAST_KEY, COMPRESSED = 0x40, 0x80
TAG = 12
_HEADER = 5
#: The tag of general-ciphering (drivers.dlms.general_ciphering).
GENERAL_CIPHERING = 0xDD

#: Octets of a key by security suite: AES-128, AES-128 with P-256, AES-256 with P-384.
KEY_SIZES = {0: 16, 1: 16, 2: 32}

#: First octets of APDUs that may stand in a protected one (IEC 62056-5-3, clause 8), to tell text from noise.
PLAIN_TAGS = frozenset(
    (
        0x01,
        0x05,
        0x06,
        0x08,
        0x0C,
        0x0D,
        0x0E,
        0x0F,
        0x16,
        0x18,
        0xC0,
        0xC1,
        0xC2,
        0xC3,
        0xC4,
        0xC5,
        0xC7,
        0xD8,
        0xD9,
        0xDA,
    )
)


class BadTag(KeyRejected):
    """The text decrypts to nothing that the tag vouches for. The words say which key is likely wrong."""


class Opened(NamedTuple):
    """A protected APDU's plain text. ``verified`` False: no tag, or no authentication key to check it with."""

    apdu: bytes
    control: int
    counter: int
    verified: bool


class Cipher:
    """A key set. ``authentication`` None opens what comes without checking tags, and protects by encryption only."""

    def __init__(self, suite: int, encryption: Secret, authentication: Secret | None) -> None:
        size = KEY_SIZES.get(suite)
        if size is None:
            raise NotSupported(f"there is no security suite {suite}", do="suites are 0, 1 and 2")
        for name, key in (("encryption", encryption), ("authentication", authentication)):
            if key is not None and len(key) != size:
                raise UsageError(
                    f"the {name} key has {len(key)} bytes, security suite {suite} takes {size}",
                    do="correct the key file",
                )
        self.suite = suite
        # Six MiB that a gateway of unciphered meters does without.
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        self._gcm = AESGCM(encryption.reveal())
        self._authentication = authentication.reveal() if authentication is not None else None

    @property
    def authenticates(self) -> bool:
        return self._authentication is not None

    def protect(self, control: int, title: bytes, counter: int, apdu: bytes, header: bytes = b"") -> bytes:
        """The protected content of ``apdu``. ``control`` holds the protection bits; the suite is added.

        ``header`` is what general-ciphering authenticates beside it: its fields up to the key information.
        """
        control |= self.suite
        head = bytes((control,)) + counter.to_bytes(4, "big")
        nonce = title + head[1:]
        if control & AUTHENTICATED:
            prefix = head[:1] + self._key() + header
            if control & ENCRYPTED:
                sealed = self._gcm.encrypt(nonce, apdu, prefix)
                return head + sealed[: TAG - 16]
            return head + apdu + self._gcm.encrypt(nonce, b"", prefix + apdu)[:TAG]
        return head + (self._gcm.encrypt(nonce, apdu, None)[:-16] if control & ENCRYPTED else apdu)

    def open(self, title: bytes, content: bytes, header: bytes = b"") -> Opened:
        """The plain text of a protected content. Raises Damaged, BadTag, NotSupported."""
        if len(content) < _HEADER:
            raise Damaged(f"a protected APDU of {len(content)} octets")
        control = content[0]
        if control & COMPRESSED:
            raise NotSupported(
                "the meter compresses its APDUs (V.44)", do="switch compression off in its security setup"
            )
        counter = int.from_bytes(content[1:_HEADER], "big")
        nonce = title + content[1:_HEADER]
        text = content[_HEADER:]
        if not control & AUTHENTICATED:
            plain = self._stream(nonce, text) if control & ENCRYPTED else text
            return Opened(self._plausible(plain, control), control, counter, False)
        if len(text) < TAG:
            raise Damaged(f"a protected APDU with {len(text)} octets behind its counter, and its tag has {TAG}")
        text, tag = text[:-TAG], text[-TAG:]
        if not control & ENCRYPTED:
            if self._authentication is None:
                return Opened(text, control, counter, False)
            mac = self._gcm.encrypt(nonce, b"", content[:1] + self._authentication + header + text)[:TAG]
            self._compare(mac, tag, text)
            return Opened(text, control, counter, True)
        plain = self._stream(nonce, text)
        if self._authentication is None:
            return Opened(self._plausible(plain, control), control, counter, False)
        # Counter mode is its own inverse: enciphering the plain text again gives the tag as well, in one pass of C.
        mac = self._gcm.encrypt(nonce, plain, content[:1] + self._authentication + header)[
            len(plain) : len(plain) + TAG
        ]
        self._compare(mac, tag, plain)
        return Opened(plain, control, counter, True)

    def mac(self, title: bytes, counter: int, data: bytes) -> bytes:
        """GMAC as HLS 5 uses it: security control, counter and tag over ``data``."""
        control = bytes((AUTHENTICATED | self.suite,))
        nonce = title + counter.to_bytes(4, "big")
        return control + nonce[8:] + self._gcm.encrypt(nonce, b"", control + self._key() + data)[:TAG]

    def mac_holds(self, title: bytes, said: bytes, data: bytes) -> bool:
        """Whether ``said`` (control, counter, tag) is the GMAC of ``data``."""
        if len(said) != _HEADER + TAG:
            return False
        tag = self._gcm.encrypt(title + said[1:_HEADER], b"", said[:1] + self._key() + data)[:TAG]
        return hmac.compare_digest(tag, said[_HEADER:])

    def __repr__(self) -> str:
        return f"<cipher of suite {self.suite}, {'with' if self.authenticates else 'without'} authentication key>"

    def _stream(self, nonce: bytes, text: bytes) -> bytes:
        return self._gcm.encrypt(nonce, text, None)[:-16]

    def _key(self) -> bytes:
        if self._authentication is None:
            raise UsageError("authentication needs the authentication key", do="give <meter>/ak in the key file")
        return self._authentication

    def _compare(self, mac: bytes, tag: bytes, plain: bytes) -> None:
        if hmac.compare_digest(mac, tag):
            return
        if plain[:1] and plain[0] in PLAIN_TAGS:
            raise BadTag(
                "the tag is wrong, though the text decrypts to an APDU: the authentication key is wrong, or the frame altered",
                do="check the authentication key (ak); without one metergate decrypts and says that nothing was verified",
            )
        raise BadTag(
            "the tag is wrong and the text decrypts to nothing: the encryption key or the system title is wrong",
            do="check the encryption key (ek)",
        )

    def _plausible(self, plain: bytes, control: int) -> bytes:
        if control & ENCRYPTED and not (plain[:1] and plain[0] in PLAIN_TAGS):
            raise BadTag(
                "the text decrypts to nothing: the encryption key is wrong", do="check the encryption key (ek)"
            )
        return plain
