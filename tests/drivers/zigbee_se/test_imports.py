"""A gateway without the radio does not pay for one: nothing of zigpy is imported until a stick is opened."""

from __future__ import annotations

import subprocess
import sys

_CODE = """
import sys
import gateway.app, gateway.parts, gateway.cli.read, gateway.cli.pan
import drivers.zigbee_se.esi, drivers.zigbee_se.key_establishment, drivers.zigbee_se.metering, drivers.zigbee_se.install_code
from drivers.registry import factory
factory("zigbee")
print(sorted(name for name in sys.modules if name.split(".")[0] in ("zigpy", "bellows", "serialx", "aiosqlite")))
"""


def test_no_zigpy_without_a_radio() -> None:
    done = subprocess.run([sys.executable, "-c", _CODE], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
