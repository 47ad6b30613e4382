"""Our end of a key establishment, computed by the stick: a firmware with the library, and the certificate in its tokens.

Neither the private key nor the link key ever leaves the stick. It has room for one exchange at a time.
"""

from __future__ import annotations

import asyncio
from typing import Any

from bellows.exception import InvalidCommandError
from bellows.types import EmberCertificate283k1Data as Certificate283k1
from bellows.types import EmberCertificateData as Certificate163k1
from bellows.types import EmberPublicKey283k1Data as PublicKey283k1
from bellows.types import EmberPublicKeyData as PublicKey163k1
from bellows.types import sl_Status

from drivers.errors import KeyRejected, NoAnswer
from drivers.zigbee_se.certificate import SUITES, Certificate
from drivers.zigbee_se.key_establishment import GENERATE_S, Codes

#: What EZSP puts behind the names of its commands for a suite, and its types of a certificate and an ephemeral key.
_SUFFIX = {1: "", 2: "283k1"}
_CERTIFICATES = {1: Certificate163k1, 2: Certificate283k1}
_PUBLIC_KEYS = {1: PublicKey163k1, 2: PublicKey283k1}


class StickEnd:
    """An ``OwnEnd`` of the certificate in a stick. ``ezsp`` is bellows' own; ``kept`` when the stick has the link key."""

    def __init__(self, ezsp: Any, certificate: Certificate) -> None:
        self._ezsp = ezsp
        self._certificate = certificate
        self._suite = certificate.suite.number
        self._ephemeral = b""
        self.kept = False

    @property
    def certificate(self) -> Certificate:
        return self._certificate

    async def ephemeral(self) -> bytes:
        if not self._ephemeral:
            (public,) = await self._computed("generateCbkeKeys", "generateCbkeKeysHandler")
            self._ephemeral = bytes(public)
        return self._ephemeral

    async def agree(self, partner: Certificate, ephemeral: bytes, *, initiator: bool) -> Codes:
        certificate, public = _CERTIFICATES[self._suite](partner.data), _PUBLIC_KEYS[self._suite](ephemeral)
        codes = await self._computed("calculateSmacs", "calculateSmacsHandler", initiator, certificate, public)
        return Codes(*map(bytes, codes))

    async def keep(self) -> None:
        """Raises KeyRejected when the stick does not keep the key."""
        (status,) = await self._command("clearTemporaryDataMaybeStoreLinkKey", True)
        if _common(status) != sl_Status.OK:
            raise KeyRejected(f"the stick does not keep the link key ({_common(status).name})")
        self.kept = True

    async def forget(self) -> None:
        """Clear what the stick has computed for an exchange that came to nothing."""
        await self._command("clearTemporaryDataMaybeStoreLinkKey", False)

    async def _command(self, name: str, *parameters: Any) -> Any:
        return await getattr(self._ezsp, name + _SUFFIX[self._suite])(*parameters)

    async def _computed(self, name: str, handler: str, *parameters: Any) -> list[Any]:
        """What the stick says in a callback, when it has done what it was told. Raises ValueError where it could not."""
        said: asyncio.Future[list[Any]] = asyncio.get_running_loop().create_future()

        def came(_: str, response: list[Any]) -> None:
            if not said.done():
                said.set_result(response)

        with self._ezsp.callback_for_commands(commands={handler + _SUFFIX[self._suite]}, callback=came):
            (status,) = await self._command(name, *parameters)
            if _common(status) not in (sl_Status.OK, sl_Status.IN_PROGRESS):
                raise ValueError(f"the stick does not compute it ({_common(status).name})")
            try:
                async with asyncio.timeout(GENERATE_S):
                    status, *found = await said
            except TimeoutError:
                raise NoAnswer(f"the stick has not computed it within {GENERATE_S} s") from None
        if _common(status) != sl_Status.OK:
            raise ValueError(f"the stick could not compute it ({_common(status).name})")
        return found


async def stick_end(ezsp: Any, eui64: bytes, suite: int) -> StickEnd | None:
    """That of a stick; None where its firmware has no library, or it no certificate of this suite.

    Raises KeyRejected for the certificate of another stick, or one that is none.
    """
    try:
        status, data = await getattr(ezsp, f"getCertificate{_SUFFIX[suite]}")()
    except InvalidCommandError:
        return None
    if _common(status) != sl_Status.OK:
        return None
    do = "have the certificate of this very stick written into it"
    try:
        certificate = Certificate(SUITES[suite], bytes(data))
    except ValueError as error:
        raise KeyRejected(f"the certificate of suite {suite} in the stick is none: {error}", do=do) from None
    if certificate.subject != eui64:
        raise KeyRejected(
            f"the certificate in the stick is of {certificate.subject.hex()}, not of {eui64.hex()}", do=do
        )
    return StickEnd(ezsp, certificate)


def _common(status: Any) -> sl_Status:
    """A status of either width."""
    return sl_Status.from_ember_status(status)
