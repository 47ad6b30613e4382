"""What protects APDUs: keys, counters, and the kinds of ciphered APDU (glo-, ded-, general-glo, -ded, -ciphering)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from hil.dlms import gcm
from hil.dlms.axdr import NotAxdr, Reader, length
from hil.dlms.curves import Suite
from hil.dlms.gcm import NotDeciphered

GLO_INITIATE_REQUEST, GLO_INITIATE_RESPONSE = 0x21, 0x28
GENERAL_GLO, GENERAL_DED, GENERAL_CIPHERING = 0xDB, 0xDC, 0xDD
#: Ciphered request -> its response. With global keys, and with the dedicated key of the association.
_GLO = {0x25: 0x2C, 0x26: 0x2D, 0xC8: 0xCC, 0xC9: 0xCD, 0xCB: 0xCF}
_DED = {0x45: 0x4C, 0x46: 0x4D, 0xD0: 0xD4, 0xD1: 0xD5, 0xD3: 0xD7}
_GLO_EVENT, _DED_EVENT = 0xCA, 0xD2
CIPHERED = {*_GLO, *_DED, GENERAL_GLO, GENERAL_DED, GENERAL_CIPHERING}

#: Key agreement of general-ciphering: one-pass Diffie-Hellman C(1e, 1s) and static unified model C(0e, 2s).
ONE_PASS, STATIC_UNIFIED = 1, 2

#: Seals a plain response as its request was sealed.
Seal = Callable[[bytes], bytes]


@dataclass(slots=True)
class Keys:
    """The meter's keys and counters. ``*_private`` are scalars, ``client_*`` the client's public keys (coordinates).

    ``heard`` is the last counter taken from the client: lower ones and the same are refused. ``counter`` is the meter's
    own next one. ``counter_error`` answers a low counter with service error 6, which carries the least that is taken;
    without it the answer is 5, deciphering error, as many meters have it.
    """

    suite: int = 0
    ek: bytes = b""
    ak: bytes = b""
    master: bytes = b""
    signing_private: bytes = b""
    agreement_private: bytes = b""
    client_signing: bytes = b""
    client_agreement: bytes = b""
    counter: int = 0
    heard: int = -1
    counter_error: bool = True
    #: What a fault does to a sealed APDU.
    spoil: Callable[[bytes], bytes] = field(default=lambda sealed: sealed)

    def take(self, counter: int) -> None:
        """Accept the client's counter. Raises NotDeciphered for one that does not go up."""
        if counter <= self.heard:
            raise NotDeciphered(self.heard + 1)
        self.heard = counter

    def next(self) -> int:
        self.counter += 1
        return self.counter - 1


@dataclass(slots=True)
class Opened:
    """A ciphered request: plain, how far it was protected, what seals its answer, and an event notification beside it."""

    plain: bytes
    control: int
    seal: Seal
    notify: Seal | None = None


