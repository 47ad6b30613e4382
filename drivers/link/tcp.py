"""A TCP connection as a link: a meter's own port, or a serial device server in raw mode."""

from __future__ import annotations

import asyncio
import ssl

from drivers.errors import LinkLost
from drivers.link.link import LineSettings

_CHUNK = 1 << 16
#: A write that the peer does not take within this time is a half-open connection.
_WRITE_S = 10.0


class TcpLink:
    """An open connection. Make one with ``open_tcp``."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, name: str) -> None:
        self._reader = reader
        self._writer = writer
        self._name = name
        self._loop = asyncio.get_running_loop()

    @property
    def name(self) -> str:
        return self._name

    async def send(self, data: bytes, hidden: bytes = b"") -> float:
        try:
            self._writer.write(data)
            async with asyncio.timeout(_WRITE_S):
                await self._writer.drain()
        except TimeoutError:
            raise self._lost("the other end takes no more bytes") from None
        except OSError as error:
            raise self._lost(f"the connection broke ({error.strerror or error})") from error
        return self._loop.time()

    async def receive(self, deadline: float) -> bytes:
        try:
            async with asyncio.timeout_at(deadline):
                data = await self._reader.read(_CHUNK)
        except TimeoutError:
            return b""
        except OSError as error:
            raise self._lost(f"the connection broke ({error.strerror or error})") from error
        if not data:
            raise self._lost("the other end closed the connection")
        return data

    async def set_line(self, settings: LineSettings) -> None:
        """A socket has no line; the device server's own configuration says it."""

    def discard_input(self) -> bytes:
        # StreamReader offers no look at its buffer; what is stale is refused by the protocol, which matches answers.
        return b""

    async def close(self) -> None:
        self._writer.close()
        try:
            async with asyncio.timeout(1):
                await self._writer.wait_closed()
        except (OSError, TimeoutError):
            self._writer.transport.abort()

    def _lost(self, what: str) -> LinkLost:
        return LinkLost(what, where=self._name, do="connect again")


async def open_tcp(host: str, port: int, *, timeout_s: float = 10.0, tls: ssl.SSLContext | None = None) -> TcpLink:
    """Connect. Raises LinkLost: no such host, refused, no answer within ``timeout_s`` seconds, TLS not accepted."""
    name = f"{host}:{port}"
    try:
        async with asyncio.timeout(timeout_s):
            reader, writer = await asyncio.open_connection(host, port, ssl=tls)
    except TimeoutError:
        raise LinkLost(
            f"no connection within {timeout_s:g} s", where=name, do="is the host up, the port open?"
        ) from None
    except ssl.SSLError as error:
        raise LinkLost(f"TLS failed ({error.reason or error})", where=name, do="check the certificates") from error
    except OSError as error:
        raise LinkLost(
            f"no connection ({error.strerror or error})", where=name, do="check host, port and network"
        ) from error
    return TcpLink(reader, writer, name)
