"""The security of one association: which APDU is protected how, with which key, title and counter, both ways.

style            tags                       system title          key
glo              21, 28, C8..CF             of the association    global unicast
ded              D0..D7                     of the association    dedicated, sent in the AARQ
general-glo      DB                         in the APDU           global unicast
general-ded      DC                         in the APDU           dedicated
general          DD                         in the APDU           identified, wrapped, or agreed on by ECDH
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from drivers.dlms.bytes_reader import Damaged, Reader, octets
from drivers.dlms.ciphering import AUTHENTICATED, ENCRYPTED, GENERAL_CIPHERING, Cipher, Opened
from drivers.dlms.counter import InvocationCounter
from drivers.dlms.secret import Secret
from drivers.errors import KeyRejected, UsageError

if TYPE_CHECKING:
    from drivers.dlms.general_ciphering import Agreement, General

GENERAL_GLO, GENERAL_DED = 0xDB, 0xDC
#: plain tag -> its glo- and ded- tag (IEC 62056-5-3, clause 8)
GLO = {
    0x01: 0x21, 0x05: 0x25, 0x06: 0x26, 0x08: 0x28, 0x0C: 0x2C, 0x0D: 0x2D, 0x0E: 0x2E, 0x16: 0x36, 0x18: 0x38,
    0xC0: 0xC8, 0xC1: 0xC9, 0xC2: 0xCA, 0xC3: 0xCB, 0xC4: 0xCC, 0xC5: 0xCD, 0xC7: 0xCF,
}  # fmt: skip
DED = {
    0x05: 0x45, 0x06: 0x46, 0x0C: 0x4C, 0x0D: 0x4D, 0x0E: 0x4E, 0x16: 0x56, 0x18: 0x58,
    0xC0: 0xD0, 0xC1: 0xD1, 0xC2: 0xD2, 0xC3: 0xD3, 0xC4: 0xD4, 0xC5: 0xD5, 0xC7: 0xD7,
}  # fmt: skip
_GLO_TAGS, _DED_TAGS = frozenset(GLO.values()), frozenset(DED.values())


class Style(StrEnum):
    """How protected APDUs are framed."""

    GLO = "glo"
    DED = "ded"
    GENERAL_GLO = "general-glo"
    GENERAL_DED = "general-ded"
    GENERAL = "general"


class CounterReplayed(KeyRejected):
    """The meter's invocation counter did not rise: an old APDU, or somebody's copy of one."""


@dataclass(slots=True)
class SecurityContext:
    """``control`` is 0x10, 0x20 or 0x30; ``title`` ours, ``meter_title`` the meter's once it is known.

    ``encryption`` and ``authentication`` are the global keys, ``dedicated`` the key of this association.
    """

    suite: int
    control: int
    style: Style
    title: bytes
    encryption: Secret
    authentication: Secret | None
    counter: InvocationCounter
    dedicated: Secret | None = None
    agreement: Agreement | None = None
    master: Secret | None = None
    meter_title: bytes = b""
    #: False as soon as something was decrypted whose tag could not be checked.
    verified: bool = True
    _global: Cipher = field(init=False, repr=False)
    _dedicated: Cipher | None = field(init=False, repr=False, default=None)
    _general: General = field(init=False, repr=False)
    _heard: dict[str, int] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        if len(self.title) != 8:
            raise UsageError(f"a system title has 8 bytes, not {len(self.title)}")
        if self.control & AUTHENTICATED and self.authentication is None:
            raise UsageError(
                "protection with authentication needs the authentication key",
                do="give <meter>/ak in the key file, or ask for security=encrypted",
            )
        self._global = Cipher(self.suite, self.encryption, self.authentication)
        if self.dedicated is not None:
            self._dedicated = Cipher(self.suite, self.dedicated, self.authentication)
        from drivers.dlms.general_ciphering import General  # only with keys, as in ciphering

        self._general = General(self.suite, self._global, self.authentication, self.agreement, self.master)

    @property
    def cipher(self) -> Cipher:
        """The global key set."""
        return self._global

    def protect(self, apdu: bytes, *, first: bool = False) -> bytes:
        """The APDU as it goes out. ``first`` is for the initiate request, which always goes as glo-."""
        if not self.control:
            return apdu
        tag = apdu[0]
        if first:
            return bytes((GLO[tag],)) + octets(self._sealed(self._global, apdu))
        if self.style is Style.GENERAL:
            return self._general.protect(self.control, self.title, self.meter_title, self.counter.take(), apdu)
        if self.style is Style.GENERAL_GLO:
            return bytes((GENERAL_GLO,)) + octets(self.title) + octets(self._sealed(self._global, apdu))
        if self.style is Style.GENERAL_DED:
            return bytes((GENERAL_DED,)) + octets(self.title) + octets(self._sealed_dedicated(apdu))
        if self.style is Style.DED and tag in DED:
            return bytes((DED[tag],)) + octets(self._sealed_dedicated(apdu))
        if tag not in GLO:
            return apdu  # release requests and the like are protected inside
        return bytes((GLO[tag],)) + octets(self._sealed(self._global, apdu))

    def open(self, apdu: bytes) -> bytes:
        """The plain APDU of what came in. Raises Damaged, BadTag, CounterReplayed."""
        tag = apdu[0]
        if tag in _GLO_TAGS:
            return self._opened(self._global, self.meter_title, Reader(apdu, 1), "global")
        if tag in _DED_TAGS:
            return self._opened(self._for_dedicated(), self.meter_title, Reader(apdu, 1), "dedicated")
        if tag in (GENERAL_GLO, GENERAL_DED):
            reader = Reader(apdu, 1)
            title = reader.octets() or self.meter_title
            cipher = self._global if tag == GENERAL_GLO else self._for_dedicated()
            return self._opened(cipher, title, reader, "global" if tag == GENERAL_GLO else "dedicated")
        if tag == GENERAL_CIPHERING:
            opened = self._general.open(apdu, self.title)
            return self._noted(opened, "general")
        return apdu

    def is_protected(self, apdu: bytes) -> bool:
        return apdu[0] in _GLO_TAGS or apdu[0] in _DED_TAGS or apdu[0] in (GENERAL_GLO, GENERAL_DED, GENERAL_CIPHERING)

    def _sealed(self, cipher: Cipher, apdu: bytes) -> bytes:
        return cipher.protect(self.control, self.title, self.counter.take(), apdu)

    def _sealed_dedicated(self, apdu: bytes) -> bytes:
        # One counter for both keys: some meters keep one, others one for each key, and both want it to rise.
        return self._sealed(self._for_dedicated(), apdu)

    def _for_dedicated(self) -> Cipher:
        if self._dedicated is None:
            raise KeyRejected("the meter uses a dedicated key and none was given to it")
        return self._dedicated

    def _opened(self, cipher: Cipher, title: bytes, reader: Reader, key: str) -> bytes:
        content = reader.octets()
        reader.done("a protected APDU")
        if len(title) != 8:
            raise Damaged("a protected APDU, and the meter's system title is not known")
        return self._noted(cipher.open(title, content), key)

    def _noted(self, opened: Opened, key: str) -> bytes:
        last = self._heard.get(key, -1)  # a meter's counter may begin with 0
        if opened.counter <= last:
            raise CounterReplayed(
                f"the meter's invocation counter went from {last} to {opened.counter}",
                do="an old answer was repeated; read again, and look who else is on the line",
            )
        self._heard[key] = opened.counter
        self.verified = self.verified and opened.verified
        return opened.apdu


def control_of(authenticated: bool, encrypted: bool) -> int:
    return (AUTHENTICATED if authenticated else 0) | (ENCRYPTED if encrypted else 0)
