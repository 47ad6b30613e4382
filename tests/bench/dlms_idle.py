"""What many associated, idle TCP meters add to a process that has none: prints octets of resident memory.

python dlms_idle.py HOST:PORT COUNT
"""

from __future__ import annotations

import asyncio
import gc
import os
import sys
from contextlib import AsyncExitStack
from pathlib import Path

from drivers.dlms.driver import Dlms
from drivers.driver import Context
from drivers.meter_url import parse


def resident() -> int:
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


async def main(where: str, count: int) -> None:
    url, context = parse(f"dlms://{where}"), Context(timeout=60)
    async with Dlms(url, context) as meter:
        await meter.clock()  # everything is imported, and all is closed again
    before = resident()
    async with AsyncExitStack() as stack:
        meters = [await stack.enter_async_context(Dlms(url, context)) for _ in range(count)]
        for meter in meters:
            await meter.clock()
        print(resident() - before)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
