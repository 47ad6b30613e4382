"""Certificate-based key establishment (SE 1.4, annex C.3), both sides, without a wire.

    initiator (U)                                responder (V)
    Initiate(certificate of U)          ->
                                        <-       Initiate(certificate of V)
    EphemeralData(point of U)           ->
                                        <-       EphemeralData(point of V)
    ConfirmKey(MAC of U)                ->
                                        <-       ConfirmKey(MAC of V)

Either side ends it with Terminate. An ``Exchange`` takes each command that arrives and gives the one to send; it reads no
clock: its owner ends it when the other side does not go on. What is computed with our keys is the work of an ``OwnEnd``.
"""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable, Mapping
from enum import IntEnum
from typing import Any, NamedTuple, Protocol

from drivers.zigbee_se.certificate import Certificate

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


class Codes(NamedTuple):
    """What proves that both have come to the same key: MACU of the initiator, MACV of the responder (C.3.1.2.2.3)."""

    initiator: bytes
    responder: bytes


class OwnEnd(Protocol):
    """Our certificate, and what is computed with its private key: here (``host_end``) or in the stick (``stick_end``).

    One is for one exchange. Each raises LinkLost when the stick does not answer.
    """

    @property
    def certificate(self) -> Certificate: ...

    async def ephemeral(self) -> bytes:
        """Our ephemeral public key, always the same one, encoded."""
        ...

    async def agree(self, partner: Certificate, ephemeral: bytes, *, initiator: bool) -> Codes:
        """Come to the keys with a partner and its ephemeral key; ``initiator`` are we. Raises ValueError for no point."""
        ...

    async def keep(self) -> None:
        """Give the link key to the stick, for the partner agreed with."""
        ...


class Exchange:
    """One exchange, as initiator or responder. ``agreed`` once both sides have confirmed the key and the stick has it.

    ``partner`` is the other side's EUI64, high octet first: its certificate must be of it. After a failure ``failed`` says why,
    and nothing more is sent.
    """

    def __init__(self, own: OwnEnd, partner: bytes, *, initiator: bool) -> None:
        self._own = own
        self._partner = partner
        self.initiator = initiator
        self._awaited = "" if initiator else "InitiateKeyEstablishmentRequest"
        self._certificate: Certificate | None = None
        self._codes: Codes | None = None
        self.agreed = False
        self.failed = ""

    @property
    def suite(self) -> int:
        return self._own.certificate.suite.number

    @property
    def done(self) -> bool:
        return self.agreed or bool(self.failed)

    def start(self) -> Send:
        """The first command, of an initiator."""
        self._awaited = "InitiateKeyEstablishmentResponse"
        return Send("InitiateKeyEstablishmentRequest", {"keyEstablishmentSuite": self.suite, **self._identity()})

    async def receive(self, name: str, fields: Mapping[str, Any]) -> Send | None:
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
            return await step(self, fields)
        except _Refused as refused:
            return self._end(refused.refusal, refused.why)

    async def _initiated(self, fields: Mapping[str, Any]) -> Send:
        """Of a responder: the initiator's certificate."""
        self._believe(fields, fields["keyEstablishmentSuite"])
        self._awaited = "EphemeralDataRequest"
        return Send(
            "InitiateKeyEstablishmentResponse", {"requestedKeyEstablishmentSuite": self.suite, **self._identity()}
        )

    async def _answered(self, fields: Mapping[str, Any]) -> Send:
        """Of an initiator: the responder's certificate."""
        self._believe(fields, fields["requestedKeyEstablishmentSuite"])
        self._awaited = "EphemeralDataResponse"
        return Send("EphemeralDataRequest", {"ephemeralData": await self._own.ephemeral()})

    async def _ephemeral_request(self, fields: Mapping[str, Any]) -> Send:
        ephemeral = await self._own.ephemeral()
        await self._agree(fields["ephemeralData"])
        self._awaited = "ConfirmKeyDataRequest"
        return Send("EphemeralDataResponse", {"ephemeralData": ephemeral})

    async def _ephemeral_response(self, fields: Mapping[str, Any]) -> Send:
        codes = await self._agree(fields["ephemeralData"])
        self._awaited = "ConfirmKeyDataResponse"
        return Send("ConfirmKeyDataRequest", {"secureMessageAuthenticationCode": codes.initiator})

    async def _confirm_request(self, fields: Mapping[str, Any]) -> Send:
        codes = self._agreed_codes()
        await self._confirmed(codes.initiator, fields)
        return Send("ConfirmKeyDataResponse", {"secureMessageAuthenticationCode": codes.responder})

    async def _confirm_response(self, fields: Mapping[str, Any]) -> None:
        await self._confirmed(self._agreed_codes().responder, fields)

    _STEPS: Mapping[str, Callable[[Exchange, Mapping[str, Any]], Awaitable[Send | None]]] = {
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

    def _believe(self, fields: Mapping[str, Any], suite: int) -> None:
        # A responder is told the one suite that is wanted.
        if suite != self.suite:
            raise _Refused(Refusal.UNSUPPORTED_SUITE, f"suite {suite} is wanted, this exchange is of {self.suite}")
        own = self._own.certificate
        try:
            certificate = Certificate(own.suite, fields["identity"])
        except ValueError as error:
            raise _Refused(Refusal.INVALID_CERTIFICATE, str(error)) from None
        if certificate.issuer != own.issuer:
            raise _Refused(Refusal.UNKNOWN_ISSUER, f"its certificate is of the issuer {certificate.issuer!r}")
        if certificate.subject != self._partner:
            raise _Refused(
                Refusal.INVALID_CERTIFICATE, f"its certificate is of {certificate.subject.hex()}, not of the sender"
            )
        self._certificate = certificate

    async def _agree(self, ephemeral: bytes) -> Codes:
        assert self._certificate is not None  # noqa: S101 - the steps have an order
        try:
            self._codes = await self._own.agree(self._certificate, ephemeral, initiator=self.initiator)
        except ValueError as error:
            raise _Refused(Refusal.BAD_MESSAGE, str(error)) from None
        return self._codes

    def _agreed_codes(self) -> Codes:
        assert self._codes is not None  # noqa: S101 - the steps have an order
        return self._codes

    async def _confirmed(self, expected: bytes, fields: Mapping[str, Any]) -> None:
        if not hmac.compare_digest(expected, fields["secureMessageAuthenticationCode"]):
            raise _Refused(Refusal.BAD_KEY_CONFIRM, "the two sides have not come to the same key")
        await self._own.keep()
        self.agreed = True

    def give_up(self, why: str) -> None:
        """Of its owner: the other side is not heard any more, or not reached."""
        self.failed = why

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


def _reason(status: int) -> str:
    try:
        return Refusal(status).name.replace("_", " ").lower()
    except ValueError:
        return f"status {status}"
