"""Emulated meters of IEC 62056-21 for the driver to read."""

from __future__ import annotations

from collections.abc import Callable

import pytest

Emulate = Callable[..., str]


@pytest.fixture
def emulate(emulated_meter: Emulate) -> Emulate:
    """``emulate(profile, *faults)`` starts a meter and returns its pty; see ``emulated_meter``."""
    return lambda profile, *faults, **how: emulated_meter(f"iec62056-21/{profile}", *faults, **how)
