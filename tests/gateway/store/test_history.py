"""What is kept of readings: the last good one of each register, and few pages of the card for each read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from drivers.reading import Doubt, Obis, Reading
from gateway.store import history
from gateway.store.store import Store, open_store

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
REGISTERS = [Obis.parse(f"1-0:{c}.8.{e}") for c in range(1, 17) for e in range(5)]


def slot(number: int, *doubts: Doubt, registers: list[Obis] = REGISTERS) -> list[history.Kept]:
    at = NOON + number * timedelta(minutes=15)
    value = Decimal(f"{number}.25")
    return [history.Kept(Reading("EMH-1", obis, "", value, "kWh", at, doubts=doubts), None) for obis in registers]


def keep(store: Store, kept: list[history.Kept]) -> None:
    store.write(lambda connection: history.keep_readings(connection, kept)).result()


def last(store: Store) -> Decimal:
    (only,) = store.read(lambda connection: history.last_values(connection, "EMH-1", REGISTERS[:1])).result().values()
    return only.value


def test_the_last_good_value_whatever_the_order(store: Store) -> None:
    keep(store, slot(3))
    keep(store, slot(2))
    assert last(store) == Decimal("3.25")
    keep(store, slot(4, Doubt.SUSPECT))
    assert last(store) == Decimal("3.25")
    keep(store, slot(5, Doubt.CLOCK_INVALID))
    assert last(store) == Decimal("5.25")
    assert store.read(lambda connection: history.last_values(connection, "EMH-2", REGISTERS)).result() == {}


def test_what_is_old_is_forgotten_but_the_last_good_value(store: Store) -> None:
    for number in range(4):
        keep(store, slot(number))
    keep(store, slot(4, Doubt.SUSPECT))
    gone = store.write(lambda connection: history.prune(connection, NOON + timedelta(days=1))).result()
    assert gone == 4 * len(REGISTERS)
    assert last(store) == Decimal("3.25")


def test_a_read_writes_few_pages(tmp_path: Path) -> None:
    store, _ = open_store(tmp_path / "s.db")
    store.write(lambda connection: connection.execute("PRAGMA wal_autocheckpoint = 0").fetchall()).result()
    for number in range(100):
        keep(store, slot(number))
    log = tmp_path / "s.db-wal"
    before = log.stat().st_size
    for number in range(100, 120):
        keep(store, slot(number))
    pages = (log.stat().st_size - before) / 4096 / 20
    store.close()
    # 80 readings of about 110 bytes with two entries in indexes are 5 pages; the rest are the trees above them.
    assert pages < 16, f"{pages} pages for a read of {len(REGISTERS)} registers"
