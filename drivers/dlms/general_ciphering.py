"""general-ciphering (DD): an APDU that says itself with which key it is protected (Green Book 9.2.7.2.4.7, 9.5).

    general-ciphering ::= transaction-id, originator-system-title, recipient-system-title, date-time, other-information
                          (octet strings), key-info OPTIONAL, ciphered-content (octet string)
    key-info          ::= identified-key [0] key-id | wrapped-key [1] kek-id, key | agreed-key [2] parameters, key-data

Two schemes of agreement are known: C(1e,1s), where the sender adds a fresh public key and its signature, and C(0e,2s),
where the long-term keys of both sides give the key, and the transaction-id, its length before it, makes it another each time.
"""

from __future__ import annotations

from dataclasses import dataclass

from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap

from drivers.dlms.bytes_reader import Damaged, Reader, octets
from drivers.dlms.ciphering import GENERAL_CIPHERING, Cipher, Opened
from drivers.dlms.elliptic import SIZES, agree, ephemeral, load_private, load_public, octets_of, sign, verify
from drivers.dlms.secret import Secret
from drivers.errors import KeyRejected, NotSupported, UsageError

IDENTIFIED, WRAPPED, AGREED = 0, 1, 2
ONE_PASS, STATIC = 1, 2


@dataclass(frozen=True, slots=True)
class Agreement:
    """Keys for an agreement: ours (agreement and signature) and the meter's public ones. ``scheme`` is what we send with."""

    suite: int
    scheme: int = ONE_PASS
    private: Secret | None = None
    signing: Secret | None = None
    meter_agreement: bytes = b""
    meter_signing: bytes = b""


class General:
    """Protects and opens general-ciphering APDUs. ``cipher`` has the global key; None where only a key that comes in the APDU
    is known."""

    def __init__(
        self,
        suite: int,
        cipher: Cipher | None,
        authentication: Secret | None,
        agreement: Agreement | None,
        master: Secret | None = None,
    ) -> None:
        self._suite = suite
        self._cipher = cipher
        self._authentication = authentication
        self._agreement = agreement
        self._master = master
        self._transaction = 0

    def protect(self, control: int, title: bytes, meter: bytes, counter: int, apdu: bytes) -> bytes:
        """With the agreed key where there is an agreement, else with the global key, said to be so."""
        self._transaction += 1
        transaction = self._transaction.to_bytes(8, "big")
        if self._agreement is None:
            key_info = b"\x01\x00\x00"  # identified: the global unicast encryption key
            cipher = self._global()
        else:
            key_info, key = self._agreed_to_send(self._agreement, title, meter, transaction)
            cipher = Cipher(self._suite, key, self._authentication)
        head = octets(transaction) + octets(title) + octets(meter) + b"\x00\x00"
        content = cipher.protect(control, title, counter, apdu, head)
        return bytes((GENERAL_CIPHERING,)) + head + key_info + octets(content)

    def open(self, apdu: bytes, ours: bytes) -> Opened:
        """Raises Damaged, KeyRejected, NotSupported."""
        reader = Reader(apdu, 1)
        transaction, originator, recipient = reader.octets(), reader.octets(), reader.octets()
        reader.octets()
        reader.octets()
        header = apdu[1 : reader.position]
        cipher = None
        if reader.optional():
            kind = reader.byte()
            if kind == IDENTIFIED:
                if reader.byte() != 0:
                    raise NotSupported("the meter used its broadcast key", do="ask for the unicast key")
            elif kind == WRAPPED:
                cipher = self._unwrapped(reader)
            elif kind == AGREED:
                cipher = self._agreed(reader, originator, recipient or ours, transaction)
            else:
                raise Damaged(f"key information of the unknown kind {kind}")
        content = reader.octets()
        reader.done("a general-ciphering APDU")
        if len(originator) != 8:
            raise Damaged(f"a system title of {len(originator)} octets")
        return (cipher or self._global()).open(originator, content, header)

    def _global(self) -> Cipher:
        if self._cipher is None:
            raise UsageError("the encryption key is missing", do="give <meter>/ek in the key file")
        return self._cipher

    def _unwrapped(self, reader: Reader) -> Cipher:
        reader.byte()  # kek-id: there is one, the master key
        wrapped = reader.octets()
        if self._master is None:
            raise UsageError("the meter sent a key wrapped in the master key", do="give <meter>/master in the key file")
        try:
            key = aes_key_unwrap(self._master.reveal(), wrapped)
        except (InvalidUnwrap, ValueError):
            raise KeyRejected("the meter's key does not unwrap: the master key is wrong") from None
        return Cipher(self._suite, Secret(key), self._authentication)

    def _agreed_to_send(self, with_: Agreement, title: bytes, meter: bytes, transaction: bytes) -> tuple[bytes, Secret]:
        peer = load_public(self._suite, with_.meter_agreement)
        if with_.scheme == ONE_PASS:
            fresh = ephemeral(self._suite)
            public = octets_of(fresh.public_key())
            data = public + sign(self._suite, load_private(self._suite, _given(with_.signing, "sign")), public)
            key = agree(self._suite, fresh, peer, title, meter)
        else:
            data = b""
            own = load_private(self._suite, _given(with_.private, "agree"))
            key = agree(self._suite, own, peer, title + octets(transaction), meter)
        return b"\x01" + bytes((AGREED,)) + octets(bytes((with_.scheme,))) + octets(data), key

    def _agreed(self, reader: Reader, originator: bytes, recipient: bytes, transaction: bytes) -> Cipher:
        scheme, data = reader.octets(), reader.octets()
        with_ = self._agreement
        if with_ is None:
            raise UsageError("the meter agrees on a key (ECDH)", do="give <meter>/agree and the meter's public keys")
        own = load_private(self._suite, _given(with_.private, "agree"))
        if scheme == bytes((ONE_PASS,)):
            size = 2 * SIZES[self._suite]
            if len(data) != 2 * size:
                raise Damaged(f"an agreed key's data of {len(data)} octets, not {2 * size}")
            public, signature = data[:size], data[size:]
            if not verify(self._suite, load_public(self._suite, with_.meter_signing), signature, public):
                raise KeyRejected("the signature of the meter's fresh key is wrong", do="check <meter>/verify")
            key = agree(self._suite, own, load_public(self._suite, public), originator, recipient)
        elif scheme == bytes((STATIC,)):
            peer = load_public(self._suite, with_.meter_agreement)
            key = agree(self._suite, own, peer, originator + octets(transaction), recipient)
        else:
            raise NotSupported(f"key agreement scheme {scheme.hex()}", do="known are 01 and 02")
        return Cipher(self._suite, key, self._authentication)


def parties(apdu: bytes) -> tuple[bytes, bytes, bytes]:
    """Originator, recipient, and the protected content of a general-ciphering APDU. Raises Damaged."""
    reader = Reader(apdu, 1)
    _, originator, recipient, _, _ = (reader.octets() for _ in range(5))
    if reader.optional():
        kind = reader.byte()
        if kind == AGREED:
            reader.octets()
        else:
            reader.byte()
        if kind != IDENTIFIED:
            reader.octets()
    content = reader.octets()
    reader.done("a general-ciphering APDU")
    return originator, recipient, content


def _given(key: Secret | None, which: str) -> Secret:
    if key is None:
        raise UsageError("key agreement needs our private key", do=f"give <meter>/{which} in the key file")
    return key
