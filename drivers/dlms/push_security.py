"""Opening what a meter pushes: with the keys of its system title, with one that it wraps or agrees on; and no counter twice."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from drivers.dlms.bytes_reader import Damaged, Reader
from drivers.dlms.ciphering import GENERAL_CIPHERING, Cipher, Opened
from drivers.dlms.records import octets_text
from drivers.dlms.secret import Secret
from drivers.dlms.security_context import GENERAL_DED, GENERAL_GLO
from drivers.driver import KeySource
from drivers.errors import BadFrame

if TYPE_CHECKING:
    from drivers.dlms.general_ciphering import General


@dataclass(slots=True)
class PushSecurity:
    """``heard`` are the last invocation counters, by system title."""

    keys: KeySource | None
    heard: dict[bytes, int] = field(default_factory=dict)

    def open(self, apdu: bytes) -> tuple[Opened, bytes]:
        """The plain APDU and the sender's system title, empty where it is not protected.

        Raises Damaged, BadTag, BadFrame for a missing key, UsageError for a key that an agreement wants.
        """
        tag = apdu[0] if apdu else 0
        if tag not in (GENERAL_GLO, GENERAL_DED, GENERAL_CIPHERING):
            return Opened(apdu, 0, 0, verified=False), b""
        if tag == GENERAL_CIPHERING:
            from drivers.dlms.general_ciphering import parties  # as in security_context: only where it is used

            title, recipient, content = parties(apdu)
        else:
            reader = Reader(apdu, 1)
            title, recipient, content = reader.octets(), b"", reader.octets()
            reader.done("a protected APDU")
        if len(title) != 8:
            raise Damaged(f"a protected APDU with a system title of {len(title)} octets")
        suite = content[0] & 0x0F if content else 0
        if tag == GENERAL_CIPHERING:
            opened = self._general(title, suite).open(apdu, recipient)
        else:
            opened = self._needed(title, suite).open(title, content)
        last = self.heard.get(title, -1)
        if opened.counter <= last:
            raise Damaged(f"its invocation counter went from {last} to {opened.counter}: an old one was repeated")
        self.heard[title] = opened.counter
        return opened, title

    def _key(self, title: bytes, which: str) -> Secret | None:
        found = self.keys.get(f"{title.hex()}/{which}") if self.keys is not None else None
        return Secret(found) if found is not None else None

    def _cipher(self, title: bytes, suite: int) -> Cipher | None:
        encryption = self._key(title, "ek")
        return Cipher(suite, encryption, self._key(title, "ak")) if encryption is not None else None

    def _needed(self, title: bytes, suite: int) -> Cipher:
        found = self._cipher(title, suite)
        if found is None:
            name = title.hex()
            raise BadFrame(
                f"encrypted by the meter with the system title {name} ({octets_text(title[:3])}), and there is no key for it",
                do=f"give {name}/ek (and {name}/ak where the utility gives one) with --keys FILE",
            )
        return found

    def _general(self, title: bytes, suite: int) -> General:
        """The key is the one that we have, or comes in the APDU: under the master key, or by an agreement."""
        from drivers.dlms.general_ciphering import Agreement, General

        private, peer, signing = (self._key(title, which) for which in ("agree", "agree_meter", "verify"))
        agreement = None
        if private is not None:
            agreement = Agreement(
                suite,
                private=private,
                meter_agreement=peer.reveal() if peer is not None else b"",
                meter_signing=signing.reveal() if signing is not None else b"",
            )
        master = self._key(title, "master")
        cipher = (
            self._cipher(title, suite) if master is not None or agreement is not None else self._needed(title, suite)
        )
        return General(suite, cipher, self._key(title, "ak"), agreement, master)
