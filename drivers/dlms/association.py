"""One application association as generators that yield APDUs (IEC 62056-5-3, clause 6 and 7.2).

Theory of operation. A generator yields the bytes of an APDU to send and is given the APDU that came back; a yield of
``b""`` means "send nothing, give me the next one". So nothing here knows of lines, times or tasks, and a test drives it
with two lists.

    associate()  AARQ -> AARE, then pass 3 and 4 of the challenge where there is one
    exchange()   protect, GBT out, GBT in, open, look at the invoke-id: one request, one answer that belongs to it
    release()    RLRQ -> RLRE

What a meter sends in between without having been asked (event and data notifications) is kept in ``unasked``.
"""

from __future__ import annotations

import secrets
from collections.abc import Generator
from dataclasses import dataclass, field
from typing import TypeVar

from drivers.dlms import acse, block_transfer, hls, ln_apdus
from drivers.dlms.acse import Aare, Mechanism
from drivers.dlms.axdr import decode
from drivers.dlms.axdr_encode import octet_string
from drivers.dlms.bytes_reader import Damaged
from drivers.dlms.conformance import (
    INITIATE_RESPONSE,
    LOGICAL_NAMES,
    SHORT_NAMES,
    Conformance,
    Initiated,
    initiate_request,
    parse_initiate_response,
)
from drivers.dlms.cosem import ClassId, Method
from drivers.dlms.refusals import CONFIRMED_SERVICE_ERROR, EXCEPTION_RESPONSE, Refusal, refused, service_error
from drivers.dlms.secret import Secret
from drivers.dlms.security_context import SecurityContext, Style
from drivers.errors import AccessDenied, KeyRejected, NotSupported, UsageError
from drivers.reading import Obis

T = TypeVar("T")
Exchange = Generator[bytes, bytes, T]

CURRENT_ASSOCIATION = Obis(0, 0, 40, 0, 0, 255)
#: reply_to_HLS_authentication by short names: method 8 of the association object at FA00 (Green Book, 4.4.3).
_SN_REPLY = 0xFA58
#: Tags of APDUs that come unasked.
_UNASKED = (0x0F, 0x18, 0xC2)
#: How many answers to somebody else are passed over before it is said that the meter answers something else.
_MOST_STRAY = 8


class AssociationRefused(AccessDenied):
    """An AARE that refuses. ``for_now`` is True when the same may be accepted later (a stale association, a busy meter)."""

    def __init__(self, what: str, *, for_now: bool, do: str) -> None:
        super().__init__(what, do=do)
        self.for_now = for_now


