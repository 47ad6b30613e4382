"""From a URL to an open link, and on it to clients: the channel that the link wants, and the invocation counter to begin with."""

from __future__ import annotations

from drivers.dlms import axdr
from drivers.dlms.association import Association
from drivers.dlms.channel import Channel, HdlcChannel, WrapperChannel
from drivers.dlms.client import Client
from drivers.dlms.cosem import Attribute, ClassId
from drivers.dlms.hdlc import HdlcSession
from drivers.dlms.hdlc_frame import address
from drivers.dlms.settings import Settings
from drivers.driver import Context
from drivers.errors import AccessDenied
from drivers.link.link import LineSettings, Link
from drivers.link.opening import open_link
from drivers.meter_url import MeterUrl
from drivers.reading import Obis

#: The registered port of DLMS over TCP and UDP.
PORT = 4059
#: Where a meter's invocation counter for the unicast key is: 0-0:43.1.x, x the client or the key (Green Book 9.2.5.5).
_COUNTERS = [Obis(0, 0, 43, 1, number) for number in range(8)]


class Connecting:
    """The links and clients of one URL."""

    def __init__(self, url: MeterUrl, context: Context, settings: Settings) -> None:
        self._url = url
        self._context = context
        self._settings = settings

    async def link(self) -> Link:
        """Raises LinkLost, UsageError."""
        url, context = self._url, self._context
        if url.scheme == "dlms+udp":
            from drivers.link.udp import open_udp

            return await open_udp(url.host, url.port or PORT)
        if url.scheme == "dlms+optical":
            return await self._optical()
        default = PORT if url.scheme == "dlms" else None
        return await open_link(
            url, context, LineSettings(self._settings.baud, parity=self._settings.parity), default_port=default
        )

    def client(self, link: Link, wanted: Association, sap: int) -> Client:
        """For one association, of the client SAP ``sap``."""
        timeout = self._context.timeout
        return Client(self._channel(link, sap), wanted, **({} if timeout is None else {"exchange_s": timeout}))

    async def counter(self, link: Link) -> int:
        """What the meter's counter for us is, plus one, where security needs it and the public client may read it; else 0."""
        chosen = self._settings
        if not chosen.uses_keys or chosen.counter != "public" or chosen.client == chosen.public:
            return 0
        client = self.client(link, Association(short_names=chosen.short_names), chosen.public)
        try:
            await client.open()
        except AccessDenied:
            return 0  # no public client here: the store's counter, and the meter's word when that is too low
        try:
            results = await client.get_many([Attribute(ClassId.DATA, obis, 2) for obis in _COUNTERS])
        except AccessDenied:
            return 0
        finally:
            await client.close()
        values = [axdr.decode(result) for result in results if isinstance(result, bytes)]
        counters = [value for value in values if isinstance(value, int) and not isinstance(value, bool)]
        return max(counters) + 1 if counters else 0

    def _channel(self, link: Link, sap: int) -> Channel:
        chosen = self._settings
        if self._url.scheme in ("dlms", "dlms+udp") and self._url.host:
            return WrapperChannel(link, sap, chosen.server)
        session = HdlcSession(
            address(sap) if chosen.client_size == 1 else address(sap, 0x7F, 2),
            address(chosen.server, chosen.physical, chosen.address_size),
            chosen.information,
            chosen.window,
        )
        return HdlcChannel(link, session)

    async def _optical(self) -> Link:
        """The line after the sign-on of IEC 62056-21 mode E; a meter that does not offer it is called directly."""
        from drivers.iec62056_21.mode_e import open_mode_e

        handed = await open_mode_e(self._url, self._context)
        return handed.link
