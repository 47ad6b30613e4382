"""From a meter's URL to an open link: a serial device, a TCP connection, or a trace in the place of either."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import cast

from drivers.driver import Context
from drivers.errors import UsageError
from drivers.link.link import LineSettings, Link
from drivers.link.trace import ReplayLink, TracedLink, is_trace
from drivers.meter_url import MeterUrl


async def open_link(
    url: MeterUrl,
    context: Context,
    settings: LineSettings,
    *,
    default_port: int | None = None,
    dtr: bool | None = None,
    rts: bool | None = None,
    settle_s: float = 0.0,
    tls: ssl.SSLContext | None = None,
) -> Link:
    """Open what ``url`` names, traced when the context says so; or take over the link that the context brings. ``settings`` and the lines are a serial device's.
    ``tls`` is spoken on a TCP connection where it is given.

    Raises LinkLost when it cannot be opened, UsageError when the URL lacks a port or the trace cannot be written.
    """
    link: Link
    if context.link is not None:
        link = cast(Link, context.link)
        await link.set_line(settings)
        return link
    if url.host:
        from drivers.link.tcp import open_tcp

        port = url.port or default_port
        if port is None:
            raise UsageError("the port is missing", where=str(url), do="write scheme://host:port")
        link = await open_tcp(url.host, port, timeout_s=min(context.timeout or 10.0, 10.0), tls=tls)
    elif _holds_a_trace(Path(url.path)):
        return ReplayLink(Path(url.path))
    else:
        from drivers.link.serial_port import open_serial

        link = await open_serial(url.path, settings, dtr=dtr, rts=rts, settle_s=settle_s)
    if context.trace is None:
        return link
    try:
        return TracedLink(link, context.trace.open("w"))
    except OSError as error:
        await link.close()
        raise UsageError(f"the trace cannot be written ({error.strerror})", where=str(context.trace)) from error


def _holds_a_trace(path: Path) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return is_trace(file.read(200))
