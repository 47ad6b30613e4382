"""What waits goes together; what is about the same goes one after the other, in its order."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from gateway.acquisition.together import MOST, Together


class Doing:
    """Notes what was done together, and answers each with its capitals."""

    def __init__(self) -> None:
        self.groups: list[list[str]] = []
        self.busy = False

    async def __call__(self, items: Sequence[str]) -> list[str]:
        assert not self.busy, "two at once"
        self.busy = True
        self.groups.append(list(items))
        await asyncio.sleep(0)
        self.busy = False
        return [item.upper() for item in items]


async def test_what_waits_meanwhile_goes_together_and_each_gets_its_own() -> None:
    doing = Doing()
    together: Together[str, str] = Together(doing)
    assert await asyncio.gather(*(together.add(item, [item]) for item in "abcd")) == list("ABCD")
    assert await together.add("e", ["e"]) == "E"
    assert doing.groups == [["a", "b", "c", "d"], ["e"]]


async def test_the_same_is_never_together_and_keeps_its_order() -> None:
    doing = Doing()
    together: Together[str, str] = Together(doing)
    asked = [("a1", ["a"]), ("b1", ["b"]), ("ab", ["a", "b"]), ("a2", ["a"]), ("c1", ["c"])]
    await asyncio.gather(*(together.add(item, about) for item, about in asked))
    assert doing.groups == [["a1", "b1", "c1"], ["ab"], ["a2"]]


async def test_a_crowd_is_taken_in_parts() -> None:
    doing = Doing()
    together: Together[str, str] = Together(doing)
    await asyncio.gather(*(together.add(str(number), [str(number)]) for number in range(2 * MOST + 1)))
    assert [len(group) for group in doing.groups] == [MOST, MOST, 1]


async def test_whoever_went_away_is_left_out() -> None:
    doing = Doing()
    together: Together[str, str] = Together(doing)
    first = asyncio.create_task(together.add("a", ["a"]))
    second = asyncio.create_task(together.add("b", ["b"]))
    await asyncio.sleep(0)
    first.cancel()
    assert await second == "B"
    assert doing.groups in ([["b"]], [["a", "b"]])


async def test_an_error_is_heard_by_each_and_the_next_are_done() -> None:
    async def fails(items: Sequence[str]) -> list[str]:
        if "bad" in items:
            raise OSError("no room")
        return list(items)

    together: Together[str, str] = Together(fails)
    results = await asyncio.gather(*(together.add(item, [item]) for item in ("bad", "good")), return_exceptions=True)
    assert [type(one) for one in results] == [OSError, OSError]
    with pytest.raises(OSError, match="no room"):
        await together.add("bad", ["x"])
    assert await together.add("good", ["x"]) == "good"
