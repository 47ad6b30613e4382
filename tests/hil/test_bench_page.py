"""docs/bench.md names every fault and every family of emulated meters."""

from __future__ import annotations

from pathlib import Path

from hil import catalogue
from hil.dlms.faults import FAULTS as DLMS_FAULTS
from hil.dlms.push import FAULTS as DLMS_PUSH_FAULTS
from hil.iec62056_21.faults import FAULTS as METER_FAULTS
from hil.modbus.faults import FAULTS as MODBUS_FAULTS
from hil.push.loop import FAULTS as PUSH_FAULTS
from hil.zigbee.control import ACTIONS as STICK_ACTIONS
from hil.zigbee.faults import FAULTS as STICK_FAULTS


def test_every_fault_and_family_is_on_the_page(repository: Path) -> None:
    page = (repository / "docs/bench.md").read_text()
    for name, (default, what) in [
        *METER_FAULTS.items(),
        *PUSH_FAULTS.items(),
        *DLMS_FAULTS.items(),
        *MODBUS_FAULTS.items(),
        *DLMS_PUSH_FAULTS.items(),
        *STICK_FAULTS.items(),
    ]:
        assert f"`{name}={default}`" in page or f"`{name}`" in page, name
        assert what in page
    for family in catalogue.FAMILIES:
        assert f"`{family}/...`" in page


def test_everything_a_test_can_do_to_the_house_is_on_the_page(repository: Path) -> None:
    page = (repository / "docs/bench.md").read_text()
    for name, what in STICK_ACTIONS.items():
        assert f"| `{name}` | {what} |" in page


def test_every_data_file_can_be_served() -> None:
    assert catalogue.profiles()
    for name in catalogue.profiles():
        assert callable(catalogue.server(name))
