"""The head end's door, open: everything that runs as long as it is."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from drivers.driver import KeySource
from drivers.errors import UsageError
from gateway.config.headend import HeadEndTable, HttpDoorTable
from gateway.headend.door import Door
from gateway.headend.house import House
from gateway.headend.making import access, tls

if TYPE_CHECKING:
    from gateway.headend.http import HttpDoor


async def serve(table: HeadEndTable, house: House, keys: KeySource, wake: Callable[[], None]) -> None:
    """Take requests until cancelled. Raises UsageError when it cannot listen or a secret is missing."""
    door, known = Door(house, table.answer_within.total_seconds(), wake), access(table, keys)
    async with asyncio.TaskGroup() as tasks:
        if table.http is not None:
            from gateway.headend.http import HttpDoor

            http = HttpDoor(door, known, table.most_bytes)
            tasks.create_task(_listening(http, table.http))


async def _listening(http: HttpDoor, table: HttpDoorTable) -> None:
    try:
        await http.serve(table.address, table.port, tls(table.tls))
    except OSError as error:
        where = f"{table.address}:{table.port}"
        raise UsageError(f"requests cannot be taken there ({error.strerror or error})", where=where) from error
