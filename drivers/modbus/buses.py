"""From a URL to its bus: two URLs of one line, by whatever names, are one bus."""

from __future__ import annotations

import asyncio
import os
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from drivers.driver import Context
from drivers.errors import UsageError
from drivers.link.link import LineSettings, Link
from drivers.link.opening import open_link
from drivers.meter_url import MeterUrl
from drivers.modbus.bus import Bus, Framing

#: Modbus TCP, and Modbus/TCP Security (registered with IANA).
_PORT, _TLS_PORT = 502, 802


@dataclass(slots=True)
class _Shared:
    bus: Bus
    users: int = 0


_buses: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, _Shared]] = WeakKeyDictionary()


def line_name(url: MeterUrl) -> str:
    """What identifies the line: the device behind all its links, or host and port."""
    if not url.host:
        return os.path.realpath(url.path)
    return f"{url.host}:{url.port or (_TLS_PORT if url.scheme == 'modbus+tls' else _PORT)}"


@asynccontextmanager
async def bus_of(url: MeterUrl, context: Context, line: LineSettings) -> AsyncIterator[Bus]:
    """The bus that the URL names, open. Raises LinkLost, and UsageError when it is in use in another way."""
    framing = Framing.MBAP if url.host and url.scheme != "modbus+rtu" else Framing.RTU
    here = _buses.setdefault(asyncio.get_running_loop(), {})
    name = line_name(url)
    if name not in here:
        here[name] = _Shared(Bus(name, framing, line, _connector(url, context), paced=not url.host))
    shared = here[name]
    bus = shared.bus
    if bus.framing is not framing or (bus.serial and bus.line != line):
        raise UsageError(
            f"the line is in use as {bus.framing.value} at {describe(bus.line)}",
            where=str(url),
            do="all meters of one line have the same speed and parity",
        )
    shared.users += 1
    try:
        await bus.open()
        yield bus
    finally:
        shared.users -= 1
        if not shared.users:
            here.pop(name, None)
            await bus.close()


def describe(line: LineSettings) -> str:
    """Speed and character as a technician writes them: 9600 8N1."""
    return f"{line.baud} {line.data_bits}{line.parity}{line.stop_bits}"


def _connector(url: MeterUrl, context: Context) -> Callable[[LineSettings], Awaitable[Link]]:
    tls = _tls(url) if url.scheme == "modbus+tls" else None
    port = _TLS_PORT if tls else _PORT

    async def connect(line: LineSettings) -> Link:
        return await open_link(url, context, line, default_port=port, tls=tls)

    return connect


def _tls(url: MeterUrl) -> ssl.SSLContext:
    """Certificate and host name are verified; ``ca`` names who is trusted, ``cert`` a file with our certificate and key."""
    try:
        made = ssl.create_default_context(cafile=url.get("ca") or None)
        made.minimum_version = ssl.TLSVersion.TLSv1_2  # Modbus/TCP Security, R-01
        if url.get("cert"):
            made.load_cert_chain(url.get("cert"))
    except (OSError, ssl.SSLError) as error:
        raise UsageError(f"the certificate cannot be used ({error})", where=str(url)) from error
    return made
