"""The registers of a device that no map knows: what answers in the places where makers put them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from drivers.errors import NoAnswer
from drivers.modbus.image import Image
from drivers.modbus.questions import Questions
from drivers.modbus.registers import Table

#: Where the 63 meters that were looked at begin: first address and how many registers are worth asking.
PLACES = (
    (0x0000, 96), (0x0100, 64), (0x0156, 16), (0x0200, 32), (0x0BB7, 64), (0x0C80, 32), (0x1000, 64), (0x2000, 64),
    (0x4000, 64), (0x5000, 64), (0x5B00, 64), (0xC550, 64),
)  # fmt: skip
#: One request; each value of 32 bits is then whole whichever parity of address the maker chose.
_STEP = 8
#: A device that is silent where it has nothing, and not refusing, costs seconds each time.
_MOST_SILENCES = 8


async def sweep(questions: Questions, source: str, read_at: datetime) -> tuple[Mapping[str, object], Image]:
    """The registers that are there, as ``metergate map new --from`` takes them, and as they are decoded."""
    image = Image()
    found: dict[str, object] = {"source": source, "unit": questions.unit.number, "read_at": read_at.isoformat()}
    for table in (Table.INPUT, Table.HOLDING):
        runs: dict[str, str] = {}
        for first, count in PLACES:
            for address, words in (await _place(questions, table, first, count)).items():
                image.put(table, address, words)
                runs[f"0x{address:04X}"] = " ".join(f"{word:04X}" for word in words)
        found[table.value] = runs
    return found, image


async def _place(questions: Questions, table: Table, first: int, count: int) -> dict[int, list[int]]:
    """Runs of registers by their first address. A part that is refused is tried by pairs; where those are refused too, the
    place is left, but for the first: there so many makers have their values that it is worth all of it."""
    runs: dict[int, list[int]] = {}
    start = first
    for address in range(first, first + count, _STEP):
        words = await _words(questions, table, address, _STEP)
        if words is None:
            pairs = [(at, await _words(questions, table, at, 2)) for at in range(address, address + _STEP, 2)]
            for at, pair in pairs:
                if pair is not None:
                    runs[at] = pair
            if not any(pair for _, pair in pairs) and (first or questions.silences > _MOST_SILENCES):
                break
            start = address + _STEP
        else:
            runs.setdefault(start, []).extend(words)
    return _joined(runs)


def _joined(runs: dict[int, list[int]]) -> dict[int, list[int]]:
    joined: dict[int, list[int]] = {}
    last = None
    for address in sorted(runs):
        if last is not None and last + len(joined[last]) == address:
            joined[last] += runs[address]
        else:
            last = address
            joined[address] = list(runs[address])
    return joined


async def _words(questions: Questions, table: Table, address: int, count: int) -> list[int] | None:
    try:
        return await questions.words(table, address, count)
    except NoAnswer:
        return None
