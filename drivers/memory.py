"""What a driver learned of its meter, out of the memory that the caller keeps for it (``Context.memory``)."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import TypeVar

T = TypeVar("T")


def remembered(memory: MutableMapping[str, object] | None, kind: type[T]) -> T:
    """The ``kind`` that earlier drivers of this meter left there; a fresh one where there is none, or no memory at all."""
    if memory is None:
        return kind()
    found = memory.setdefault(f"{kind.__module__}.{kind.__name__}", kind())
    assert isinstance(found, kind)  # noqa: S101 - the key names the class
    return found
