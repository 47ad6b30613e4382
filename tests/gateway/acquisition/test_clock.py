"""The gateway's clock: trusted only when somebody vouches for it, and a step is seen."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from gateway.acquisition.clock import NOT_BEFORE, GatewayClock


class World:
    """Both clocks and the time service, in a test's hands."""

    def __init__(self, wall: datetime) -> None:
        self.wall, self.seconds, self.synchronized = wall, 100.0, False
        self.clock = GatewayClock(lambda: self.wall, lambda: self.seconds, lambda: self.synchronized)

    def passes(self, seconds: float, drift: float = 0.0) -> None:
        self.seconds += seconds
        self.wall += timedelta(seconds=seconds + drift)


def test_not_trusted_at_boot_then_set_by_the_time_service() -> None:
    world = World(datetime(1970, 1, 1, tzinfo=UTC))
    assert not world.clock.trusted
    world.synchronized = True
    assert not world.clock.trusted, "a time service cannot vouch for 1970"
    world.wall = NOT_BEFORE + timedelta(days=30)
    assert world.clock.trusted
    step = world.clock.step()
    assert step is not None
    assert step.by > timedelta(days=365 * 50)


def test_a_plausible_clock_alone_is_not_trusted() -> None:
    assert not World(NOT_BEFORE + timedelta(days=1)).clock.trusted


def test_slow_discipline_is_no_step_and_a_step_is_told_once() -> None:
    world = World(NOT_BEFORE)
    for _ in range(100):
        world.passes(60, drift=0.03)
        assert world.clock.step() is None
    world.passes(60, drift=-3600)
    step = world.clock.step()
    assert step is not None
    assert round(step.by.total_seconds()) == -3600
    assert world.clock.step() is None
