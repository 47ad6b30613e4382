"""Controls have the codes of the facts, each may be sent, and a code finds its control whatever the device."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from gateway.cim.controls import DEFAULTS, UNPUBLISHED, Control, Controls
from gateway.cim.end_device_code import EndDeviceControlType


@pytest.mark.parametrize("control", list(Control))
def test_every_control_has_a_code_that_may_be_sent(control: Control) -> None:
    code = Controls().code(control)
    assert code.may_emit
    assert Controls().control(code) is control
    assert Controls().control(Controls().code(control, 0)) is control


@pytest.mark.parametrize(
    ("control", "code"),
    [
        (Control.CONNECT, "3.31.0.18"),
        (Control.DISCONNECT, "3.31.0.23"),
        (Control.ARM_FOR_CLOSURE, "3.31.0.5"),
        (Control.ARM_FOR_OPENING, "3.31.0.6"),
        (Control.DEMAND_RESET, "3.8.0.214"),
    ],
)
def test_the_fixed_points(control: Control, code: str) -> None:
    assert str(Controls().code(control)) == code


def test_what_is_said_to_be_published_is(shared: Path) -> None:
    with (shared / "facts/codes/enddevicecontrol_codes.csv").open(encoding="utf-8", newline="") as lines:
        published = {row["code"].partition(".")[2] for row in csv.DictReader(lines)}
    for control, code in DEFAULTS.items():
        if control not in UNPUBLISHED:
            assert str(code).partition(".")[2] in published, control


def test_a_configured_code_takes_the_place_of_the_default() -> None:
    controls = Controls({Control.SET_CLOCK: EndDeviceControlType.parse("3.36.0.77")})
    assert controls.control(EndDeviceControlType.parse("3.36.0.77")) is Control.SET_CLOCK
    assert controls.control(DEFAULTS[Control.SET_CLOCK]) is None


def test_a_code_cannot_ask_for_two_things() -> None:
    with pytest.raises(ValueError, match="both"):
        Controls({Control.SET_CLOCK: DEFAULTS[Control.CONNECT]})


def test_another_code_is_no_control() -> None:
    assert Controls().control(EndDeviceControlType.parse("3.26.0.85")) is None
