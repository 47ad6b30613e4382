"""The check behind a telegram's ``!``: CRC-16/ARC over everything from ``/`` to ``!``, both included (DSMR 4.0, 5.2).

One maker's meters compute X-25 instead. Only one kind is tried on a telegram: to accept either would let through twice
as many damaged ones.
"""

from __future__ import annotations

from dataclasses import dataclass

from drivers.crc16 import CHECKS, arc, x25
from drivers.iec62056_21.telegram import Telegram


@dataclass(frozen=True, slots=True)
class Verdict:
    """``good`` None: there is nothing to check by. ``complaint`` says what is wrong, "" where nothing is."""

    good: bool | None
    complaint: str = ""


def verdict(telegram: Telegram, kind: str) -> Verdict:
    """Whether the telegram is as the meter sent it, by the check of its ``kind``, ``arc`` or ``x25``."""
    if telegram.damaged:
        return Verdict(False, f"{telegram.damaged} characters with wrong parity")
    if not telegram.whole:
        return Verdict(None, "the telegram has no end: it was cut")
    if not telegram.check:
        return Verdict(None)
    # The meter ends its lines with CR LF, and computed so; an editor may have taken the CR away since.
    sent = telegram.data if b"\r" in telegram.data else telegram.data.replace(b"\n", b"\r\n")
    calculated = CHECKS[kind](sent)
    received = int(telegram.check, 16)
    if calculated == received:
        return Verdict(True)
    other = {arc(sent): "arc", x25(sent): "x25"}.get(received)
    hint = f" (it would be right with check={other})" if other else ""
    return Verdict(False, f"the CRC is wrong: {calculated:04X} calculated, {received:04X} received{hint}")