class AuthenticationFailed(KeyRejected):
    """The password, secret or key was not accepted, or the meter could not prove that it knows it too."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """How we prove who we are. ``secret`` is the LLS password or the HLS secret."""

    mechanism: Mechanism = Mechanism.NONE
    secret: Secret | None = None
    signer: hls.Signer | None = None
    #: the octets of our challenge; some meters take no more than 16 with GMAC
    challenge_size: int = 0

    def challenge(self) -> bytes:
        size = self.challenge_size or (hls.CHALLENGE_ECDSA if self.mechanism is Mechanism.HLS_ECDSA else hls.CHALLENGE)
        return secrets.token_bytes(size)


@dataclass(slots=True)
class Association:
    """The state of one. ``security`` None is a plain association; ``title`` is then only named for HLS 6 and 7."""

    short_names: bool = False
    credentials: Credentials = Credentials()
    security: SecurityContext | None = None
    title: bytes = b""
    pdu_size: int = 0xFFFF
    #: ask for general block transfer; off for meters that then use it wrongly
    block_transfer: bool = True
    agreed: Initiated | None = None
    open: bool = False
    unasked: list[bytes] = field(default_factory=list)
    meter_title: bytes = b""
    #: with short names: logical name -> base name, from the meter's object list
    base_names: dict[Obis, int] = field(default_factory=dict)
    _invoke: int = 0

    # -- establishing -------------------------------------------------------------------------------------------------

    def associate(self) -> Exchange[None]:
        """Raises AssociationRefused, AuthenticationFailed, and what the parsers raise."""
        self.open = False
        credentials, security = self.credentials, self.security
        ciphered = security is not None and security.control != 0
        challenge = self._authentication_value()
        initiate = initiate_request(
            self._proposed(), self.pdu_size, security.dedicated if security is not None else None
        )
        if security is not None and ciphered:
            initiate = security.protect(initiate, first=True)
        answer = yield acse.aarq(
            (2 if self.short_names else 1) + (2 if ciphered else 0),
            initiate,
            mechanism=credentials.mechanism,
            authentication=challenge,
            title=security.title if security is not None else self.title,
        )
        aare = self._accepted(answer)
        self.agreed = self._initiated(aare)
        self.open = True
        # Some meters leave the mechanism out of the AARE or give diagnostic 0: a challenge that came back is enough.
        if credentials.mechanism >= Mechanism.HLS:
            if not aare.challenge:
                raise AuthenticationFailed(
                    "the meter accepts without a challenge, so that it cannot be told from another"
                )
            yield from self._prove(challenge, aare.challenge)

    def _authentication_value(self) -> bytes:
        credentials = self.credentials
        if credentials.mechanism is Mechanism.NONE:
            return b""
        if credentials.mechanism is Mechanism.LLS:
            if credentials.secret is None:
                raise UsageError("low level security needs a password", do="give <meter>/lls in the key file")
            return credentials.secret.reveal()
        return credentials.challenge()

    def _proposed(self) -> Conformance:
        proposed = SHORT_NAMES if self.short_names else LOGICAL_NAMES
        if not self.block_transfer:
            proposed &= ~Conformance.GENERAL_BLOCK_TRANSFER
        if self.security is None:
            proposed &= ~Conformance.GENERAL_PROTECTION
        return proposed

    def _accepted(self, answer: bytes) -> Aare:
        if answer[:1] in (bytes((EXCEPTION_RESPONSE,)), bytes((CONFIRMED_SERVICE_ERROR,))):
            refused(answer)
        aare = acse.parse_aare(answer)
        self.meter_title = aare.title
        if self.security is not None and aare.title:
            self.security.meter_title = aare.title
        if aare.result == 0:
            return aare
        why = acse.DIAGNOSTICS.get(aare.diagnostic, f"diagnostic {aare.diagnostic}")
        if aare.provider:
            why = f"its ACSE provider gives diagnostic {aare.diagnostic}"
        if aare.diagnostic in (0, 1) and aare.user_information[:1] == bytes((CONFIRMED_SERVICE_ERROR,)):
            why = service_error(aare.user_information)
        if not aare.provider and aare.diagnostic == 13:
            raise AuthenticationFailed(f"the meter refuses the association: {why}", do="check the password or keys")
        raise AssociationRefused(
            f"the meter refuses the association{' for now' if aare.result == 2 else ''}: {why}",
            for_now=aare.result == 2 or aare.diagnostic in (0, 1),
            do=_advice(aare.diagnostic),
        )

    def _initiated(self, aare: Aare) -> Initiated:
        information = aare.user_information
        if not information:
            # Seen: an AARE that accepts and says nothing of what may be used. What was proposed stands.
            return Initiated(self._proposed(), 0, 0xFA00 if self.short_names else 7)
        if self.security is not None and self.security.is_protected(information):
            information = self.security.open(information)
        if information[:1] != bytes((INITIATE_RESPONSE,)):
            refused(information)
        return parse_initiate_response(information)

    def _prove(self, ours: bytes, theirs: bytes) -> Exchange[None]:
        credentials, security = self.credentials, self.security
        us = hls.Party(security.title if security is not None else self.title, ours)
        meter = hls.Party(self.meter_title, theirs)
        cipher = security.cipher if security is not None else None
        counter = security.counter.take() if security is not None and credentials.mechanism is Mechanism.HLS_GMAC else 0
        proof = hls.answer(
            credentials.mechanism, us, meter,
            secret=credentials.secret, cipher=cipher, counter=counter, signer=credentials.signer,
        )  # fmt: skip
        try:
            said = yield from self._reply(octet_string(proof))
        except (AccessDenied, Damaged) as error:
            raise AuthenticationFailed(
                f"the meter does not accept our answer to its challenge ({error.what})", do="check the secret or keys"
            ) from error
        value = decode(said) if said else b""
        if not isinstance(value, bytes) or not hls.holds(
            credentials.mechanism, value, us, meter,
            secret=credentials.secret, cipher=cipher, signer=credentials.signer,
        ):  # fmt: skip
            raise AuthenticationFailed(
                "the meter's answer to our challenge is wrong: it does not know the secret, or ours is another",
                do="check the secret or keys, and that this is the right meter",
            )

    def _reply(self, proof: bytes) -> Exchange[bytes]:
        if self.short_names:
            from drivers.dlms import sn_apdus

            answer = yield from self.exchange(sn_apdus.read([sn_apdus.Parameterised(_SN_REPLY, 0, proof)]))
            result: object = sn_apdus.parse_read(answer)[0]
        else:
            invoke = self.next_invoke()
            method = Method(ClassId.ASSOCIATION_LN, CURRENT_ASSOCIATION, 1)
            answer = yield from self.exchange(ln_apdus.action(invoke, method, proof), invoke)
            found = ln_apdus.parse_action(answer)
            result = found[0] if isinstance(found, list) else None
        if isinstance(result, Refusal):
            raise AuthenticationFailed(f"authentication failed ({result.what})", do="check the secret or keys")
        return result if isinstance(result, bytes) else b""

    # -- what is asked in it ------------------------------------------------------------------------------------------

    def next_invoke(self) -> int:
        """The next invoke-id, 0..15."""
        self._invoke = self._invoke + 1 & 0x0F
        return self._invoke

    @property
    def can(self) -> Conformance:
        """What was agreed on."""
        return self.agreed.conformance if self.agreed is not None else Conformance(0)

    @property
    def room(self) -> int:
        """The octets of an APDU that the meter takes, less what protection adds; 0 where it set no limit."""
        if self.agreed is None or not self.agreed.pdu_size:
            return 0
        around = 0
        if self.security is not None and self.security.control:
            around = 3 + 3 + 5 + 12 + (9 if self.security.style in (Style.GENERAL_GLO, Style.GENERAL_DED) else 0)
            around += 200 if self.security.style is Style.GENERAL else 0
        return max(24, self.agreed.pdu_size - around)

    def fits(self, request: bytes) -> bool:
        """Whether a request goes into one APDU."""
        return not self.room or len(request) <= self.room

    def exchange(self, apdu: bytes, invoke: int | None = None) -> Exchange[bytes]:
        """Ask, and return the answer, opened. ``invoke`` is the request's invoke-id: an answer to another is passed over.

        Raises ServiceRefused and its kin for an exception-response, NotSupported when the APDU is too long for the meter.
        """
        sent = self.security.protect(apdu) if self.security is not None else apdu
        size = self.agreed.pdu_size if self.agreed is not None else 0
        if size and len(sent) > size:
            if not self.can & Conformance.GENERAL_BLOCK_TRANSFER:
                raise NotSupported(f"the meter takes APDUs of {size} octets, this one has {len(sent)}")
            answer = yield from block_transfer.send(sent, size)
        else:
            answer = yield sent
        for _ in range(_MOST_STRAY):
            plain = yield from self._whole(answer)
            if plain[0] in _UNASKED:
                self.unasked.append(plain)
            elif plain[0] in (EXCEPTION_RESPONSE, CONFIRMED_SERVICE_ERROR):
                refused(plain)
            elif invoke is None or ln_apdus.invoke_id_of(plain) in (None, invoke):
                return plain
            answer = yield b""
        raise Damaged(f"{_MOST_STRAY} answers, and none to what was asked")

    def _whole(self, answer: bytes) -> Exchange[bytes]:
        if not answer:
            raise Damaged("an empty APDU")
        if block_transfer.is_block(answer):
            answer = yield from block_transfer.receive(answer)
        if not answer:
            raise Damaged("an empty APDU")
        plain = self.security.open(answer) if self.security is not None else answer
        if not plain:
            raise Damaged("an empty APDU inside a protected one")
        return plain

    # -- ending -------------------------------------------------------------------------------------------------------

    def release(self) -> Exchange[None]:
        """End the association. Any answer will do: RLREs are often malformed, and the link is closed next."""
        if not self.open:
            return
        self.open = False
        information = b""
        if self.security is not None and self.security.control:
            information = self.security.protect(initiate_request(self._proposed(), self.pdu_size), first=True)
        answer = yield acse.rlrq(information)
        if not acse.is_release(answer):
            raise Damaged(f"no RLRE: {answer[:8].hex()}")


def _advice(diagnostic: int) -> str:
    if diagnostic in (11, 12, 14):
        return "ask with another authentication (auth=lls, auth=gmac, ...)"
    if diagnostic == 2:
        return "ask with the other referencing (sn=yes), or with or without security"
    if diagnostic == 3:
        return "the meter wants another system title of the client"
    return "wait until the meter has forgotten an old association, or check client= and auth="
