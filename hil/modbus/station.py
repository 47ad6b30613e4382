"""What is on the other end of a line: one or more units, and the faults that were asked for, put into the answers."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass

from hil.faults import Faults
from hil.modbus.device import Device

_BUSY = 6


@dataclass(slots=True)
class Reply:
    """An answer's PDU with what happens to it on its way. ``delay_s`` counts from the end of the request."""

    unit: int
    pdu: bytes
    delay_s: float
    spoil_crc: bool = False
    before: bytes = b""
    after: bytes = b""
    cut: int = 0
    gap_s: float = 0.0


class Station:
    """The units of a line. ``heard`` counts what the bench may want to know afterwards."""

    def __init__(self, units: dict[int, Device], faults: Faults, turnaround_s: float) -> None:
        self.units = units
        self.faults = faults
        self.counts: Counter[str] = Counter()
        self._turnaround_s = turnaround_s
        self._answers = 0
        self._random = random.Random(502)
        if "block-limit" in faults:
            for device in units.values():
                device.most, device.over = faults.number("block-limit"), 2

    def reply(self, unit: int, pdu: bytes) -> Reply | None:
        """What comes back for a request; None is silence."""
        faults = self.faults
        self.counts["requests"] += 1
        if unit not in self.units:
            self.counts["not for us"] += 1
            return None
        if "silent" in faults or faults.once("silent-once"):
            return None
        if "silent-unit" in faults and faults.number("silent-unit") == unit:
            return None
        answer = self._spoilt(pdu, self._answer(unit, pdu))
        self._answers += 1
        return Reply(
            unit + 1 if faults.once("wrong-unit-once") else unit,
            answer,
            self._delay(),
            spoil_crc="crc" in faults or faults.once("crc-once"),
            before=self._noise("noise-before"),
            after=self._noise("noise-after"),
            cut=faults.number("cut") if faults.once("cut") else 0,
            gap_s=faults.seconds("gap") if "gap" in faults else 0.0,
        )

    def _answer(self, unit: int, pdu: bytes) -> bytes:
        faults = self.faults
        refused = bytes([pdu[0] | 0x80])
        if faults.once("busy-once"):
            return refused + bytes([_BUSY])
        if "exception" in faults:
            return refused + bytes([faults.number("exception")])
        if "starting" in faults and self._answers < faults.number("starting"):
            return refused + b"\x02"
        return self.units[unit].answer(pdu)

    def _spoilt(self, request: bytes, answer: bytes) -> bytes:
        faults = self.faults
        if request[0] in (3, 4) and answer[0] < 0x80:
            if "short" in faults or faults.once("short-once"):
                answer = answer[:1] + b"\x02" + answer[2:4]
            if "wrong-function" in faults or faults.once("wrong-function-once"):
                answer = bytes([7 - answer[0]]) + answer[1:]
        return answer

    def _delay(self) -> float:
        faults = self.faults
        if faults.once("late"):
            return faults.seconds("late")
        if "late-every" in faults and self._answers % faults.number("late-every") == 0:
            return faults.seconds("late") if "late" in faults else 1.2
        for name in ("slow", "turnaround"):
            if name in faults:
                return faults.seconds(name)
        return self._turnaround_s

    def _noise(self, name: str) -> bytes:
        if name not in self.faults:
            return b""
        return bytes(self._random.choice((0x00, 0xFF, 0x01, 0x80)) for _ in range(self.faults.number(name)))
