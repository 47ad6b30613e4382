"""The audit log: every change with its outcome, and no entry that can be rewritten, removed or added unseen."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from gateway.headend.access import Source
from gateway.headend.door import Door
from gateway.headend.house import House
from gateway.store import audit
from gateway.store.audit import Entry
from gateway.store.connection import Connection

AT = datetime(2026, 6, 1, tzinfo=UTC)


@pytest.fixture
async def filled(house: House) -> House:
    for number in range(5):
        entry = Entry(
            AT + timedelta(seconds=number), "HE-001", "anna", "create", "X", f"m-{number}", f"what {number}", "OK"
        )
        await house.read(lambda connection, entry=entry: audit.append(connection, entry))
    return house


async def test_an_untouched_chain_holds(filled: House) -> None:
    assert await filled.read(audit.first_broken) is None
    digests = [digest for _, _, digest in await filled.read(lambda connection: list(audit.entries(connection)))]
    assert digests[-1] == await filled.read(audit.head)
    assert len(set(digests)) == 5


@pytest.mark.parametrize(
    ("sql", "first"),
    [
        ("UPDATE audit SET outcome = 'FAILED' WHERE number = 3", 3),
        ("UPDATE audit SET at = at + 1 WHERE number = 1", 1),
        ("DELETE FROM audit WHERE number = 2", 3),
        ("UPDATE audit SET digest = zeroblob(32) WHERE number = 4", 4),
        ("UPDATE audit SET source = 'HE-002', user = 'HE-001anna' WHERE number = 5", 5),
    ],
)
async def test_what_was_changed_is_found(filled: House, sql: str, first: int) -> None:
    def tamper(connection: Connection) -> None:
        connection.execute(sql)

    await filled.read(tamper)
    assert await filled.read(audit.first_broken) == first


async def test_what_is_cut_off_shows_by_the_digest_that_was_noted(filled: House) -> None:
    noted = await filled.read(audit.head)
    await filled.read(lambda connection: connection.execute("DELETE FROM audit WHERE number = 5").fetchall())
    assert await filled.read(audit.first_broken) is None
    assert noted not in [
        digest for _, _, digest in await filled.read(lambda connection: list(audit.entries(connection)))
    ]


async def test_a_request_that_changes_something_is_in_it(
    house: House, door: Door, head_end: Source, get_readings: Callable[..., bytes], order: Callable[..., bytes]
) -> None:
    await door.take(get_readings(), head_end)
    await door.take(order("3.31.0.23", message_id="o-1"), head_end)
    await door.take(order("3.31.0.23", message_id="o-2", name="nobody"), head_end)
    found = [entry for _, entry, _ in await house.read(lambda connection: list(audit.entries(connection)))]
    assert [(entry.message_id, entry.outcome) for entry in found] == [("o-1", "OK 0.3"), ("o-2", "FAILED 2.4")]
    assert "nobody" in found[1].what
