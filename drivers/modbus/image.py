"""What was read of a meter: registers by table and address, and those that it refused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from drivers.modbus.plan import Block
from drivers.modbus.registers import Register, Table


@dataclass(slots=True)
class Image:
    """Registers as they came. ``refused``: addresses that the meter said it has not, with its exception code."""

    words: dict[tuple[Table, int], int] = field(default_factory=dict)
    refused: dict[tuple[Table, int], int] = field(default_factory=dict)

    def put(self, table: Table, address: int, words: Sequence[int]) -> None:
        for offset, word in enumerate(words):
            self.words[table, address + offset] = word

    def refuse(self, block: Block, code: int) -> None:
        for address in range(block.address, block.end):
            self.refused[block.table, address] = code

    def of(self, register: Register) -> list[int] | None:
        """The register's words, or None when they were not all read."""
        words = [self.words.get((register.table, address)) for address in range(register.address, register.end)]
        found = [word for word in words if word is not None]
        return found if len(found) == len(words) else None

    def refusal(self, register: Register) -> int | None:
        """The exception code with which the meter refused the register, None when it did not."""
        codes = (self.refused.get((register.table, address)) for address in range(register.address, register.end))
        return next((code for code in codes if code is not None), None)
