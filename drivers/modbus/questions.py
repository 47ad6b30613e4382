"""Questions to a unit that may not know what is asked: "no" is an answer, and so is silence once it has been heard to speak."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TypeVar

from drivers.errors import BadFrame, NoAnswer
from drivers.modbus import pdu
from drivers.modbus.exchange import Refusal
from drivers.modbus.reader import Unit
from drivers.modbus.registers import Table

T = TypeVar("T")

#: A unit that has been silent so often, and has never answered, is not there.
_SILENCES = 2
#: Categories of FC 43/14: vendor, product code and revision; then product and model names (6.21).
_BASIC, _REGULAR = 1, 2
#: An identification that goes on for longer is of a device that repeats itself.
_MOST_PARTS = 16


class Questions:
    """Asks, and gives None for a refusal. Raises NoAnswer when the unit has answered nothing at all; LinkLost."""

    def __init__(self, unit: Unit) -> None:
        self.unit = Unit(unit.bus, unit.number, unit.timing, patient=True)
        self._answered = False
        self.silences = 0  #: how often nothing came

    async def words(self, table: Table, address: int, count: int) -> list[int] | None:
        """Registers, or None."""
        return await self._of(self.unit.words(table, address, count))

    async def objects(self) -> dict[int, str]:
        """The device identification (FC 43/14) by object number; empty when the unit has none."""
        found: dict[int, str] = {}
        for code in (_BASIC, _REGULAR):
            first: int | None = 0
            for _ in range(_MOST_PARTS):
                request = pdu.device_identification(self.unit.number, code, first or 0)
                answer = await self._of(self.unit.bus.ask(request, self.unit.timing, patient=True))
                if answer is None:
                    return found
                part, first = pdu.identification_objects(answer)
                found.update(part)
                if first is None:
                    break
        return found

    async def server_id(self) -> str:
        """The text of FC 17; empty when the unit has none."""
        request = pdu.server_id(self.unit.number)
        answer = await self._of(self.unit.bus.ask(request, self.unit.timing, patient=True))
        return "" if answer is None else pdu.server_id_text(answer)

    async def _of(self, asked: Awaitable[T]) -> T | None:
        try:
            answer = await asked
        except Refusal:
            self._answered = True
            return None
        except BadFrame:
            return None
        except NoAnswer:
            self.silences += 1
            if not self._answered and self.silences >= _SILENCES:
                raise
            return None
        self._answered = True
        return answer