@dataclass(slots=True)
class Protection:
    """Opens and seals for one association."""

    keys: Keys
    title: bytes
    client_title: bytes = b""
    dedicated: bytes = b""

    def open(self, apdu: bytes) -> Opened:
        """Raises NotDeciphered, NotAxdr."""
        tag, reader = apdu[0], Reader(apdu[1:])
        if tag in _GLO or tag in _DED:
            dedicated = tag in _DED
            control, plain = self._unseal(reader.octets(), dedicated=dedicated)
            answer, event = {**_GLO, **_DED}[tag], _DED_EVENT if dedicated else _GLO_EVENT
            return Opened(
                plain,
                control,
                lambda response: self._service(answer, control, response, dedicated),
                lambda notification: self._service(event, control, notification, dedicated),
            )
        if tag in (GENERAL_GLO, GENERAL_DED):
            self.client_title = reader.octets() or self.client_title
            dedicated = tag == GENERAL_DED
            control, plain = self._unseal(reader.octets(), dedicated=dedicated)
            return Opened(plain, control, lambda response: self._general(tag, control, response, dedicated))
        if tag == GENERAL_CIPHERING:
            return self._open_general_ciphering(reader)
        raise NotAxdr(f"no ciphered APDU {tag:02X}")

    def open_initiate(self, apdu: bytes) -> tuple[int, bytes]:
        """A glo-initiate request, or one in general-glo. Gives its security control and plain content."""
        reader = Reader(apdu)
        if reader.byte() == GENERAL_GLO:
            reader.octets()
        return self._unseal(reader.octets(), dedicated=False)

    def seal_initiate(self, control: int, response: bytes) -> bytes:
        return self._service(GLO_INITIATE_RESPONSE, control, response, dedicated=False)

    def _key(self, dedicated: bool) -> bytes:
        if dedicated and not self.dedicated:
            raise NotDeciphered
        return self.dedicated if dedicated else self.keys.ek

    def _unseal(self, sealed: bytes, *, dedicated: bool) -> tuple[int, bytes]:
        if sealed and sealed[0] & 0x0F != self.keys.suite:
            raise NotDeciphered
        key = self._key(dedicated)
        control, counter, plain = gcm.unseal(key, self.keys.ak, self.client_title, sealed)
        self.keys.take(counter)
        return control, plain

    def _seal(self, control: int, response: bytes, dedicated: bool) -> bytes:
        key = self._key(dedicated)
        return self.keys.spoil(gcm.seal(key, self.keys.ak, self.title, control, self.keys.next(), response))

    def _service(self, tag: int, control: int, response: bytes, dedicated: bool) -> bytes:
        sealed = self._seal(control, response, dedicated)
        return bytes([tag]) + length(len(sealed)) + sealed

    def _general(self, tag: int, control: int, response: bytes, dedicated: bool) -> bytes:
        sealed = self._seal(control, response, dedicated)
        return bytes([tag]) + _octets(self.title) + length(len(sealed)) + sealed

    # General-ciphering: the header says who speaks to whom and how the key comes about, and is authenticated.

    def _open_general_ciphering(self, reader: Reader) -> Opened:
        transaction, originator, recipient = reader.octets(), reader.octets(), reader.octets()
        date_time, other = reader.octets(), reader.octets()
        more = b"".join(map(_octets, (transaction, originator, recipient, date_time, other)))
        scheme, key = self._agreed(reader, transaction, originator) if reader.byte() else (0, self.keys.ek)
        control, counter, plain = gcm.unseal(key, self.keys.ak, originator, reader.octets(), more)
        if control & 0x0F != self.keys.suite or recipient not in (self.title, b""):
            raise NotDeciphered
        self.keys.take(counter)
        return Opened(
            plain, control, lambda response: self._general_ciphering(control, response, scheme, transaction, originator)
        )

    def _agreed(self, reader: Reader, transaction: bytes, originator: bytes) -> tuple[int, bytes]:
        """Key-info of a request: the scheme (0: a key both have) and the key."""
        choice = reader.byte()
        if choice == 0:  # identified-key: 0 the global unicast key
            if reader.byte():
                raise NotDeciphered
            return 0, self.keys.ek
        if choice != 2 or not self.keys.suite:
            raise NotDeciphered
        parameters, data, curve = reader.octets(), reader.octets(), Suite(self.keys.suite)
        if parameters == bytes([ONE_PASS]):
            ephemeral, signature = data[: 2 * curve.size], data[2 * curve.size :]
            if not curve.verify(self.keys.client_signing, ephemeral, signature):
                raise NotDeciphered
            return ONE_PASS, curve.agree(self.keys.agreement_private, ephemeral, originator + self.title)
        if parameters == bytes([STATIC_UNIFIED]):
            information = originator + _octets(transaction) + self.title
            return STATIC_UNIFIED, curve.agree(self.keys.agreement_private, self.keys.client_agreement, information)
        raise NotDeciphered

    def _general_ciphering(
        self, control: int, response: bytes, scheme: int, transaction: bytes, recipient: bytes
    ) -> bytes:
        header = b"".join(map(_octets, (transaction, self.title, recipient, b"", b"")))
        key, info = self._agreement(scheme, transaction, recipient)
        sealed = self.keys.spoil(gcm.seal(key, self.keys.ak, self.title, control, self.keys.next(), response, header))
        return bytes([GENERAL_CIPHERING]) + header + info + length(len(sealed)) + sealed

    def _agreement(self, scheme: int, transaction: bytes, recipient: bytes) -> tuple[bytes, bytes]:
        """The key of a response, and the key-info that says so."""
        if scheme == 0:
            return self.keys.ek, bytes([1, 0, 0])
        curve = Suite(self.keys.suite)
        if scheme == STATIC_UNIFIED:
            information = self.title + _octets(transaction) + recipient
            key = curve.agree(self.keys.agreement_private, self.keys.client_agreement, information)
            return key, bytes([1, 2, 1, STATIC_UNIFIED, 0])
        # A fresh key pair would be random; this one follows from the counter, so that runs can be repeated.
        ephemeral = (self.keys.counter + 2**64).to_bytes(curve.size, "big")
        public = curve.coordinates(ephemeral)
        data = public + curve.sign(self.keys.signing_private, public)
        key = curve.agree(ephemeral, self.keys.client_agreement, self.title + recipient)
        return key, bytes([1, 2, 1, ONE_PASS]) + _octets(data)


def _octets(value: bytes) -> bytes:
    return length(len(value)) + value
