"""Serves a device map, or a device written down register by register, on a pty or a socket."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from hil.catalogue import DEVICE_MAPS, EmulateArguments, data_file
from hil.faults import Faults
from hil.modbus import image_device, map_device
from hil.modbus.device import Device
from hil.modbus.faults import FAULTS
from hil.modbus.pty_server import PtyServer
from hil.modbus.station import Station
from hil.modbus.tcp_server import TcpServer
from hil.pty_line import PtyLine
from hil.wire import wire

_BAUD, _TURNAROUND_MS = 9600, 20
_FRAMINGS = {"modbus": "mbap", "modbus+rtu": "rtu"}


async def serve(arguments: EmulateArguments) -> None:
    """Serve ``arguments.profile`` until cancelled. Raises ValueError for a fault or a scheme that is not known."""
    faults = Faults(arguments.faults, FAULTS)
    _, device, section = _load(arguments.profile, arguments.number)
    station = Station(
        units(device, section, faults), faults, section.get("requests", {}).get("turnaround_ms", _TURNAROUND_MS) / 1000
    )
    if arguments.listen:
        await _on_socket(arguments, station)
    else:
        await _on_pty(arguments, station, section.get("line", {}))


def units(device: Device, section: dict[str, Any], faults: Faults) -> dict[int, Device]:
    """The device under its unit id, and copies of it under the next ones when more are asked for."""
    first = section.get("line", {}).get("unit", 1)
    count = faults.number("units") if "units" in faults else 1
    return {first + number: device if number == 0 else deepcopy(device) for number in range(count)}


def _load(profile: str, number: int) -> tuple[str, Device, dict[str, Any]]:
    if data_file(profile).is_file():
        if number:
            raise ValueError("it is written down register by register, its serial number too: there is one of it")
        return image_device.load(data_file(profile))
    name = profile.removeprefix("modbus/")
    return map_device.load(Path(name) if name.endswith(".toml") else DEVICE_MAPS / f"{name}.toml", number)


async def _on_pty(arguments: EmulateArguments, station: Station, settings: dict[str, Any]) -> None:
    parity = settings.get("parity", "none") != "none"
    bits = 9 + parity + settings.get("stop_bits", 1)
    line = PtyLine(
        settings.get("baud") or _BAUD,
        wire(station.faults, real=arguments.real, character_bits=bits),
        arguments.link,
    )
    try:
        server = PtyServer(line, station)
        arguments.announce(line.path)
        await server.run()
    finally:
        line.close()


async def _on_socket(arguments: EmulateArguments, station: Station) -> None:
    where = urlsplit(arguments.listen)
    if where.scheme not in _FRAMINGS or not where.hostname:
        raise ValueError(f"cannot listen at {arguments.listen!r}; write modbus://HOST:PORT or modbus+rtu://HOST:PORT")
    server = TcpServer(station, _FRAMINGS[where.scheme], real=arguments.real)
    try:
        host, port = await server.start(where.hostname, where.port or 0)
        arguments.announce(f"{where.scheme}://{host}:{port}")
        await server.serve()
    finally:
        await server.close()
