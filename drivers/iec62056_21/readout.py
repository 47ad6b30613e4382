"""Finding what a meter sent in captured bytes: identification, block, check character; echo and line noise around them."""

from __future__ import annotations

import re
from typing import NamedTuple

from drivers.iec62056_21 import parity
from drivers.iec62056_21.block import check_character
from drivers.iec62056_21.identification import Identification
from drivers.iec62056_21.identification import parse as parse_identification

_LINE = re.compile(rb"/[^\r\n]*")
#: The ACK line that some meters send back before the block (AS1440, MT174).
_ACKNOWLEDGED = re.compile(rb"\x06[0-9A-Z]{3}\r?\n?|\x06\r?\n")


class Readout(NamedTuple):
    """One block. ``check`` is None when the capture holds no check character, else whether it was right.

    ``calculated`` and ``received`` are the two check characters; ``parity_errors`` counts damaged characters where the
    capture has parity bits.
    """

    identification: Identification | None
    text: str
    check: bool | None
    calculated: int = 0
    received: int | None = None
    parity_errors: int = 0


def find(data: bytes) -> list[Readout]:
    """Every block in ``data``, in order. Empty when there is no data set in it at all."""
    damaged = parity.damaged(data)
    plain = parity.strip(data)
    found: list[Readout] = []
    at = 0
    identification: Identification | None = None
    while at < len(plain):
        start = plain.find(b"\x02", at)
        head = plain[at : start if start >= 0 else len(plain)]
        identification, after = _identification(head, identification)
        if start < 0:
            found += _unframed(head[after:], identification, damaged)
            break
        readout, at = _framed(plain, start, identification, damaged)
        found.append(readout)
    return found


def _identification(head: bytes, before: Identification | None) -> tuple[Identification | None, int]:
    """The last identification message in what stands before a block, and where it ends."""
    for match in reversed(list(_LINE.finditer(head))):
        try:
            return parse_identification(match.group()), match.end()
        except ValueError:
            continue
    return before, 0


def _framed(plain: bytes, start: int, identification: Identification | None, damaged: int) -> tuple[Readout, int]:
    ends = [place for place in (plain.find(b"\x03", start), plain.find(b"\x04", start)) if place >= 0]
    if not ends:
        end = len(plain)
        return Readout(identification, _text(plain[start + 1 : end]), None, parity_errors=damaged), end
    end = min(ends) + 1
    calculated = check_character(plain[start + 1 : end])
    received = plain[end] if end < len(plain) else None
    return (
        Readout(
            identification,
            _text(plain[start + 1 : end - 1]),
            None if received is None else received == calculated,
            calculated,
            received,
            damaged,
        ),
        end + 1,
    )


def _unframed(rest: bytes, identification: Identification | None, damaged: int) -> list[Readout]:
    """Data sets with no STX before them: mode D, or a capture that was cut or retyped."""
    text = _ACKNOWLEDGED.sub(b"", rest)
    if b"(" not in text:
        return []
    return [Readout(identification, _text(text.rstrip(b"\x03\x04")), None, parity_errors=damaged)]


def _text(data: bytes) -> str:
    return data.decode("ascii")
