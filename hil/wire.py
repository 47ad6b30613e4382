"""How an emulated serial line behaves, and the faults of ``hil.faults.WIRE_FAULTS`` turned into that."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from hil.faults import Faults


@dataclass(frozen=True, slots=True)
class Wire:
    """How the line behaves. ``real`` False takes all waiting out (and strictness with it: speeds then mean nothing).

    ``character_bits``: start, data, parity and stop bits of a character. ``echo`` gives, for the number of a client's
    byte, whether the line gives it back. ``chunk_s`` is a USB chip's latency timer: the client gets its bytes in
    bundles this far apart.
    """

    real: bool = True
    strict: bool = True
    character_bits: int = 10
    echo: Callable[[int], bool] | None = None
    chunk_s: float = 0.0
    seed: int = 62056


def wire(faults: Faults, *, real: bool = True, character_bits: int = 10) -> Wire:
    """The wire with those of ``hil.faults.WIRE_FAULTS`` that were asked for."""
    echo: Callable[[int], bool] | None = None
    if "partial-echo" in faults:
        every = max(2, faults.number("partial-echo"))
        echo = lambda number: number % every != every - 1  # noqa: E731
    elif "echo" in faults:
        echo = lambda _: True  # noqa: E731
    return Wire(
        real=real,
        strict="lenient" not in faults,
        character_bits=character_bits,
        echo=echo,
        chunk_s=faults.seconds("chunk") if "chunk" in faults else 0.0,
    )
