"""Our invocation counter: every value is set aside in the caller's store before it is used, so that none is used twice."""

from __future__ import annotations

from drivers.driver import CounterStore
from drivers.errors import KeyRejected

#: Set aside at once: one durable write for as many APDUs. What is left of a reservation is never used.
RESERVED = 100
#: A counter has 32 bits; the meter takes no more than this one.
MOST = 0xFFFFFFFF


class InvocationCounter:
    """The counter of one key at one meter, ``name`` in the store. Without a store it starts at what the meter says."""

    def __init__(self, store: CounterStore | None, name: str, at_least: int = 0) -> None:
        self._store = store
        self._name = name
        self._next = at_least
        self._end = at_least

    def at_least(self, value: int) -> None:
        """The meter wants ``value`` or more. Never lowers."""
        if value > self._next:
            self._next = value
            self._end = min(self._end, value)

    def take(self) -> int:
        """The next value. Raises KeyRejected when the 32 bits are used up: the key must be changed."""
        if self._next >= self._end:
            if self._store is not None:
                self._next = self._store.reserve(self._name, RESERVED, self._next)
                self._end = self._next + RESERVED
            else:
                self._end = self._next + RESERVED
        value = self._next
        if value > MOST:
            raise KeyRejected("the invocation counter is used up", do="the utility must give this meter a new key")
        self._next = value + 1
        return value
