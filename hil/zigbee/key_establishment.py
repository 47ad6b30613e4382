"""The key establishment cluster of a device: it begins as soon as it is in the network, and answers who begins with it."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from hil.zigbee.cbke import Credentials, Keys, ephemeral_public, keys, secret
from hil.zigbee.device import KEY_ESTABLISHMENT, Endpoint
from hil.zigbee.fields import Reader, u8, u16
from hil.zigbee.zcl import UNSUPPORTED_CLUSTER_COMMAND, Attribute, Attributes, Frame

INITIATE, EPHEMERAL, CONFIRM, TERMINATE = range(4)
UNKNOWN_ISSUER, BAD_CONFIRMATION, BAD_MESSAGE, NO_RESOURCES, UNSUPPORTED_SUITE, INVALID_CERTIFICATE = range(1, 7)
#: Seconds that it says it needs for its ephemeral keys, and for the confirmation.
_GENERATE_S, _CONFIRM_S = 10, 10
#: Seconds until it uses its new key of its own accord.
_AFTER_S = 0.3
_AGAIN_S = 5


@dataclass(slots=True)
class _Exchange:
    """One run. ``initiator`` says which end this device is."""

    initiator: bool
    ephemeral: int
    public: bytes
    their_certificate: bytes = b""
    made: Keys | None = None


class KeyEstablishment:
    """One device's key establishment, both sides of the cluster. ``begins`` False leaves the first step to the other.

    ``spoils`` makes it send a confirmation that is wrong, once; ``silent`` makes it answer nothing.
    """

    def __init__(self, credentials: Credentials, *, server: bool, begins: bool = True) -> None:
        self.number = KEY_ESTABLISHMENT
        self.server = server
        self.credentials = credentials
        self.begins = begins
        self.spoils = False
        self.silent = False
        self.attributes = Attributes({0x0000: Attribute("enum16", credentials.suite.number)})
        self.results: list[str] = []
        self._exchange: _Exchange | None = None

    def entered(self, endpoint: Endpoint) -> None:
        if self.begins and not endpoint.device.established:
            self._start(initiator=True)
            self._send(endpoint, None, INITIATE, self._initiation())

    def _start(self, *, initiator: bool) -> _Exchange:
        curve = self.credentials.suite.curve
        ephemeral = secrets.randbelow(curve.n - 1) + 1
        public = ephemeral_public(self.credentials.suite, ephemeral)
        self._exchange = _Exchange(initiator, ephemeral, public)
        return self._exchange

    def _initiation(self) -> bytes:
        suite = self.credentials.suite
        return u16(suite.number) + u8(_GENERATE_S) + u8(_CONFIRM_S) + self.credentials.certificate

    def _send(self, endpoint: Endpoint, frame: Frame | None, command: int, body: bytes) -> None:
        """A request of this end, or the response to one of the other."""
        if frame is not None:
            endpoint.send(KEY_ESTABLISHMENT, frame.response(command, body))
        else:
            sequence = endpoint.device.next_sequence()
            endpoint.send(KEY_ESTABLISHMENT, Frame(sequence, command, body, True, from_server=False))

    def command(self, endpoint: Endpoint, frame: Frame) -> int | None:
        if self.silent:
            return None
        reader = Reader(frame.body)
        if frame.command == TERMINATE:
            self.results.append(f"terminated by the other end: {reader.u8()}")
            self._exchange = None
            return None
        if frame.command not in (INITIATE, EPHEMERAL, CONFIRM):
            return UNSUPPORTED_CLUSTER_COMMAND
        if frame.command == INITIATE and self.server:
            self._start(initiator=False)
        exchange = self._exchange
        if exchange is None or exchange.initiator == self.server:
            self._terminate(endpoint, frame, NO_RESOURCES)
            return None
        try:
            (self._initiated, self._exchanged, self._confirmed)[frame.command](endpoint, frame, exchange, reader)
        except ValueError:
            self._terminate(endpoint, frame, BAD_MESSAGE)
        return None

    def _initiated(self, endpoint: Endpoint, frame: Frame, exchange: _Exchange, reader: Reader) -> None:
        suite = self.credentials.suite
        if reader.u16() != suite.number:
            return self._terminate(endpoint, frame, UNSUPPORTED_SUITE)
        reader.u16()
        certificate = reader.take(suite.certificate_length)
        if suite.subject(certificate)[::-1] != endpoint.device.coordinator:
            return self._terminate(endpoint, frame, INVALID_CERTIFICATE)
        exchange.their_certificate = certificate
        if exchange.initiator:
            self._send(endpoint, None, EPHEMERAL, exchange.public)
        else:
            self._send(endpoint, frame, INITIATE, self._initiation())
        return None

    def _exchanged(self, endpoint: Endpoint, frame: Frame, exchange: _Exchange, reader: Reader) -> None:
        if not exchange.their_certificate:
            return self._terminate(endpoint, frame, BAD_MESSAGE)
        theirs = reader.data
        own = self.credentials
        shared = secret(own, exchange.ephemeral, exchange.public, exchange.their_certificate, theirs)
        mine = own.suite.subject(own.certificate), exchange.public
        other = own.suite.subject(exchange.their_certificate), theirs
        exchange.made = keys(shared, mine, other) if exchange.initiator else keys(shared, other, mine)
        if exchange.initiator:
            self._send(endpoint, None, CONFIRM, self._perhaps_spoilt(exchange.made.initiator_mac))
        else:
            self._send(endpoint, frame, EPHEMERAL, exchange.public)
        return None

    def _confirmed(self, endpoint: Endpoint, frame: Frame, exchange: _Exchange, reader: Reader) -> None:
        made = exchange.made
        if made is None or reader.take(16) != (made.responder_mac if exchange.initiator else made.initiator_mac):
            return self._terminate(endpoint, frame, BAD_MESSAGE if made is None else BAD_CONFIRMATION)
        if not exchange.initiator:
            self._send(endpoint, frame, CONFIRM, self._perhaps_spoilt(made.responder_mac))
        self._exchange = None
        self.results.append("established")
        endpoint.device.link_key, endpoint.device.established = made.link_key, True
        # The other end has its key in the stick only after it has seen the confirmation.
        endpoint.device.after(_AFTER_S, endpoint.device.key_established)
        return None

    def _perhaps_spoilt(self, mac: bytes) -> bytes:
        if not self.spoils:
            return mac
        self.spoils = False
        return bytes((mac[0] ^ 1,)) + mac[1:]

    def _terminate(self, endpoint: Endpoint, frame: Frame, status: int) -> None:
        self._exchange = None
        self.results.append(f"terminated: {status}")
        body = u8(status) + u8(_AGAIN_S) + u16(self.credentials.suite.number)
        sequence = frame.sequence
        endpoint.send(KEY_ESTABLISHMENT, Frame(sequence, TERMINATE, body, True, from_server=self.server))
