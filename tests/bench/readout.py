"""Readouts of a given size, and an emulated meter that gives one at a given speed: what the bench of IEC 62056-21 reads.

``python tests/bench/readout.py BYTES BAUD T_R_MS [FAULT ...]`` serves it on a pty, strict and paced, until it is ended.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from hil.faults import Faults
from hil.iec62056_21.faults import FAULTS
from hil.iec62056_21.frames import MODE_C_BAUDS, START_BAUD
from hil.iec62056_21.meter import EmulatedMeter
from hil.iec62056_21.profile import MeterProfile
from hil.pty_line import PtyLine, run
from hil.wire import wire

#: The order in which a meter lists the phases, rates and stored values of its registers.
_CODES = ("1.8", "2.8", "3.8", "4.8", "1.6", "21.7", "41.7", "61.7")


def data_sets(size: int) -> str:
    """Rows of a readout, about ``size`` characters: current and stored values as many meters list them."""
    rows = ["F.F(00000000)", "0.0.0(12345678)", "C.1.0(12345678)", "0.9.1(101502)", "0.9.2(260412)"]
    length, number = sum(len(row) + 2 for row in rows), 0
    while length < size:
        code, stored = _CODES[number % 8], f"*{number // 40:02}" if number >= 40 else ""
        rows.append(f"{code}.{number // 8 % 5}{stored}({number * 7919 % 1_000_000:06}.{number % 1000:03}*kWh)")
        length, number = length + len(rows[-1]) + 2, number + 1
    return "\r\n".join(rows)


def identification(baud: int, reaction_ms: float) -> str:
    """The third letter is small where 20 ms are enough (6.3.14, 2)."""
    character = next(letter for letter, speed in MODE_C_BAUDS.items() if speed == baud)
    return f"/EM{'h' if reaction_ms < 200 else 'H'}{character}BENCH"


async def _serve(size: int, baud: int, reaction_ms: float, faults: list[str]) -> None:
    profile = MeterProfile(
        "bench",
        "C",
        identification(baud, reaction_ms),
        {"0": data_sets(size).replace("\r\n", "\n")},
        reaction_ms=reaction_ms,
    )
    struck = Faults(dict.fromkeys(faults, ""), FAULTS)
    line = PtyLine(START_BAUD, wire(struck, real=True), None)
    print(line.path, flush=True)
    await EmulatedMeter(profile, line, struck).run()


if __name__ == "__main__":
    run(_serve(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), sys.argv[4:]))
