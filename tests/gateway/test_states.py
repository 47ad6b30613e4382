"""A state is logged when it changes, and only then; how often it was met is said at its end."""

from __future__ import annotations

import logging

import pytest

from gateway.states import States


def test_a_week_of_failures_is_two_lines(caplog: pytest.LogCaptureFixture) -> None:
    now = [0.0]
    states = States(lambda: now[0])
    with caplog.at_level(logging.INFO, "metergate"):
        states.say("sink mdm", "")
        for second in range(1000):
            now[0] = float(second)
            states.say("sink mdm", "connection refused")
        assert set(states.troubles()) == {"sink mdm"}
        now[0] = 1000.0
        states.say("sink mdm", "")
    assert [record.getMessage() for record in caplog.records] == [
        "sink mdm: connection refused",
        "sink mdm: well again after 1000 s, 1000 failures",
    ]
    assert states.troubles() == {}


def test_another_trouble_is_told_and_the_time_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    now = [0.0]
    states = States(lambda: now[0])
    with caplog.at_level(logging.INFO, "metergate"):
        for trouble in ("refused", "timed out", "timed out", ""):
            states.say("sink mdm", trouble)
            now[0] += 10
    assert [record.getMessage() for record in caplog.records] == [
        "sink mdm: refused", "sink mdm: timed out", "sink mdm: well again after 30 s, 3 failures",
    ]  # fmt: skip
