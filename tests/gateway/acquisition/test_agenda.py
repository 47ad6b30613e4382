"""The agenda over steps of the clock, a boot in 1970, and a long sleep."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from gateway.acquisition.agenda import Agenda
from gateway.acquisition.recurrence import Recurrence

QUARTER = Recurrence(timedelta(minutes=15))
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


def boundaries(agenda: Agenda, now: datetime) -> list[tuple[str, str]]:
    return [(due.name, f"{due.boundary:%H:%M}") for due in agenda.due(now)]


def test_each_boundary_once() -> None:
    agenda = Agenda()
    agenda.add("a", QUARTER, NOON)
    seen = [boundaries(agenda, NOON + timedelta(minutes=minute)) for minute in range(31)]
    assert [one for one in seen if one] == [[("a", "12:15")], [("a", "12:30")]]
    assert agenda.next_at() == NOON + timedelta(minutes=45)


def test_after_a_long_sleep_the_last_boundary_stands_for_all() -> None:
    agenda = Agenda()
    agenda.add("a", QUARTER, NOON)
    assert boundaries(agenda, NOON + timedelta(hours=5, minutes=7)) == [("a", "17:00")]
    assert agenda.next_at() == NOON + timedelta(hours=5, minutes=15)


@pytest.mark.parametrize("step", [timedelta(hours=1), timedelta(hours=-1), timedelta(days=366), timedelta(days=-366)])
def test_a_step_of_the_clock(step: timedelta) -> None:
    agenda = Agenda()
    agenda.add("a", QUARTER, NOON)
    now = NOON + timedelta(minutes=20) + step
    agenda.stepped(now)
    assert agenda.next_at() == QUARTER.next_after(now)
    assert boundaries(agenda, now) == []


def test_boot_in_1970_then_the_time_comes() -> None:
    agenda = Agenda()
    boot = datetime(1970, 1, 1, 0, 0, 5, tzinfo=UTC)
    agenda.add("a", QUARTER, boot)
    agenda.stepped(NOON + timedelta(minutes=1))
    assert boundaries(agenda, NOON + timedelta(minutes=15)) == [("a", "12:15")]


def test_jitter_spreads_meters_and_stays_the_same() -> None:
    agendas = [Agenda(timedelta(seconds=60)) for _ in range(2)]
    delays = [[agenda.delay(f"meter-{number}") for number in range(1000)] for agenda in agendas]
    assert delays[0] == delays[1]
    assert all(timedelta(0) <= delay < timedelta(seconds=60) for delay in delays[0])
    assert len({delay.seconds for delay in delays[0]}) == 60


def test_removed_entries_do_not_come() -> None:
    agenda = Agenda()
    agenda.add("a", QUARTER, NOON)
    agenda.add("b", QUARTER, NOON)
    agenda.remove("a")
    agenda.remove("a")
    assert boundaries(agenda, NOON + timedelta(minutes=15)) == [("b", "12:15")]
    with pytest.raises(ValueError, match="already"):
        agenda.add("b", QUARTER, NOON)
