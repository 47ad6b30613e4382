"""A meter that talks by itself: telegram after telegram at its period, with what can go wrong on the way."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass

from hil.faults import WIRE_FAULTS, Faults
from hil.parity import with_even_parity
from hil.pty_line import PtyLine

#: name -> (default value, what it does). Durations are ms.
FAULTS: dict[str, tuple[str, str]] = {
    **{name: fault for name, fault in WIRE_FAULTS.items() if "echo" not in name},
    "silent": ("", "never says anything"),
    "bad-crc": ("", "every telegram's check is wrong (needs one that has a check)"),
    "bad-crc-once": ("", "the first telegram's check is wrong"),
    "cut": ("120", "every second telegram is cut after so many characters"),
    "noise": ("40", "so many bytes of noise between telegrams"),
    "pause": ("30000", "a pause this long after the third telegram"),
    "stop": ("3", "falls silent after so many telegrams"),
    "lost-char": ("60", "this character of the first telegram is lost"),
    "flipped-bit": ("60", "this character of the first telegram has its lowest bit wrong"),
    "join-late": ("200", "the first telegram begins so many characters late, as for one who comes in its middle"),
    "unplug": ("60", "the cable is pulled after so many characters of the second telegram"),
    "replug": ("2000", "a pulled cable comes back after this time, as another pty"),
    "no-parity": ("", "characters come with bit 7 clear, as from a UART that strips parity (7E1 meters)"),
}


@dataclass(frozen=True)
class PushLine:
    """``bits`` is ``8N1``, ``8E1`` or ``7E1``, ``every_s`` from the start of a telegram to that of the next.

    Some meters rest within a telegram: ``split`` gives its parts, ``gap_s`` the rest after each but the last.
    """

    baud: int
    every_s: float
    bits: str = "8N1"
    split: Callable[[bytes], list[bytes]] | None = None
    gap_s: float = 0


#: Gives the telegram of a number, counted from 0; with a wrong check when that is asked for.
Telegram = Callable[[int, bool], bytes]


async def push(line: PtyLine, settings: PushLine, telegram: Telegram, faults: Faults) -> None:
    """Push until cancelled."""
    loop = asyncio.get_running_loop()
    rng = random.Random(7)
    number = 0
    while "silent" not in faults and not ("stop" in faults and number >= faults.number("stop")):
        start = loop.time()
        wrong = "bad-crc" in faults or faults.once("bad-crc-once")
        data = bytearray(telegram(number, wrong))
        if settings.bits == "7E1" and "no-parity" not in faults:
            data = bytearray(with_even_parity(bytes(data)))
        _damage(data, number, faults)
        if number == 1 and faults.once("unplug"):
            await line.send(bytes(data[: faults.number("unplug")]))
            await _pull(line, faults)
        else:
            await _say(line, settings, bytes(data))
        if "noise" in faults:
            await line.send(bytes(rng.randrange(256) for _ in range(faults.number("noise"))))
        number += 1
        if number == 3 and "pause" in faults:
            await line.pause(faults.seconds("pause"))
        # Without real time a telegram still leaves its reader a moment, or it would only overrun.
        await (line.until(start + settings.every_s) if line.wire.real else asyncio.sleep(0.02))
    await asyncio.Event().wait()


async def _say(line: PtyLine, settings: PushLine, data: bytes) -> None:
    parts = settings.split(data) if settings.split else [data]
    for number, part in enumerate(parts):
        if number:
            await line.pause(settings.gap_s)
        await line.send(part)


def _damage(data: bytearray, number: int, faults: Faults) -> None:
    if faults.once("flipped-bit"):
        data[min(faults.number("flipped-bit"), len(data) - 1)] ^= 1
    if faults.once("lost-char"):
        del data[min(faults.number("lost-char"), len(data) - 1)]
    if faults.once("join-late"):
        del data[: faults.number("join-late")]
    if "cut" in faults and number % 2:
        del data[faults.number("cut") :]


async def _pull(line: PtyLine, faults: Faults) -> None:
    line.unplug()
    if "replug" not in faults:
        await asyncio.Event().wait()
    await line.pause(faults.seconds("replug"))
    line.plug()


async def serve_on_pty(
    settings: PushLine, telegram: Telegram, faults: Faults, line: PtyLine, announce: Callable[[str], None]
) -> None:
    """Announce the line, push on it, close it."""
    try:
        announce(line.path)
        await push(line, settings, telegram, faults)
    finally:
        line.close()
