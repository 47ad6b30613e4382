"""One measured figure beside what was promised."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """``figure`` against ``target``: met when at most (``most=True``) or at least that. ``target`` None: for information."""

    what: str
    figure: float
    unit: str
    target: float | None = None
    most: bool = True

    @property
    def met(self) -> bool | None:
        if self.target is None:
            return None
        return self.figure <= self.target if self.most else self.figure >= self.target
