"""Outages and tampers of many meters come at once, and are told as one: what arrives within a short while is one commit.

Nothing is promised meanwhile: who hands on such records waits until all of them are on the disk.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, TypeVar

from drivers.reading import MeterEvent, Record
from gateway.cim.events import shipped

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")

#: So long others are waited for. A last gasp leaves a meter with a second or two; those of a street come within one.
WINDOW_S = 2.0
#: More are not told in one message.
_MOST = 500
#: The domains of events that whole streets have at once: power, and security (tamper).
_DOMAINS = (26, 12)
#: An event is of now when it is not older, in seconds.
_FRESH_S = 300.0


def comes_in_swarms(records: Sequence[Record], at: datetime) -> bool:
    """Whether there is an event among the records of the kind that many meters have at once, and that is fresh.

    What is read of a log hours later has nobody to be waited for.
    """
    return any(_swarms(record) for record in records if isinstance(record, MeterEvent) and _is_fresh(record, at))


def _is_fresh(event: MeterEvent, at: datetime) -> bool:
    return event.at is None or abs((at - event.at).total_seconds()) < _FRESH_S


def _swarms(event: MeterEvent) -> bool:
    kind = shipped().of(event).event_type
    return kind is not None and kind.domain in _DOMAINS


@dataclass(slots=True)
class _Group(Generic[_Item, _Result]):
    items: list[_Item] = field(default_factory=list)
    keys: set[str] = field(default_factory=set)
    done: asyncio.Future[Sequence[_Result]] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class Gathering(Generic[_Item, _Result]):
    """``do`` is called with what came within the window, and gives a result for each. A key comes once in a group."""

    def __init__(
        self, do: Callable[[Sequence[_Item]], Awaitable[Sequence[_Result]]], window_s: float = WINDOW_S
    ) -> None:
        self._do = do
        self._window_s = window_s
        self._group: _Group[_Item, _Result] | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def add(self, item: _Item, key: str) -> _Result:
        """Wait until the group of ``item`` was done; its result. Raises what ``do`` raises."""
        group = self._group
        if group is None or key in group.keys or len(group.items) >= _MOST:
            group = self._group = _Group()
            task = asyncio.get_running_loop().create_task(self._after_a_while(group))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        group.items.append(item)
        group.keys.add(key)
        place = len(group.items) - 1
        return (await asyncio.shield(group.done))[place]

    async def _after_a_while(self, group: _Group[_Item, _Result]) -> None:
        await asyncio.sleep(self._window_s)
        if self._group is group:
            self._group = None
        try:
            group.done.set_result(await self._do(group.items))
        except Exception as error:  # noqa: BLE001 - whoever waits for it hears of it, each of them
            group.done.set_exception(error)
