"""A line on which a meter pushes by itself: bytes in, records out, until the caller stops or the meter goes silent."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator

from drivers.dlms.hdlc_frame import Lost
from drivers.dlms.push_framing import Pushed, PushReader
from drivers.dlms.push_records import Listener
from drivers.driver import Context
from drivers.errors import NoAnswer
from drivers.link.link import Link
from drivers.reading import Meter, NotUnderstood, Record

#: Between the octets of one frame; segments and blocks may pause for seconds (3 to 4 s were seen) and are kept.
_GAP_S = 0.5
#: The slowest push of a customer port is an hourly list, and each has a short list in between; five minutes are silence.
SILENCE_S = 300.0


async def listen(link: Link, context: Context, source: str) -> AsyncIterator[Record]:
    """Every record of every notification. Raises what ``notifications`` raises."""
    async for records in notifications(link, context, source):
        for record in records:
            yield record


async def listen_once(link: Link, context: Context, source: str) -> AsyncGenerator[Record, None]:
    """The records of the next notification that could be understood, and what was lost before it."""
    async for records in notifications(link, context, source):
        for record in records:
            yield record
        if isinstance(records[0], Meter):
            return


async def notifications(link: Link, context: Context, source: str) -> AsyncIterator[list[Record]]:
    """The records of each notification. Raises NoAnswer after ``context.timeout`` seconds (five minutes where there is
    none) in which nothing whole came, LinkLost."""
    loop = asyncio.get_running_loop()
    reader = PushReader(searching=True)
    listener = Listener(context, source)
    patience = context.timeout or SILENCE_S
    heard = loop.time()
    while True:
        data = await link.receive(min(heard + patience, loop.time() + _GAP_S))
        events = reader.feed(data) if data else reader.gap()
        for event in events:
            if isinstance(event, Pushed):
                heard = loop.time()
                yield listener.records(event)
            elif _tells_something(event):
                key = listener.meter.key if listener.meter is not None else source
                yield [NotUnderstood(key, event.data.hex(), event.why)]
        if loop.time() >= heard + patience:
            raise NoAnswer(
                f"no notification within {patience:g} s",
                where=source,
                do="is pushing switched on, and are baud= and parity= right? Austrian customer ports speak 2400 8E1",
            )


def _tells_something(event: Lost) -> bool:
    """Whether lost bytes are news: a listener begins in the middle of a frame, and that is none."""
    return event.checked
