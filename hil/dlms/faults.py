"""What can go wrong at an emulated COSEM meter: name -> (default value, what it does). Durations are ms."""

from __future__ import annotations

from hil.faults import WIRE_FAULTS, Faults

FAULTS: dict[str, tuple[str, str]] = {
    **WIRE_FAULTS,
    "silent": ("", "never answers"),
}

DlmsFaults = Faults
