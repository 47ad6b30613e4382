"""The line that says a command is still at it: on stderr, and only where a person is looking."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import time
from collections.abc import AsyncIterator

#: A read at 300 Bd takes minutes: each second says that it is alive. What ends sooner says nothing.
_EVERY_S = 1.0
_BACK_AND_CLEAR = "\r\x1b[K"


@contextlib.asynccontextmanager
async def progress(doing: str) -> AsyncIterator[None]:
    """Say ``doing`` and the seconds it has taken, while the body runs; the line is gone when it ends."""
    if not sys.stderr.isatty():
        yield
        return
    task = asyncio.create_task(_tell(doing))
    try:
        yield
    finally:
        task.cancel()
        sys.stderr.write(_BACK_AND_CLEAR)
        sys.stderr.flush()


async def _tell(doing: str) -> None:
    start = time.monotonic()
    while True:
        await asyncio.sleep(_EVERY_S)
        sys.stderr.write(f"{_BACK_AND_CLEAR}{doing}: {time.monotonic() - start:.0f} s ...")
        sys.stderr.flush()
