"""What has been learned of a device: registers it refuses, how long its requests may be, how it has been answering.

Kept for the life of the process, so that what was found out once is not asked at every reading; forgotten after a day,
because a meter may be set up differently, and when the line goes away, because another may come in its place.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from drivers.modbus.registers import Limits, Range, Table

#: A refusal is believed this long.
FORGET_S = 86_400.0
#: Silence of a device that has failed, doubling up to the second.
_FIRST_REST_S, _MOST_REST_S = 2.0, 300.0
#: More devices than a gateway has; the oldest goes first.
_MOST_DEVICES = 1024


@dataclass(slots=True)
class Memory:
    """One device. Times are seconds of the loop's clock."""

    refused: dict[tuple[Table, int], int] = field(default_factory=dict)  #: address -> exception code
    suspected: dict[tuple[Table, int], int] = field(default_factory=dict)  #: refused in the last reading only
    holes: set[tuple[Table, int, int]] = field(default_factory=set)  #: not to be crossed: table, first, last
    most: int | None = None  #: registers in one request
    learned_at: float | None = None
    plans: dict[tuple[str, ...], object] = field(default_factory=dict)  #: the reader's, by what was asked for

    def learn(self, now: float) -> None:
        if self.learned_at is None:
            self.learned_at = now

    def refusals(self, fresh: dict[tuple[Table, int], int], now: float) -> None:
        """What a reading was refused. It is believed when the reading before was refused it too: a meter that has just
        started refuses for a while what it has."""
        believed = {place: code for place, code in fresh.items() if place in self.suspected}
        if believed:
            self.refused.update(believed)
            self.learn(now)
        self.suspected = fresh

    def forget_old(self, now: float) -> None:
        """Forget what is older than a day."""
        if self.learned_at is not None and now - self.learned_at > FORGET_S:
            self.forget()

    def forget(self) -> None:
        self.refused.clear()
        self.suspected.clear()
        self.holes.clear()
        self.most = self.learned_at = None

    def limits(self, limits: Limits) -> Limits:
        """The map's limits with what was learned."""
        learned = tuple(Range(*hole) for hole in sorted(self.holes))
        learned += tuple(Range(table, address, address) for table, address in sorted(self.refused))
        return replace(
            limits,
            max_registers=min(limits.max_registers, self.most or limits.max_registers),
            forbidden=(*limits.forbidden, *learned),
        )


@dataclass(slots=True)
class Conduct:
    """How one unit on one bus behaves: whether it is worth asking now. Times are seconds of the loop's clock."""

    answering: bool = False
    failures: int = 0
    rest_until: float = 0.0
    quiet_until: float = 0.0  #: a late answer may still come, or the meter wants to be left alone

    def answered(self, now: float, quiet_s: float) -> None:
        self.answering, self.failures, self.rest_until = True, 0, 0.0
        self.quiet_until = now + quiet_s

    def failed(self, now: float, late_s: float) -> None:
        self.answering = False
        self.failures += 1
        self.rest_until = now + min(_FIRST_REST_S * 2 ** (self.failures - 1), _MOST_REST_S)
        self.quiet_until = now + late_s


_memories: dict[tuple[str, int, str], Memory] = {}


def memory(line: str, unit: int, map_name: str) -> Memory:
    """The memory of a unit on a line, read by that map."""
    key = (line, unit, map_name)
    if key not in _memories and len(_memories) >= _MOST_DEVICES:
        del _memories[next(iter(_memories))]
    return _memories.setdefault(key, Memory())


def forget(line: str = "") -> None:
    """Forget the devices of a line (of all lines): it was unplugged, and another may stand in its place."""
    for key in [key for key in _memories if line in ("", key[0])]:
        del _memories[key]
