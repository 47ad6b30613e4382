"""What a driver gives, gathered: all of it, or what came before it failed, and why it failed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from drivers.errors import MeterError
from drivers.reading import Record
from gateway.cli.progress import progress


def collect(records: AsyncIterator[Record], doing: str) -> tuple[list[Record], MeterError | None]:
    """Run ``records`` to its end. Returns what came, and the error that ended it early, if one did."""
    found: list[Record] = []

    async def gather() -> None:
        async with progress(doing):
            async for record in records:
                found.append(record)

    try:
        asyncio.run(gather())
    except MeterError as error:
        return found, error
    return found, None
