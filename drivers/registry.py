"""URL scheme -> driver. A protocol is imported when a meter of it is asked for, so that nobody pays for the others."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Protocol, cast

from drivers.driver import Context, Driver
from drivers.errors import BadFrame, UsageError
from drivers.meter_url import MeterUrl, parse
from drivers.reading import Record

#: scheme -> "module:factory"; the factory takes (MeterUrl, Context) and returns a Driver that is not yet open.
DRIVERS: dict[str, str] = {
    # A bare device path: find out what is there.
    "": "drivers.find_out:driver",
    "iec62056-21": "drivers.iec62056_21.driver:driver",
    "dlms": "drivers.dlms.driver:driver",
    "dlms+optical": "drivers.dlms.driver:driver",
    "dlms+udp": "drivers.dlms.driver:driver",
    "dlms+hdlc": "drivers.dlms.driver:driver",
    "modbus": "drivers.modbus.driver:driver",
    "modbus+rtu": "drivers.modbus.driver:driver",
    "modbus+tls": "drivers.modbus.driver:driver",
    "p1": "drivers.p1.driver:driver",
    "d0": "drivers.d0.driver:driver",
    "sml": "drivers.sml.driver:driver",
    "zigbee": "drivers.zigbee_se.driver:driver",
}

#: kind of captured bytes -> module with ``recognises(data)`` and ``decode(data, source, context)``, the surest first.
DECODERS: dict[str, str] = {
    "sml": "drivers.sml.decode",
    "dlms": "drivers.dlms.decode",
    "p1": "drivers.p1.decode",
    "d0": "drivers.d0.decode",
    "iec62056-21": "drivers.iec62056_21.decode",
}

Factory = Callable[[MeterUrl, Context], Driver]


def factory(scheme: str) -> Factory:
    """The factory of a scheme. Raises UsageError, naming the nearest one, when there is none."""
    try:
        target = DRIVERS[scheme]
    except KeyError:
        near = difflib.get_close_matches(scheme, DRIVERS, 1)
        hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(sorted(filter(None, DRIVERS)))}"
        raise UsageError(f"no driver for {scheme!r}", do=hint) from None
    module, _, name = target.partition(":")
    made: Factory = getattr(import_module(module), name)
    return made


class Decoder(Protocol):
    """Captured bytes to records, with no port."""

    def recognises(self, data: bytes) -> bool: ...
    def decode(self, data: bytes, source: str, context: Context) -> Iterator[Record]: ...


def decoder(kind: str, data: bytes = b"") -> Decoder:
    """The decoder of a kind; of ``auto`` the first that recognises ``data``. Raises UsageError, BadFrame when none does."""
    if kind != "auto":
        if kind not in DECODERS:
            raise UsageError(f"no decoder for {kind!r}", do=f"known are auto, {', '.join(DECODERS)}")
        return cast(Decoder, import_module(DECODERS[kind]))
    for module in DECODERS.values():
        found = cast(Decoder, import_module(module))
        if found.recognises(data):
            return found
    raise BadFrame(
        f"{len(data)} bytes that are of no known kind", do=f"say what they are with --as {'|'.join(DECODERS)}"
    )


def open_driver(url: str | MeterUrl, context: Context) -> Driver:
    """A driver for the meter at ``url``, to be used with ``async with``. Raises UsageError for a wrong URL."""
    if isinstance(url, str):
        url = parse(url)
    return factory(url.scheme)(url, context)
