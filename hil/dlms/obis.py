"""Logical names: ``1-0:1.8.0*255`` to six bytes and back."""

from __future__ import annotations

import re

_FORM = re.compile(r"(\d+)-(\d+):(\d+)\.(\d+)\.(\d+)(?:[*.](\d+))?")


def logical_name(text: str) -> bytes:
    """The six bytes of a code. Raises ValueError. The last group may be left out: 255."""
    match = _FORM.fullmatch(text)
    if not match:
        raise ValueError(f"{text!r} is no OBIS code of the form 1-0:1.8.0*255")
    return bytes(255 if group is None else int(group) for group in match.groups())


def text(name: bytes) -> str:
    a, b, c, d, e, f = name
    return f"{a}-{b}:{c}.{d}.{e}*{f}"
