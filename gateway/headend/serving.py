"""The head end's door, open: everything that runs as long as it is."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from drivers.driver import KeySource
from drivers.errors import UsageError
from gateway.config.headend import HeadEndTable
from gateway.headend.access import ANY, Grant, Source
from gateway.headend.door import Door
from gateway.headend.house import House
from gateway.headend.making import access, codes, mqtt_door, tls
from gateway.headend.performing_controls import ControlOrders
from gateway.headend.performing_linkages import Linkages
from gateway.headend.performing_schedules import Schedules

#: Who asks by the socket in the folder of the store: it may do everything, as whoever can open it can read the store.
LOCAL = Source("local", (Grant(frozenset({ANY}), frozenset({ANY})),), per_minute=100_000)
SOCKET = "requests.sock"


async def serve(
    table: HeadEndTable,
    house: House,
    keys: KeySource,
    wake: Callable[[], None],
    sinks: Mapping[str, str],
    state: Path,
    on_door: Callable[[Door], None],
) -> None:
    """Take requests until cancelled. ``sinks`` are the sinks' addresses, ``state`` the folder of the store.

    Raises UsageError when it cannot listen or a secret is missing.
    """
    try:
        from gateway.headend.http import HttpDoor
    except ModuleNotFoundError as error:
        what, do = f"taking requests needs {error.name}", "pip install 'metergate[web]'"
        raise UsageError(what, where="[headend]", do=do) from error

    house = replace(house, controls=codes(table), four_eyes=frozenset(table.four_eyes), currency=table.currency)
    schedules, controls, linked = Schedules(house), ControlOrders(house), Linkages(house)
    house = replace(
        house,
        schedules_changed=schedules.changed,
        orders_changed=controls.changed,
        linkages_changed=linked.changed,
    )
    door, known = Door(house, table.answer_within.total_seconds(), wake, table.most_bytes), access(table, keys, sinks)
    on_door(door)
    http = HttpDoor(door, known, table.most_bytes, LOCAL)
    local = _local(state / SOCKET)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(http.serve(local))
        if (at := table.http) is not None:
            tasks.create_task(http.serve(_listening(at.address, at.port), tls(at.tls)))
        if table.mqtt is not None:
            tasks.create_task(mqtt_door(table, door, known, house, keys).serve())
        if table.directory is not None:
            from gateway.headend.drop import Drop

            drop = Drop(door, table.directory.path, known.sources, table.most_bytes, house.states)
            tasks.create_task(drop.serve())
        tasks.create_task(schedules.run())
        tasks.create_task(controls.run())
        tasks.create_task(linked.run())
        tasks.create_task(door.forget(table.keep))
        await door.go_on(lambda name: LOCAL if name == LOCAL.name else known.named(name))


def _listening(address: str, port: int) -> socket.socket:
    try:
        return socket.create_server((address, port))
    except OSError as error:
        where, what = f"{address}:{port}", f"requests cannot be taken there ({error.strerror or error})"
        raise UsageError(what, where=where, do="see [headend.http] in the configuration") from error


def _local(path: Path) -> socket.socket:
    """A socket that only the gateway's own user (and root) can open."""
    path.unlink(missing_ok=True)
    listening = socket.socket(socket.AF_UNIX)
    try:
        listening.bind(str(path))
        path.chmod(0o600)
        listening.listen()
    except OSError as error:
        listening.close()
        raise UsageError(f"requests cannot be taken there ({error.strerror or error})", where=str(path)) from error
    return listening
