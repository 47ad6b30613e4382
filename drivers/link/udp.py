"""UDP as a link: each ``send`` is one datagram, each ``receive`` gives one."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import cast

from drivers.errors import LinkLost
from drivers.link.link import LineSettings

#: Datagrams kept while nobody takes them; older ones are dropped, as the network would.
_KEPT = 64


class UdpLink(asyncio.DatagramProtocol):
    """An open socket that talks to one peer. Make one with ``open_udp``."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._loop = asyncio.get_running_loop()
        self._datagrams: deque[bytes] = deque(maxlen=_KEPT)
        self._arrived = asyncio.Event()
        self._transport: asyncio.DatagramTransport | None = None
        self._error: OSError | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # Python 3.11's datagram transport is none by its class; it has the methods of one.
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: object) -> None:
        self._datagrams.append(data)
        self._arrived.set()

    def error_received(self, exc: Exception) -> None:
        if isinstance(exc, OSError):
            self._error = exc
            self._arrived.set()

    @property
    def name(self) -> str:
        return self._name

    async def send(self, data: bytes, hidden: bytes = b"") -> float:
        if self._transport is None or self._transport.is_closing():
            raise LinkLost("the socket is closed", where=self._name, do="open it again")
        self._transport.sendto(data)
        return self._loop.time()

    async def receive(self, deadline: float) -> bytes:
        while not self._datagrams:
            if self._error is not None:
                error, self._error = self._error, None
                raise LinkLost(
                    f"nobody takes datagrams there ({error.strerror})", where=self._name, do="check host, port"
                )
            self._arrived.clear()
            try:
                async with asyncio.timeout_at(deadline):
                    await self._arrived.wait()
            except TimeoutError:
                return b""
        return self._datagrams.popleft()

    async def set_line(self, settings: LineSettings) -> None:
        """A socket has no line."""

    def discard_input(self) -> bytes:
        dropped = b"".join(self._datagrams)
        self._datagrams.clear()
        return dropped

    async def close(self) -> None:
        if self._transport is not None:
            self._transport.close()


async def open_udp(host: str, port: int) -> UdpLink:
    """A socket for datagrams to and from that peer only. Raises LinkLost when the name does not resolve."""
    name = f"{host}:{port}"
    try:
        _, link = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: UdpLink(name), remote_addr=(host, port)
        )
    except OSError as error:
        raise LinkLost(f"no such peer ({error.strerror or error})", where=name, do="check host and port") from error
    return link
