"""Our end of a key establishment, computed here: ECMQV with keys of the credential store.

Not in constant time (docs/zigbee.md says what that means); a firmware with the library computes it itself (``stick_end``).
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable

from drivers.zigbee_se.certificate import Certificate, OwnKeys
from drivers.zigbee_se.curve import Curve, Point
from drivers.zigbee_se.key_establishment import Codes
from drivers.zigbee_se.mmo import hmac_mmo, mmo


class HostEnd:
    """An ``OwnEnd`` of these keys. ``install`` gives the stick the link key with a device, by its EUI64.

    Its arithmetic takes seconds on a small machine, and is done in a thread.
    """

    def __init__(
        self,
        own: OwnKeys,
        install: Callable[[bytes, bytes], Awaitable[None]],
        *,
        random: Callable[[int], int] = lambda end: secrets.randbelow(end - 1) + 1,
    ) -> None:
        self._own = own
        self._install = install
        self._curve = own.suite.curve
        self._secret = random(self._curve.order)
        self._point: Point | None = None
        self._partner = b""
        self._link_key = b""

    @property
    def certificate(self) -> Certificate:
        return self._own.certificate

    async def ephemeral(self) -> bytes:
        return self._curve.encode(await self._public())

    async def agree(self, partner: Certificate, ephemeral: bytes, *, initiator: bool) -> Codes:
        ours = await self._public()
        self._partner = partner.subject
        shared = await asyncio.to_thread(self._shared, ours, partner, ephemeral)
        # The key derivation (C.4.2.2.2).
        mac_key, self._link_key = mmo(shared + b"\x00\x00\x00\x01"), mmo(shared + b"\x00\x00\x00\x02")
        own, other = (self.certificate.subject, self._curve.encode(ours)), (partner.subject, ephemeral)
        (id_u, point_u), (id_v, point_v) = (own, other) if initiator else (other, own)
        return Codes(
            initiator=hmac_mmo(mac_key, b"\x02" + id_u + id_v + point_u + point_v),
            responder=hmac_mmo(mac_key, b"\x03" + id_v + id_u + point_v + point_u),
        )

    async def keep(self) -> None:
        await self._install(self._partner, self._link_key)

    async def _public(self) -> Point:
        if self._point is None:
            self._point = await asyncio.to_thread(self._curve.times, self._secret, self._curve.generator)
        assert self._point is not None  # noqa: S101 - the factor is below the order
        return self._point

    def _shared(self, ours: Point, partner: Certificate, ephemeral: bytes) -> bytes:
        """ECMQV (SEC 1, 6.2)."""
        curve = self._curve
        theirs = curve.decode(ephemeral)
        signature = (self._secret + _half(curve, ours) * self._own.private) % curve.order
        other = curve.add(theirs, curve.times(_half(curve, theirs), partner.public_key(self._own.authority)))
        shared = curve.times(curve.cofactor * signature, other)
        if shared is None:
            raise ValueError("the shared secret is the point at infinity")
        return shared.x.to_bytes(curve.octets, "big")


def _half(curve: Curve, point: Point) -> int:
    """The associate value of a point (SEC 1, 6.1): the lower half of its x, and the bit above."""
    half = (curve.order.bit_length() + 1) // 2
    return point.x % (1 << half) + (1 << half)
