"""Certificate-based key establishment (SE 1.4, annex C.3), both sides, without a wire.

    initiator (U)                                responder (V)
    Initiate(certificate of U)          ->
                                        <-       Initiate(certificate of V)
    EphemeralData(point of U)           ->
                                        <-       EphemeralData(point of V)
    ConfirmKey(MAC of U)                ->
                                        <-       ConfirmKey(MAC of V)

Either side ends it with Terminate. An ``Exchange`` takes each command that arrives and gives the one to send; it reads no
clock: its owner ends it when the other side takes longer than it said it would.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable, Mapping
from enum import IntEnum
from typing import Any, NamedTuple

from drivers.errors import KeyRejected
from drivers.zigbee_se.certificate import Certificate, OwnKeys
from drivers.zigbee_se.curve import Curve, NotOnCurve, Point
from drivers.zigbee_se.mmo import hmac_mmo, mmo

CLUSTER = 0x0800

#: Seconds we ask the other side to wait for an ephemeral key and a confirmation: what a slow Pi needs, several times over.
GENERATE_S = 10


class Refusal(IntEnum):
    """Status of Terminate (C.3.1.2.3.2)."""

    UNKNOWN_ISSUER = 1
    BAD_KEY_CONFIRM = 2
    BAD_MESSAGE = 3
    NO_RESOURCES = 4
    UNSUPPORTED_SUITE = 5
    INVALID_CERTIFICATE = 6


class Send(NamedTuple):
    """A command to be sent, by its name and fields in the definitions."""

    name: str
    fields: dict[str, Any]


class Keys(NamedTuple):
    """What both sides have computed."""

    mac: bytes
    link: bytes


class Exchange:
    """One exchange, as initiator or responder. ``link_key`` is there once both sides have confirmed it.

    ``partner`` is the other side's EUI64, high octet first: its certificate must be of it. After a failure ``failed`` says why,
    and nothing more is sent.
    """

    def __init__(
        self,
        own: OwnKeys,
        partner: bytes,
        *,
        initiator: bool,
        random: Callable[[int], int] = lambda end: secrets.randbelow(end - 1) + 1,
    ) -> None:
        self._own = own
        self._partner = partner
        self.initiator = initiator
        self._curve = own.suite.curve
        self._secret = random(self._curve.order)
        own_point = self._curve.times(self._secret, self._curve.generator)
        assert own_point is not None  # noqa: S101 - the factor is below the order
        self._point = own_point
        self._awaited = "" if initiator else "InitiateKeyEstablishmentRequest"
        self._public: Point | None = None
        self._keys: Keys | None = None
        self._partner_point = b""
        self.partner_s = GENERATE_S
        self.link_key: bytes | None = None
        self.failed: str = ""

    @property
    def suite(self) -> int:
        return self._own.suite.number

    @property
    def done(self) -> bool:
        return self.link_key is not None or bool(self.failed)

    def start(self) -> Send:
        """The first command, of an initiator."""
        self._awaited = "InitiateKeyEstablishmentResponse"
        return Send("InitiateKeyEstablishmentRequest", {"keyEstablishmentSuite": self.suite, **self._identity()})

    def receive(self, name: str, fields: Mapping[str, Any]) -> Send | None:
        """Take a command of the other side, give the answer; None where nothing is to be sent."""
        if self.done:
            return None
        if name == "TerminateKeyEstablishment":
            self.failed = f"the other side ended it: {_reason(fields['statusCode'])}"
            return None
        if name != self._awaited:
            return self._end(Refusal.BAD_MESSAGE, f"{name} came where {self._awaited} was due")
        step = self._STEPS[name]
        try:
            return step(self, fields)
        except _Refused as refused:
            return self._end(refused.refusal, refused.why)

    def key(self) -> bytes:
        """The link key. Raises KeyRejected when there is none."""
        if self.link_key is None:
            raise KeyRejected(
                f"no link key with {self._partner.hex()}: {self.failed or 'the exchange is not over'}",
                do="check that both certificates are of the same authority, and production or test both",
            )
        return self.link_key

    def _initiated(self, fields: Mapping[str, Any]) -> Send:
        """Of a responder: the initiator's certificate."""
        self._certificate(fields, fields["keyEstablishmentSuite"])
        self._awaited = "EphemeralDataRequest"
        return Send(
            "InitiateKeyEstablishmentResponse", {"requestedKeyEstablishmentSuite": self.suite, **self._identity()}
        )

    def _answered(self, fields: Mapping[str, Any]) -> Send:
        """Of an initiator: the responder's certificate."""
        self._certificate(fields, fields["requestedKeyEstablishmentSuite"])
        self._awaited = "EphemeralDataResponse"
        return Send("EphemeralDataRequest", {"ephemeralData": self._curve.encode(self._point)})

    def _ephemeral_request(self, fields: Mapping[str, Any]) -> Send:
        self._agree(fields["ephemeralData"])
        self._awaited = "ConfirmKeyDataRequest"
        return Send("EphemeralDataResponse", {"ephemeralData": self._curve.encode(self._point)})

    def _ephemeral_response(self, fields: Mapping[str, Any]) -> Send:
        self._agree(fields["ephemeralData"])
        self._awaited = "ConfirmKeyDataResponse"
        return Send("ConfirmKeyDataRequest", {"secureMessageAuthenticationCode": self._code(of_initiator=True)})

    def _confirm_request(self, fields: Mapping[str, Any]) -> Send:
        self._check(fields, of_initiator=True)
        return Send("ConfirmKeyDataResponse", {"secureMessageAuthenticationCode": self._code(of_initiator=False)})

    def _confirm_response(self, fields: Mapping[str, Any]) -> None:
        self._check(fields, of_initiator=False)

    _STEPS: Mapping[str, Callable[[Exchange, Mapping[str, Any]], Send | None]] = {
        "InitiateKeyEstablishmentRequest": _initiated,
        "InitiateKeyEstablishmentResponse": _answered,
        "EphemeralDataRequest": _ephemeral_request,
        "EphemeralDataResponse": _ephemeral_response,
        "ConfirmKeyDataRequest": _confirm_request,
        "ConfirmKeyDataResponse": _confirm_response,
    }

    def _identity(self) -> dict[str, Any]:
        return {
            "ephemeralDataGenerateTime": GENERATE_S,
            "confirmKeyGenerateTime": GENERATE_S,
            "identity": self._own.certificate.data,
        }

    def _certificate(self, fields: Mapping[str, Any], suite: int) -> None:
        # A responder is told the one suite that is wanted.
        if suite != self.suite:
            raise _Refused(Refusal.UNSUPPORTED_SUITE, f"suite {suite} is wanted, this exchange is of {self.suite}")
        try:
            certificate = Certificate(self._own.suite, fields["identity"])
            if certificate.issuer != self._own.certificate.issuer:
                raise _Refused(Refusal.UNKNOWN_ISSUER, f"its certificate is of the issuer {certificate.issuer!r}")
            if certificate.subject != self._partner:
                raise _Refused(
                    Refusal.INVALID_CERTIFICATE, f"its certificate is of {certificate.subject.hex()}, not of the sender"
                )
            self._public = certificate.public_key(self._own.authority)
        except ValueError as error:
            raise _Refused(Refusal.INVALID_CERTIFICATE, str(error)) from None
        self.partner_s = max(fields["ephemeralDataGenerateTime"], fields["confirmKeyGenerateTime"])

    def _agree(self, data: bytes) -> None:
        """ECMQV (SEC 1, 6.2) and the key derivation (C.4.2.2.2)."""
        curve = self._curve
        try:
            point = curve.decode(data)
        except NotOnCurve as error:
            raise _Refused(Refusal.BAD_MESSAGE, str(error)) from None
        signature = (self._secret + _half(curve, self._point) * self._own.private) % curve.order
        other = curve.add(point, curve.times(_half(curve, point), self._public))
        shared = curve.times(curve.cofactor * signature, other)
        if shared is None:
            raise _Refused(Refusal.BAD_MESSAGE, "the shared secret is the point at infinity")
        z = shared.x.to_bytes(curve.octets, "big")
        self._partner_point = data
        self._keys = Keys(mmo(z + b"\x00\x00\x00\x01"), mmo(z + b"\x00\x00\x00\x02"))

    def _code(self, *, of_initiator: bool) -> bytes:
        """MACU of the initiator or MACV of the responder (C.3.1.2.2.3)."""
        assert self._keys is not None  # noqa: S101 - the steps have an order
        ours = (self._own.certificate.subject, self._curve.encode(self._point))
        theirs = (self._partner, self._partner_point)
        first, second = (ours, theirs) if of_initiator == self.initiator else (theirs, ours)
        which = b"\x02" if of_initiator else b"\x03"
        return hmac_mmo(self._keys.mac, which + first[0] + second[0] + first[1] + second[1])

    def _check(self, fields: Mapping[str, Any], *, of_initiator: bool) -> None:
        expected = self._code(of_initiator=of_initiator)
        if not hmac.compare_digest(expected, fields["secureMessageAuthenticationCode"]):
            raise _Refused(Refusal.BAD_KEY_CONFIRM, "the two sides have not come to the same key")
        assert self._keys is not None  # noqa: S101 - the steps have an order
        self.link_key = self._keys.link

    def _end(self, refusal: Refusal, why: str) -> Send:
        self.failed = why
        return Send(
            "TerminateKeyEstablishment",
            {"statusCode": int(refusal), "waitTime": GENERATE_S, "keyEstablishmentSuite": self.suite},
        )


class _Refused(Exception):
    def __init__(self, refusal: Refusal, why: str) -> None:
        super().__init__(why)
        self.refusal, self.why = refusal, why


def _half(curve: Curve, point: Point) -> int:
    """The associate value of a point (SEC 1, 6.1): the lower half of its x, and the bit above."""
    half = (curve.order.bit_length() + 1) // 2
    return point.x % (1 << half) + (1 << half)


def _reason(status: int) -> str:
    try:
        return Refusal(status).name.replace("_", " ").lower()
    except ValueError:
        return f"status {status}"
