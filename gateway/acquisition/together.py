"""What waits while one commit is made goes into the next, together: many meters of one boundary cost a few syncs of the disk.

Things that bear on each other never go together: each names whom it is about, and what is about the same meter is done in
the order it came, the later when the earlier is on the disk.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")

#: Items done together: a commit of so many reads takes a fifth of a second on a small machine.
MOST = 32


@dataclass(slots=True)
class _Waiting(Generic[_Item, _Result]):
    item: _Item
    about: frozenset[str]
    done: asyncio.Future[_Result] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class Together(Generic[_Item, _Result]):
    """``do`` is called with what waits, never twice at once, and gives a result for each."""

    def __init__(self, do: Callable[[Sequence[_Item]], Awaitable[Sequence[_Result]]]) -> None:
        self._do = do
        self._waiting: list[_Waiting[_Item, _Result]] = []
        self._task: asyncio.Task[None] | None = None

    async def add(self, item: _Item, about: Iterable[str]) -> _Result:
        """Wait until ``item`` was done; its result. Raises what ``do`` raises."""
        waiting: _Waiting[_Item, _Result] = _Waiting(item, frozenset(about))
        self._waiting.append(waiting)
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._all())
        return await waiting.done

    async def _all(self) -> None:
        try:
            while self._waiting:
                await self._some(self._taken())
        finally:
            self._task = None

    def _taken(self) -> list[_Waiting[_Item, _Result]]:
        """The first that wait and are not about the same, oldest first; who was passed over keeps its place."""
        taken: list[_Waiting[_Item, _Result]] = []
        left: list[_Waiting[_Item, _Result]] = []
        about: set[str] = set()
        for one in self._waiting:
            if len(taken) < MOST and about.isdisjoint(one.about):
                taken.append(one)
            else:
                left.append(one)
            about |= one.about
        self._waiting = left
        return taken

    async def _some(self, taken: Sequence[_Waiting[_Item, _Result]]) -> None:
        taken = [one for one in taken if not one.done.cancelled()]
        if not taken:
            return
        try:
            results = await self._do([one.item for one in taken])
        except Exception as error:  # noqa: BLE001 - whoever waits for it hears of it, each of them
            for one in taken:
                if not one.done.done():
                    one.done.set_exception(error)
        else:
            for one, result in zip(taken, results, strict=True):
                if not one.done.done():
                    one.done.set_result(result)
